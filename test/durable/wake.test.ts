// Waking is not starting: what an object that was evicted, or has died, comes back with; and what a room
// does whose behaviour is gone after a deploy.

import { describe, expect, test } from "vitest";
import type { RoomHandle } from "collab-room";
import { callsOf, setScript } from "../fixtures/scripts.ts";
import { pass, useFakeDate } from "../support/fake-date.ts";
import {
  alarmOf,
  crash,
  evict,
  failure,
  failureCode,
  isListed,
  newId,
  ring,
  rooms,
  sql,
  stored,
} from "../support/rooms.ts";

useFakeDate();

const everything = async (room: RoomHandle) => [
  await room.info(),
  await room.getUsers(),
  await room.getState(),
  await stored(room.id),
];

describe.for([
  ["is evicted", evict],
  ["dies", crash],
] as const)("a room whose object %s", ([, end]) => {
  test("[R6, S4] has the same users, state, version, epoch and deadlines, and no hook is called", async () => {
    const room = await rooms.joinOrCreateRoom(newId(), { behaviour: "loaded" });
    setScript(room.id, { onJoin: (_, user) => ({ ok: { of: user.id } }) });
    for (const id of ["zoe", "ada"]) await room.join({ id, color: "red" });
    await room.join({ id: "bob" }, { ttl: 60_000 });
    for (let n = 1; n <= 3; n++) await room.updateState((state) => ({ ...state, [`key${n}`]: n }));
    const before = await everything(room);
    const calls = [...callsOf(room.id)];
    await end(room.id);
    expect(await everything(room)).toEqual(before);
    expect(callsOf(room.id)).toEqual(calls);
  });

  test("[R6, T2] that was empty has the same deadline, to the millisecond", async () => {
    const room = await rooms.joinOrCreateRoom(newId(), { behaviour: "brief" });
    await room.join({ id: "ada" });
    pass(12_345);
    await room.leave("ada");
    const before = await everything(room);
    await end(room.id);
    pass(54_321);
    expect(await everything(room)).toEqual(before);
  });

  test("[R6, R2] is the running room for who starts or joins it", async () => {
    const room = await rooms.joinOrCreateRoom(newId(), { behaviour: "loaded" });
    const before = await everything(room);
    await end(room.id);
    await rooms.joinOrCreateRoom(room.id, { behaviour: "scripted", idleTimeout: 1 });
    expect(await everything(room)).toEqual(before);
    await end(room.id);
    await room.join({ id: "ada" });
    expect(callsOf(room.id).map(({ hook }) => hook)).toEqual(["loadRoomState", "onJoin"]);
  });

  test("[R6, R1] goes on with the next version, journal and order", async () => {
    const room = await rooms.joinOrCreateRoom(newId());
    for (let n = 1; n <= 5; n++) {
      await end(room.id);
      expect(await room.updateState(() => ({ n }))).toEqual({ version: n });
      await room.join({ id: `user-${n}` });
    }
    await end(room.id);
    expect(await room.getState()).toEqual({ n: 5 });
    expect((await room.getUsers()).map(({ id }) => id)).toEqual(
      [1, 2, 3, 4, 5].map((n) => `user-${n}`),
    );
  });

  test("[R6, R4] that was stopped stays stopped, and one that never ran stays nothing", async () => {
    const stopped = await rooms.joinOrCreateRoom(newId());
    await stopped.stop();
    const never = rooms.room(newId());
    for (const room of [stopped, never]) {
      const before = await stored(room.id);
      await end(room.id);
      expect(await room.alive()).toBe(false);
      expect(await failureCode(room.getState())).toBe("room_not_running");
      expect(await stored(room.id)).toEqual(before);
    }
  });

  test("[R6, S8] has a save that still fails, with its next try", async () => {
    const room = await rooms.joinOrCreateRoom(newId(), { behaviour: "saved" });
    setScript(room.id, { saveRoomState: () => ({ error: "down" }) });
    await room.updateState(() => ({ n: 1 }));
    await expect.poll(async () => (await room.info()).save.status).toBe("failing");
    const { timers } = (await stored(room.id)).tables;
    await end(room.id);
    expect(await room.info()).toMatchObject({ save: { status: "failing", error: "save_failed" } });
    expect((await stored(room.id)).tables).toMatchObject({ timers });
  });
});

describe("a room whose behaviour is gone after a deploy", () => {
  /** Let the room's record name this behaviour, as if it had been started with it. */
  async function rename(id: string, behaviour: string): Promise<void> {
    await sql(id, "UPDATE room SET data = json_set(data, '$.behaviour', ?)", behaviour);
    await evict(id);
  }

  async function startAndLose(behaviour = "brief") {
    const room = await rooms.joinOrCreateRoom(newId(), { behaviour });
    await room.join({ id: "ada" });
    await room.updateState(() => ({ n: 1 }));
    return room;
  }

  const asks: [string, (room: RoomHandle) => Promise<unknown>][] = [
    ["getState", (room) => room.getState()],
    ["getUsers", (room) => room.getUsers()],
    ["updateState", (room) => room.updateState(() => ({}))],
    ["act", (room) => room.act("nothing")],
    ["touch", (room) => room.touch()],
    ["broadcast", (room) => room.broadcast("hello")],
    ["info", (room) => room.info()],
    ["join", (room) => room.join({ id: "bob" })],
    ["leave", (room) => room.leave("ada")],
    ["start", (room) => rooms.joinOrCreateRoom(room.id)],
  ];

  test.for(asks)(
    "[R6] answers %s with behaviour_missing, and keeps what it has",
    async ([, ask]) => {
      const room = await startAndLose();
      await rename(room.id, "gone");
      const before = await stored(room.id);
      expect(await failure(ask(room))).toEqual({ code: "behaviour_missing" });
      expect(await stored(room.id)).toEqual(before);
      expect(await room.alive()).toBe(true);
    },
  );

  test("[R6] is what it was when the behaviour is back", async () => {
    const room = await startAndLose();
    const before = await everything(room);
    await rename(room.id, "gone");
    expect(await failureCode(room.getState())).toBe("behaviour_missing");
    await rename(room.id, "brief");
    expect(await everything(room)).toEqual(before);
  });

  test("[T2, R7] stops when it is idle, and keeps its state for a start with another behaviour", async () => {
    const room = await startAndLose();
    await room.leave("ada");
    await rename(room.id, "gone");
    pass(60_000);
    await ring(room.id);
    expect(await room.alive()).toBe(false);
    expect(await isListed(room.id)).toBe(false);
    expect(await alarmOf(room.id)).toBeNull();
    await rooms.joinOrCreateRoom(room.id, { behaviour: "scripted" });
    expect(await room.getState()).toEqual({ n: 1 });
  });

  test("[T2] that has users does not stop", async () => {
    const room = await startAndLose();
    await rename(room.id, "gone");
    pass(600_000);
    await ring(room.id);
    expect(await room.alive()).toBe(true);
  });

  test("[R7] stops when it is asked to, and keeps its state", async () => {
    const room = await startAndLose();
    await rename(room.id, "gone");
    await room.stop();
    await rooms.joinOrCreateRoom(room.id, { behaviour: "scripted" });
    expect(await room.getState()).toEqual({ n: 1 });
  });

  test("[R7, S8] and that has something to save keeps it until the behaviour is back", async () => {
    const room = await rooms.joinOrCreateRoom(newId(), { behaviour: "saved" });
    setScript(room.id, { saveRoomState: () => ({ error: "down" }) });
    await room.updateState(() => ({ n: 1 }));
    await expect.poll(async () => (await room.info()).save.status).toBe("failing");
    await rename(room.id, "gone");
    for (let round = 0; round < 3; round++) {
      pass(3_600_000);
      await ring(room.id);
      expect(await failureCode(room.stop())).toBe("save_failed");
    }
    setScript(room.id, {});
    await rename(room.id, "saved");
    expect(await room.getState()).toEqual({ n: 1 });
    pass(300_000);
    await ring(room.id);
    await expect.poll(() => callsOf(room.id).at(-1)?.state).toEqual({ n: 1 });
    await expect
      .poll(async () => {
        await ring(room.id);
        return room.alive();
      })
      .toBe(false);
  });
});
