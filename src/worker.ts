// The Worker to deploy: two kinds of rooms besides the default one, of which `board` is that of the demo. Define your
// own rooms here. It uses only the public API.

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
