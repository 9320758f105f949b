// Data points in Workers Analytics Engine. The binding is optional, and a failing dataset never fails a room (rule O4).

import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { expect, test, vi } from "vitest";
import { writeDataPoint } from "../../src/cloudflare/analytics.ts";
import { dataPoint } from "../../src/model/data-point.ts";
import { workerCaller } from "../../src/protocol/caller.ts";
import { CollabRoom } from "../fixtures/worker.ts";
import { newId } from "../support/rooms.ts";
import { watchLog } from "../support/watch-log.ts";

type Write = AnalyticsEngineDataset["writeDataPoint"];

/** Start and stop a room whose environment has this dataset. */
function startAndStop(id: string, write: Write): Promise<unknown[]> {
  const bindings = { ...env, ANALYTICS: { writeDataPoint: write } };
  return runInDurableObject(env.ROOMS.getByName(id), async (_, state) => {
    const room = new CollabRoom(state, bindings);
    await state.blockConcurrencyWhile(async () => {}); // by now it has woken
    const started = await room.call("startRoom", { behaviour: "plain" }, workerCaller);
    const stopped = await room.call("stopRoom", { purge: true }, workerCaller);
    return [started, stopped];
  });
}

test("[O4] a room writes its data points to the bound dataset", async () => {
  const id = newId();
  const write = vi.fn<Write>();
  await startAndStop(id, write);
  expect(write.mock.calls).toEqual([
    [{ indexes: [id], blobs: ["started", id, "plain", ""], doubles: [0, 0, 0, 0, 0, 0, 0, 0] }],
    [
      {
        indexes: [id],
        blobs: ["stopped", id, "plain", "purge"],
        doubles: [0, 0, expect.any(Number), 0, 0, 0, 0, 0],
      },
    ],
  ]);
});

test("[O4] a failing dataset is logged, and nothing else fails", async () => {
  const id = newId();
  const lines = watchLog({ room: id });
  const outcomes = await startAndStop(id, () => {
    throw new Error("no such dataset");
  });
  expect(outcomes).toMatchObject([{ ok: { created: true } }, { ok: undefined }]);
  expect(lines().filter(({ event }) => event === "analytics_failed")).toHaveLength(2);
});

test("[O4] each number has its own column", () => {
  const write = vi.fn<Write>();
  const point = dataPoint({
    kind: "activity",
    behaviour: "doc",
    users: 1,
    sockets: 2,
    ms: 3,
    flushes: 4,
    changes: 5,
    messages: 6,
    opened: 7,
    closed: 8,
  });
  writeDataPoint({ writeDataPoint: write }, "design", point);
  expect(write).toHaveBeenCalledWith({
    indexes: ["design"],
    blobs: ["activity", "design", "doc", ""],
    doubles: [1, 2, 3, 4, 5, 6, 7, 8],
  });
});

test.each(["x".repeat(256), "é".repeat(128), "🦊".repeat(64), `${"x".repeat(95)}é`])(
  "[O4] an index has at most 96 bytes and is cut between characters: %s",
  (id) => {
    const write = vi.fn<Write>();
    writeDataPoint({ writeDataPoint: write }, id, dataPoint({ kind: "started", behaviour: "" }));
    const [{ indexes, blobs } = {}] = write.mock.calls[0] ?? [];
    const index = String(indexes?.[0]);
    expect(id.startsWith(index) && index.isWellFormed()).toBe(true);
    const bytes = new TextEncoder().encode(index).length;
    expect(bytes).toBeLessThanOrEqual(96);
    expect(bytes).toBeGreaterThan(92);
    expect(blobs?.[1]).toBe(id);
  },
);
