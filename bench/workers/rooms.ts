// The rooms under test: an ordinary deployment, with one behaviour whose writes are counted and one whose rate
// limits are raised for the socket measurements.

import { createCollab, defineRoom, type CollabEnv } from "collab-room";
import { Hono } from "hono";
import { countRows, type RowCount } from "./row-count.ts";

const collab = createCollab({
  behaviours: {
    counted: defineRoom({ idleTimeout: 60_000 }),
    // The baselines have no rate limits. With the default ones, the limits would be measured.
    fast: defineRoom({ limits: { messagesPerSecond: 1_000_000, bytesPerSecond: 1_000_000_000 } }),
  },
});

const counts = new Map<string, RowCount>();

/** Count rows under a name, which several objects may share. */
const counted = (name: string, ctx: DurableObjectState): DurableObjectState => {
  const count = counts.get(name) ?? { rows: 0, largest: 0 };
  counts.set(name, count);
  return countRows(ctx, count);
};

/** How many instances of a room's object there have been: one more after each sleep. */
const instances = new Map<string, number>();

export class CollabRoom extends collab.CollabRoom {
  constructor(ctx: DurableObjectState, env: CollabEnv) {
    const id = String(ctx.id.name);
    super(id.startsWith("counted") ? counted("room", ctx) : ctx, env);
    instances.set(id, (instances.get(id) ?? 0) + 1);
  }
}

export class RoomDirectory extends collab.RoomDirectory {
  constructor(ctx: DurableObjectState, env: CollabEnv) {
    super(counted("directory", ctx), env);
  }
}

const app = new Hono<{ Bindings: CollabEnv }>();
// Rows written since the last request.
app.get("/rows", (c) => {
  const answer = Object.fromEntries(counts);
  const text = JSON.stringify(answer);
  for (const count of counts.values()) Object.assign(count, { rows: 0, largest: 0 });
  return c.body(text);
});
app.get("/instances/:room", (c) => c.text(String(instances.get(c.req.param("room")) ?? 0)));
app.route("/", collab.app);
export default app;
