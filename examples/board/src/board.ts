// The kind of room, for the Worker; the page takes only its type.

import { defineRoom } from "collab-room/behaviours";
import * as z from "zod";

const note = z.object({
  id: z.string(),
  text: z.string().max(500),
  x: z.number(),
  y: z.number(),
});

export const board = defineRoom({
  state: z.object({ notes: z.array(note) }), // what does not fit is refused, whoever asks
  initialState: { notes: [] },
  actions: (action) => ({
    /** Arranges the notes in rows. It runs in the room, so nobody's edit can come in between. */
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
