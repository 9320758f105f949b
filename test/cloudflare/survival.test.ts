// Everything that a room has acknowledged is there after an eviction or a crash, whenever that happens, even in states
// of many megabytes.

import fc from "fast-check";
import { afterEach, describe, expect, test, vi } from "vitest";
import type { JsonObject, JsonValue } from "collab-room";
import { workerCaller } from "../../src/protocol/caller.ts";
import { gate } from "../fixtures/scripts.ts";
import { canonical, jsonBytes } from "../support/canonical-json.ts";
import { json } from "../support/json-arbitraries.ts";
import { patchedByOracle } from "../support/json-patch-oracle.ts";
import { mergedByOracle } from "../support/merge-patch.ts";
import { patchCases } from "../support/patch-arbitraries.ts";
import { crash, evict, newId, rooms, rowsWritten, sql, stubOf } from "../support/rooms.ts";

afterEach(() => {
  vi.restoreAllMocks();
});

describe("any sequence of changes", () => {
  const changes = fc.oneof(
    patchCases({ wild: false, maxLength: 6 }).map(({ doc, patch }) => ({
      kind: "patch" as const,
      doc,
      patch,
    })),
    fc.record({
      kind: fc.constantFrom("merge" as const, "replace" as const, "returned" as const),
      value: json.object,
    }),
    fc.record({
      kind: fc.constant("merge" as const),
      // These make the journal outgrow its snapshots.
      value: fc
        .constantFrom(40_000, 66_000)
        .map((size): JsonObject => ({ fill: "x".repeat(size) })),
    }),
  );
  const steps = fc.array(
    fc.record({ change: changes, after: fc.constantFrom("nothing", "evict", "evict", "crash") }),
    { minLength: 1, maxLength: 12, size: "max" },
  );

  test("[S4, S10, R6] with evictions and crashes anywhere has the same result as on a plain object", async () => {
    await fc.assert(
      fc.asyncProperty(steps, async (taken) => {
        const id = newId();
        const room = await rooms.joinOrCreateRoom(id, { behaviour: "plain" });
        const { epoch } = await room.info();
        let [model, version]: [JsonObject, number] = [{}, 0];
        const expectNext = (next: JsonObject, acknowledged: unknown): void => {
          if (canonical(next) !== canonical(model)) version++;
          model = next;
          expect(acknowledged).toMatchObject({ ok: { version } });
        };
        const ask = (kind: "patch" | "merge" | "replace", value: unknown) =>
          stubOf(id).call(
            "changeState",
            { kind, source: { text: JSON.stringify(value) } },
            workerCaller,
          );

        for (const { change, after } of taken) {
          switch (change.kind) {
            case "patch": {
              const { doc, patch } = change;
              expectNext(doc, await ask("replace", doc));
              expectNext(patchedByOracle(doc, patch) as JsonObject, await ask("patch", patch));
              break;
            }
            case "returned": {
              const next = { ...model, ...change.value };
              expectNext(next, { ok: await room.updateState(() => next) });
              break;
            }
            case "merge":
              expectNext(
                mergedByOracle(model, change.value) as JsonObject,
                await ask("merge", change.value),
              );
              break;
            case "replace":
              expectNext(change.value, await ask("replace", change.value));
              break;
            default:
              change satisfies never;
          }
          if (after === "evict") await evict(id);
          if (after === "crash") await crash(id);
          expect(canonical(await room.getState())).toBe(canonical(model));
          expect(await room.info()).toMatchObject({ version, epoch });
        }
      }),
      { numRuns: 15 },
    );
  });
});

describe("changes in flight", () => {
  test("[S4] are all there after a crash if they were acknowledged before it", async () => {
    vi.spyOn(console, "error").mockImplementation(() => {}); // of calls that end with the object
    const id = newId();
    const room = await rooms.joinOrCreateRoom(id, { behaviour: "plain" });
    const acknowledged: string[] = [];
    for (let round = 0; round < 5; round++) {
      const enough = gate();
      const inFlight = Array.from({ length: 20 }, async (_, n) => {
        const key = `${round}-${n}`;
        await room.patchState([{ op: "add", path: `/${key}`, value: true }]);
        acknowledged.push(key);
        if (n === round) enough.resolve();
      });
      const settled = Promise.allSettled(inFlight);
      await enough.promise;
      await crash(id);
      await settled;
      const state = await room.getState();
      expect(acknowledged.filter((key) => state[key] !== true)).toEqual([]);
      // Each change that is there made one version, whether or not its caller has received the answer.
      expect((await room.info()).version).toBe(Object.keys(state).length);
    }
  });

  test("[S4, R1] are in the storage before a concurrent read shows them", async () => {
    vi.spyOn(console, "error").mockImplementation(() => {});
    const id = newId();
    const room = await rooms.joinOrCreateRoom(id, { behaviour: "plain" });
    for (let n = 1; n <= 8; n++) {
      const change = Promise.allSettled([room.patchState([{ op: "add", path: "/n", value: n }])]);
      const read = Number((await room.getState())["n"] ?? 0);
      await crash(id);
      await change;
      expect(Number((await room.getState())["n"])).toBeGreaterThanOrEqual(read);
    }
  });
});

describe("a state of many megabytes", () => {
  const limit = 8 * 1024 * 1024;
  const filled = (bytes: number): { fill: string } => ({
    fill: "x".repeat(bytes - jsonBytes({ fill: "" })),
  });

  test("[S9, S10, R6] can fill the largest limit exactly, and survives", async () => {
    const id = newId();
    const room = await rooms.joinOrCreateRoom(id, { behaviour: "large" });
    const state = filled(limit);
    await room.updateState(() => state);
    await expect(room.updateState(() => ({ fill: `${state.fill}x` }))).rejects.toMatchObject({
      code: "too_large",
    });
    await evict(id);
    expect((await room.getState<typeof state>()).fill === state.fill).toBe(true);
    const sizes = await sql(
      id,
      "SELECT length(data) AS bytes FROM snapshots UNION ALL SELECT length(patch) FROM changes",
    );
    expect(sizes.length).toBeGreaterThan(4);
    expect(sizes.every(({ bytes }) => Number(bytes) < 2_000_000)).toBe(true);
  });

  test("[S10, R6] with all kinds of characters is changed by small rows, and survives", async () => {
    const id = newId();
    const room = await rooms.joinOrCreateRoom(id, { behaviour: "large" });
    const text = "aé€😀".repeat(250_000);
    await room.updateState(() => ({ text, n: 0 }));
    await evict(id);
    const before = await rowsWritten(id);
    await room.patchState([{ op: "replace", path: "/n", value: 1 }]);
    expect((await rowsWritten(id)) - before).toBeLessThanOrEqual(2); // one for the change, and one for the last activity
    await crash(id);
    const state = await room.getState<{ text: string; n: number }>();
    expect([state.text === text, state.n]).toEqual([true, 1]);
    expect(await room.info()).toMatchObject({ version: 2 });
  });

  test("[S10, R6] survives repeated replacements", async () => {
    const id = newId();
    const room = await rooms.joinOrCreateRoom(id, { behaviour: "large" });
    for (const size of [5_000_000, 100, 3_000_000, 2_500_000]) {
      const state = { list: [filled(size) as JsonValue] };
      await room.updateState(() => state);
      await evict(id);
      expect(jsonBytes(await room.getState())).toBe(jsonBytes(state));
    }
    expect(await sql(id, "SELECT DISTINCT version FROM snapshots ORDER BY version")).toEqual([
      { version: 3 },
      { version: 4 },
    ]);
    expect(await room.info()).toMatchObject({ version: 4 });
  });
});
