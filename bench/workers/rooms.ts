// Rooms as anybody deploys them, a kind that counts what it writes, and one for load on sockets.

import { createCollab, defineRoom, type CollabEnv } from "collab-room";
import { Hono } from "hono";
import { countRows, type RowCount } from "./row-count.ts";

const collab = createCollab({
  behaviours: {
    counted: defineRoom({ idleTimeout: 60_000 }),
    // The peers have no limits: with the default ones it is the limits that would be measured.
    fast: defineRoom({ limits: { messagesPerSecond: 1_000_000, bytesPerSecond: 1_000_000_000 } }),
  },
});

const counts = new Map<string, RowCount>();

/** Count under the object's name; several objects may share one count. */
const counted = (name: string, ctx: DurableObjectState): DurableObjectState => {
  const count = counts.get(name) ?? { rows: 0, largest: 0 };
  counts.set(name, count);
  return countRows(ctx, count);
};

export class CollabRoom extends collab.CollabRoom {
  constructor(ctx: DurableObjectState, env: CollabEnv) {
    super(ctx.id.name?.startsWith("counted") ? counted("room", ctx) : ctx, env);
  }
}

export class RoomDirectory extends collab.RoomDirectory {
  constructor(ctx: DurableObjectState, env: CollabEnv) {
    super(counted("directory", ctx), env);
  }
}

const app = new Hono<{ Bindings: CollabEnv }>();
// Rows since the last time it was asked.
app.get("/rows", (c) => {
  const answer = Object.fromEntries(counts);
  const text = JSON.stringify(answer);
  for (const count of counts.values()) Object.assign(count, { rows: 0, largest: 0 });
  return c.body(text);
});
app.route("/", collab.app);
export default app;
