// The behaviour of a board. The Worker runs it; the page only imports its type.

import { defineRoom } from "collab-room/behaviours";
import * as z from "zod";

const note = z.object({
  id: z.string(),
  text: z.string().max(500),
  x: z.number(),
  y: z.number(),
});

export const board = defineRoom({
  state: z.object({ notes: z.array(note) }), // anything else is refused, no matter who sends it
  initialState: { notes: [] },
  actions: (action) => ({
    /** Arranges the notes in rows. It runs in the room, so no other edit can come in between. */
    tidy: action(z.object({ columns: z.int().min(1).max(20) }), (_room, state, { columns }) => ({
      state: {
        notes: state.notes.map((each, index) => ({
          ...each,
          x: 20 + (index % columns) * 200,
          y: 80 + Math.floor(index / columns) * 140,
        })),
      },
      result: state.notes.length,
    })),
  }),
});
