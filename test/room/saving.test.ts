// Rooms that save their state elsewhere: outside their turns, one save at a time, always the latest state, and
// repeatedly until it succeeds, even across evictions and crashes.

import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { JsonObject, RoomHandle, RoomInfo } from "collab-room";
import { callsOf, gate, hang, setScript, type Script } from "../fixtures/scripts.ts";
import { pass, passUntil, useFakeDate } from "../support/fake-date.ts";
import { at, expectJson, send } from "../support/core/http.ts";
import { alarmOf, evict, hookCalled, newId, ring, rooms, sql } from "../support/core/rooms.ts";

useFakeDate();

async function start(saveRoomState?: Script["saveRoomState"], behaviour = "saved") {
  const id = newId();
  if (saveRoomState) setScript(id, { saveRoomState });
  return rooms.joinOrCreateRoom(id, { behaviour });
}

/** The states that the store received, in order. */
const savesOf = ({ id }: RoomHandle): (JsonObject | undefined)[] =>
  callsOf(id).flatMap(({ hook, state }) => (hook === "saveRoomState" ? [state] : []));

const set = (room: RoomHandle, n: number) => room.patchState([{ op: "add", path: "/n", value: n }]);

/** Wait until the room's info shows this save status. */
const saveStatus = (room: RoomHandle, save: RoomInfo["save"]) =>
  expect.poll(async () => (await room.info()).save).toEqual(save);

const timer = async ({ id }: RoomHandle) =>
  (await sql(id, "SELECT at, attempts FROM timers WHERE name = 'save'"))[0];

const broken = (): never => {
  throw new Error("secret: the store is down");
};

const failing = { status: "failing", error: "save_failed" } as const;

describe("a store that works", () => {
  test("[S8] receives each state after its change", async () => {
    const room = await start();
    expect((await room.info()).save).toEqual({ status: "saved" });
    for (const n of [1, 2]) {
      await set(room, n);
      await saveStatus(room, { status: "saved" });
    }
    expect(savesOf(room)).toEqual([{ n: 1 }, { n: 2 }]);
    expect(await timer(room)).toBeUndefined();
  });

  test("[S8] receives the changes of actions and updates, and nothing for joins and reads", async () => {
    const room = await start();
    await room.join({ id: "ada" });
    await room.getState();
    await room.touch("ada");
    await room.act("nothing");
    expect(savesOf(room)).toEqual([]);
    await room.act("rename", { title: "x" });
    await hookCalled(room.id, "saveRoomState");
    await saveStatus(room, { status: "saved" });
    await room.updateState(() => ({ n: 1 }));
    await saveStatus(room, { status: "saved" });
    expect(savesOf(room)).toEqual([{ title: "x" }, { n: 1 }]);
  });

  test("[S8] receives the version with a frozen state", async () => {
    const seen: unknown[] = [];
    const room = await start((context, state) => {
      seen.push([context.version, Object.isFrozen(state), context.state === state]);
    });
    await set(room, 1);
    await saveStatus(room, { status: "saved" });
    expect(seen).toEqual([[1, true, true]]);
  });

  test("[S8, R1] receives a wide state again only after a while, because passing it on takes time", async () => {
    const room = await start();
    const wide = Object.fromEntries(Array.from({ length: 8000 }, (_, n) => [`k${n}`, n]));
    await room.patchState([{ op: "add", path: "/wide", value: wide }]);
    await saveStatus(room, { status: "saved" });
    const begun = Date.now();
    await set(room, 1);
    expect((await room.info()).save).toEqual({ status: "pending" });
    expect(await timer(room)).toEqual({ at: begun + 100, attempts: 0 });
    pass(100);
    await ring(room.id);
    await saveStatus(room, { status: "saved" });
    expect(savesOf(room)).toEqual([{ wide }, { wide, n: 1 }]);
  });

  test("[S8] is not called if the behaviour saves nothing", async () => {
    const room = await start(undefined, "scripted");
    await set(room, 1);
    expect((await room.info()).save).toEqual({ status: "off" });
    expect(await timer(room)).toBeUndefined();
  });
});

describe("a store that is slow", () => {
  test("[S8, R1] never delays the room", async () => {
    const { promise, resolve } = gate();
    const room = await start(() => promise, "patient");
    await set(room, 1);
    await hookCalled(room.id, "saveRoomState");
    await room.join({ id: "ada" });
    expect(await set(room, 2)).toMatchObject({ version: 2 });
    expect(await room.act("rename", { title: "x" })).toMatchObject({ version: 3 });
    expect(await room.getState()).toEqual({ n: 2, title: "x" });
    await room.leave("ada");
    expect(savesOf(room)).toEqual([{ n: 1 }]);
    resolve();
    await saveStatus(room, { status: "saved" });
  });

  test("[S8] receives one state at a time, and finally the latest", async () => {
    let [running, most] = [0, 0];
    const room = await start(async () => {
      most = Math.max(most, ++running);
      await rooms.room("elsewhere").alive(); // a round trip through the platform
      running--;
    }, "patient");
    await Promise.all(Array.from({ length: 30 }, (_, n) => set(room, n)));
    await saveStatus(room, { status: "saved" });
    expect(most).toBe(1);
    expect(savesOf(room).at(-1)).toEqual(await room.getState());
    const saved = savesOf(room).map((state) => Number(state?.["n"]));
    expect(saved).toEqual(saved.toSorted((a, b) => a - b));
  });

  test("[S8] receives the state at the time of the save, and none in between", async () => {
    const gates = [gate(), gate()];
    let calls = 0;
    const room = await start(() => gates[calls++]?.promise, "patient");
    for (const n of [1, 2, 3]) await set(room, n);
    gates[0]?.resolve();
    await hookCalled(room.id, "saveRoomState", 2);
    gates[1]?.resolve();
    await saveStatus(room, { status: "saved" });
    expect(savesOf(room)).toEqual([{ n: 1 }, { n: 3 }]);
  });

  test("[S8, T3] delays the alarm, which does not ring in a loop", async () => {
    const { promise, resolve } = gate();
    const room = await start(() => promise, "patient");
    await set(room, 1);
    passUntil((await alarmOf(room.id)) ?? 0);
    await ring(room.id);
    expect(await alarmOf(room.id)).toBeGreaterThan(Date.now());
    resolve();
    await saveStatus(room, { status: "saved" });
    expect(savesOf(room)).toEqual([{ n: 1 }]);
  });

  test("[S8] that hangs has failed after its timeout", async () => {
    const room = await start(hang);
    await set(room, 1);
    await saveStatus(room, { status: "failing", error: "call_timeout" });
    setScript(room.id, {});
    pass(1000);
    await ring(room.id);
    await saveStatus(room, { status: "saved" });
    expect(savesOf(room)).toEqual([{ n: 1 }, { n: 1 }]);
  });
});

describe("a store that fails", () => {
  beforeEach(() => {
    vi.spyOn(console, "error").mockImplementation(() => {});
  });
  afterEach(() => {
    vi.restoreAllMocks();
  });

  test.each<[string, NonNullable<Script["saveRoomState"]>]>([
    ["throws", broken],
    ["rejects", async () => broken()],
    ["returns an error", () => ({ error: "secret: the disk is full" })],
    ["returns an invalid answer", () => 42 as never],
  ])("[S8, A6] and %s is shown in the room's info, without its message", async (_, save) => {
    const room = await start(save);
    await set(room, 1);
    await saveStatus(room, failing);
    const info = await expectJson(await send("GET", at(room.id)), 200);
    expect(info["save"]).toEqual(failing);
    expect(JSON.stringify(info)).not.toContain("secret");
    expect(await set(room, 2)).toMatchObject({ version: 2 });
    expect(await room.getState()).toEqual({ n: 2 });
  });

  test("[S8, T3] is retried by the timer after 1, 2, 4 and 8 s, until it works", async () => {
    const room = await start(broken);
    await set(room, 1);
    for (const [failures, wait] of [1000, 2000, 4000, 8000].entries()) {
      // The store fails at once, so the result is visible after the next round trip.
      expect((await room.info()).save).toEqual(failing);
      expect(await timer(room)).toEqual({ at: Date.now() + wait, attempts: failures + 1 });
      pass(wait - 1);
      await ring(room.id);
      await room.info();
      expect(savesOf(room)).toHaveLength(failures + 1);
      pass(1);
      if (failures === 3) setScript(room.id, {});
      await ring(room.id);
    }
    expect((await room.info()).save).toEqual({ status: "saved" });
    expect(savesOf(room)).toHaveLength(5);
    expect(await timer(room)).toBeUndefined();
  });

  test("[S8] is not retried by each change, and finally receives the latest state", async () => {
    const room = await start(broken);
    await set(room, 1);
    await saveStatus(room, failing);
    for (const n of [2, 3, 4]) await set(room, n);
    expect(savesOf(room)).toEqual([{ n: 1 }]);
    setScript(room.id, {});
    pass(1000);
    await ring(room.id);
    await saveStatus(room, { status: "saved" });
    expect(savesOf(room)).toEqual([{ n: 1 }, { n: 4 }]);
  });

  test("[S8, R6] is remembered across evictions, and retried on time instead of on waking", async () => {
    const room = await start(broken);
    await set(room, 1);
    await evict(room.id);
    expect((await room.info()).save).toEqual(failing);
    expect(savesOf(room)).toHaveLength(1);

    pass(1000);
    await evict(room.id);
    await ring(room.id);
    expect((await room.info()).save).toEqual(failing);
    expect(await timer(room)).toEqual({ at: Date.now() + 2000, attempts: 2 });

    setScript(room.id, {});
    await evict(room.id);
    pass(2000);
    await ring(room.id);
    await saveStatus(room, { status: "saved" });
    expect(savesOf(room)).toEqual([{ n: 1 }, { n: 1 }, { n: 1 }]);
  });
});

describe("debounce and maxWait", () => {
  test("[S8] a change is saved by the timer 2 s after the last one", async () => {
    const room = await start(undefined, "debounced");
    await set(room, 1);
    pass(1500);
    await set(room, 2);
    pass(500);
    await ring(room.id); // when the first change would be due
    expect(savesOf(room)).toEqual([]);
    expect((await room.info()).save).toEqual({ status: "pending" });
    pass(1500);
    await ring(room.id);
    await saveStatus(room, { status: "saved" });
    expect(savesOf(room)).toEqual([{ n: 2 }]);
  });

  test("[S8] continuous changes are saved after 10 s", async () => {
    const room = await start(undefined, "debounced");
    const begun = Date.now();
    for (let n = 1; Date.now() < begun + 10_000; n++) {
      await set(room, n);
      pass(1000);
      await ring(room.id);
      if (Date.now() < begun + 10_000) expect(savesOf(room)).toEqual([]);
    }
    await saveStatus(room, { status: "saved" });
    expect(savesOf(room)).toEqual([{ n: 10 }]);
  });

  test("[S8, R6] a pending save survives an eviction, and happens when it is due", async () => {
    const room = await start(undefined, "debounced");
    await set(room, 1);
    await evict(room.id);
    expect((await room.info()).save).toEqual({ status: "pending" });
    pass(2000);
    await ring(room.id);
    await saveStatus(room, { status: "saved" });
    expect(savesOf(room)).toEqual([{ n: 1 }]);
  });

  test("[S8, R7] a stop does not wait for the debounce time", async () => {
    const room = await start(undefined, "debounced");
    await set(room, 1);
    await room.stop();
    expect(savesOf(room)).toEqual([{ n: 1 }]);
    expect(await room.alive()).toBe(false);
  });
});
