// The Worker: serves the rooms under /collab. Cloudflare serves everything else, the page, from dist/.

import { createCollab, type CollabEnv } from "collab-room";
import { Hono } from "hono";
import { board } from "./board.ts";

const collab = createCollab({ behaviours: { board } });
export const { CollabRoom, RoomDirectory } = collab;

export default new Hono<{ Bindings: CollabEnv }>().route("/collab", collab.app);
