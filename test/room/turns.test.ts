// A room's turns. Concurrent operations are handled one after another, including their hooks, and an update function
// that fails in any way fails alone.

import { describe, expect, test, vi } from "vitest";
import { workerCaller } from "../../src/protocol/caller.ts";
import { callsOf, gate, hang, setScript } from "../fixtures/scripts.ts";
import { failure, newId, rooms, stored, stubOf } from "../support/core/rooms.ts";

type Counter = { readonly n: number };

/** 200 concurrent updates, each through its own stub. */
const countTo200 = (id: string, each: () => void = () => {}): Promise<{ version: number }>[] =>
  Array.from({ length: 200 }, () =>
    rooms.room(id).updateState<Counter>(({ n = 0 }) => {
      each();
      return { n: n + 1 };
    }),
  );

describe("concurrent operations", () => {
  test("[R1, S1] include 200 updates through as many stubs that end at exactly 200", async () => {
    const room = await rooms.joinOrCreateRoom(newId());
    const versions = await Promise.all(countTo200(room.id));
    expect(await room.getState()).toEqual({ n: 200 });
    const seen = versions.map(({ version }) => version).toSorted((a, b) => a - b);
    expect(seen).toEqual(Array.from({ length: 200 }, (_, index) => index + 1));
  });

  test("[R1, S1] include 200 updates that wait for a slow hook and then end at exactly 200", async () => {
    const room = await rooms.joinOrCreateRoom(newId());
    const { promise, resolve } = gate();
    const order: string[] = [];
    const started = gate();
    setScript(room.id, {
      async onJoin() {
        order.push("join starts");
        started.resolve();
        await promise;
        order.push("join ends");
      },
    });
    const joining = rooms.room(room.id).join({ id: "ada" });
    await started.promise;
    const updates = countTo200(room.id, () => order.push("update"));
    await stored(room.id); // a round trip to the object: the updates have arrived too
    expect(order).toEqual(["join starts"]);
    resolve();
    await Promise.all([joining, ...updates]);
    expect(order).toEqual(["join starts", "join ends", ...Array.from(updates, () => "update")]);
    expect(await room.getState()).toEqual({ n: 200 });
  });

  test("[R1] include reads, leaves and touches, which wait for a slow hook as well", async () => {
    const room = await rooms.joinOrCreateRoom(newId());
    await room.join({ id: "bob" });
    const [started, { promise, resolve }] = [gate(), gate()];
    const order: string[] = [];
    setScript(room.id, {
      async onJoin() {
        started.resolve();
        await promise;
        order.push("hook");
      },
    });
    const operations: (() => Promise<unknown>)[] = [
      () => room.getState(),
      () => room.getUsers(),
      () => room.info(),
      () => room.alive(),
      () => room.touch(),
      () => room.broadcast("ping"),
      () => room.patchState([]),
      () => room.leave("bob"),
      () => rooms.joinOrCreateRoom(room.id),
    ];
    const joining = room.join({ id: "ada" });
    await started.promise;
    const waiting = operations.map((ask) => ask().then(() => order.push("operation")));
    await stored(room.id);
    expect(order).toEqual([]);
    resolve();
    await Promise.all([joining, ...waiting]);
    expect(order).toEqual(["hook", ...operations.map(() => "operation")]);
  });

  test("[R1, S1] wait for a slow update function, and see its result", async () => {
    const room = await rooms.joinOrCreateRoom(newId());
    const [started, { promise, resolve }] = [gate(), gate()];
    const updating = room.updateState(async () => {
      started.resolve();
      await promise;
      return { slow: true };
    });
    await started.promise;
    const reading = rooms.room(room.id).getState();
    await stored(room.id);
    resolve();
    await updating;
    expect(await reading).toEqual({ slow: true });
  });

  test("[R1] continue after a hook that hangs, which fails only its own operation", async () => {
    const room = await rooms.joinOrCreateRoom(newId(), { behaviour: "scripted" });
    setScript(room.id, { onJoin: (_, user) => (user.id === "ada" ? hang() : undefined) });
    const joining = failure(room.join({ id: "ada" }));
    await vi.waitFor(() => expect(callsOf(room.id)).toHaveLength(1));
    const behind = [room.join({ id: "bob" }), ...countTo200(room.id)];
    expect(await joining).toMatchObject({ code: "call_timeout" });
    await Promise.all(behind);
    expect(await room.getState()).toEqual({ n: 200 });
    expect((await room.getUsers()).map(({ id }) => id)).toEqual(["bob"]);
  });
});

describe("an update function that", () => {
  const start = async (behaviour = "scripted") => {
    const room = await rooms.joinOrCreateRoom(newId(), { behaviour });
    await room.updateState(() => ({ kept: [1, 2, 3] }));
    return room;
  };

  /** Check that nothing has changed, and the room goes on. */
  async function unharmed(room: Awaited<ReturnType<typeof start>>, before: unknown): Promise<void> {
    expect(await stored(room.id)).toEqual(before);
    expect(await room.getState()).toEqual({ kept: [1, 2, 3] });
    expect(await room.updateState((state) => ({ ...state, more: true }))).toEqual({ version: 2 });
  }

  const cyclic: Record<string, unknown> = {};
  cyclic["self"] = cyclic;

  test.for<[string, unknown]>([
    ["42", 42],
    ["NaN", Number.NaN],
    ["undefined", undefined],
    ["null", null],
    ["an array", [{ n: 1 }]],
    ["text", '{"n":1}'],
    ["a Date", new Date(0)],
    ["a Map", new Map([["n", 1]])],
    ["a function", () => ({})],
    ["an object that contains undefined", { n: undefined }],
    ["an object that contains a Date", { at: new Date(0) }],
    ["an object that contains infinity", { n: Number.POSITIVE_INFINITY }],
    ["an object that contains a bigint", { n: 1n }],
    ["a cyclic object", cyclic],
  ])("[S2] returns %s gets invalid_state, and changes nothing", async ([, value]) => {
    const room = await start();
    const before = await stored(room.id);
    // Only JavaScript callers can do this, because the types forbid it.
    const update = room.updateState(() => value as object);
    expect(await failure(update)).toMatchObject({ code: "invalid_state" });
    await unharmed(room, before);
  });

  test.for<[string, object]>([
    [
      "is nested a level too deep",
      JSON.parse(`{"a":${"[".repeat(64)}${"]".repeat(64)}}`) as object,
    ],
    ["is larger than the limit", { text: "x".repeat(1024 * 1024) }],
  ])("[S2] returns a state that %s gets too_large, and changes nothing", async ([, value]) => {
    const room = await start();
    const before = await stored(room.id);
    expect(await failure(room.updateState(() => value))).toMatchObject({ code: "too_large" });
    await unharmed(room, before);
  });

  test("[S2] throws gets update_failed with the error as the cause, and changes nothing", async () => {
    const room = await start();
    const before = await stored(room.id);
    const broken = new RangeError("mine");
    const update = room.updateState(() => {
      throw broken;
    });
    await expect(update).rejects.toMatchObject({ info: { code: "update_failed" }, cause: broken });
    await unharmed(room, before);
  });

  test("[S2] rejects gets update_failed with the error as the cause, and changes nothing", async () => {
    const room = await start();
    const before = await stored(room.id);
    const broken = new RangeError("mine");
    const update = room.updateState(() => Promise.reject(broken));
    await expect(update).rejects.toMatchObject({ info: { code: "update_failed" }, cause: broken });
    await unharmed(room, before);
  });

  test("[S2, R1] hangs gets call_timeout, and changes nothing even if it ends later", async () => {
    const room = await start();
    const before = await stored(room.id);
    const { promise, resolve } = gate();
    const update = room.updateState(async () => {
      await promise;
      return { late: true };
    });
    expect(await failure(update)).toMatchObject({
      code: "call_timeout",
      detail: "The update function took longer than 500 ms.",
    });
    resolve();
    await unharmed(room, before);
  });

  test("[S2, R1] hangs in a room with default settings times out after 5 s", async () => {
    const room = await start("default");
    const before = await stored(room.id);
    expect(await failure(room.updateState(hang))).toMatchObject({
      code: "call_timeout",
      detail: "The update function took longer than 5000 ms.",
    });
    await unharmed(room, before);
  });

  test.for<[string, string | null, string]>([
    ["fails", null, "update_failed"],
    ["returns invalid JSON", "{", "malformed"],
    ["returns JSON that is not a state", "[1]", "invalid_state"],
  ])("[S2] %s over bare RPC changes nothing", async ([, text, code]) => {
    const room = await start();
    const before = await stored(room.id);
    const input = { next: () => Promise.resolve(text) };
    expect(await stubOf(room.id).call("updateState", input, workerCaller)).toMatchObject({
      error: { code },
    });
    await unharmed(room, before);
  });

  test("[S2] belongs to a room that is not running is not called", async () => {
    const id = newId();
    let called = false;
    const update = rooms.room(id).updateState((state) => {
      called = true;
      return state;
    });
    expect(await failure(update)).toEqual({ code: "room_not_running" });
    expect(called).toBe(false);
  });
});
