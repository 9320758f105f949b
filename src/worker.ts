// The Worker to deploy. It has two kinds of rooms besides the default one: `board`, which the demo uses, and `doc`.
// Define your own rooms here. It uses only the public API.

import * as z from "zod";
import { board } from "./board.ts";
import { action, createCollab, defineRoom } from "./index.ts";

const doc = defineRoom({
  onJoin: () => ({ ok: { role: "editor" } }),
  loadRoomState: (room) => ({ ok: { title: "Untitled", ...room.state } }),
  actions: {
    rename: action(z.object({ title: z.string().min(1).max(200) }), (_room, state, { title }) => ({
      state: { ...state, title },
      result: "renamed",
    })),
  },
});

const collab = createCollab({ behaviours: { board, doc } });

export const { CollabRoom, RoomDirectory } = collab;
export default collab.app;
