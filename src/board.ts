// The behaviour of rooms in the demo in web/: a board of notes. The page only imports its type, so nothing here may
// depend on the Worker.

import * as z from "zod";
import { defineRoom } from "./behaviours/index.ts";

const note = z.object({
  order: z.string().max(100), // stacking order
  text: z.string().max(500),
  x: z.int().min(0).max(1600),
  y: z.int().min(0).max(1000),
  color: z.enum(["sun", "rose", "mint", "sky", "lilac"]),
  by: z.string().max(128), // who changed it last
});

const notes = z
  .record(z.string().max(32), note)
  .refine((all) => Object.keys(all).length <= 200, "A board can hold up to 200 notes.");

export const board = defineRoom({
  state: z.object({ notes }), // anything else is refused, no matter who sends it
  initialState: {
    notes: {
      a: {
        order: "VV0",
        text: "Drag me by the dots. Everyone sees it move.",
        x: 48,
        y: 56,
        color: "sun",
        by: "",
      },
      b: {
        order: "W01",
        text: "Write here together. Both edits are kept.",
        x: 276,
        y: 116,
        color: "sky",
        by: "",
      },
      c: {
        order: "WV2",
        text: "Undo reverts only your own changes.",
        x: 84,
        y: 260,
        color: "mint",
        by: "",
      },
      d: {
        order: "X03",
        text: "Pull the plug below, edit on both sides, then plug back in.",
        x: 340,
        y: 308,
        color: "lilac",
        by: "",
      },
    },
  },
  maxUsers: 100,
  idleTimeout: 24 * 60 * 60_000,
  retention: "drop", // a day after the last visit
});
