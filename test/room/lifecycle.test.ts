// Absent and running rooms: what starts a room and what does not, that a probe leaves nothing behind, and what an epoch
// is.

import { describe, expect, test } from "vitest";
import type { RoomHandle } from "collab-room";
import { callsOf, gate, hang, setScript, type Script } from "../fixtures/scripts.ts";
import { RoomStub } from "../../src/cloudflare/room-stub.ts";
import { workerCaller } from "../../src/protocol/caller.ts";
import {
  env,
  failure,
  isListed,
  newId,
  nothingStored,
  rooms,
  stored,
} from "../support/core/rooms.ts";

const thrower = (): never => {
  throw new Error("secret: the hook broke");
};

describe("starting a room", () => {
  test("[R2] joinOrCreateRoom starts an absent room with its options", async () => {
    const id = newId();
    expect(await rooms.getRoom(id)).toBeNull();
    const room = await rooms.joinOrCreateRoom(id, { behaviour: "brief", idleTimeout: 90_000 });
    expect(room.id).toBe(id);
    expect(await room.info()).toMatchObject({
      id,
      behaviour: "brief",
      idleTimeout: 90_000,
      version: 0,
      users: 0,
      alive: true,
    });
    expect(await room.getState()).toEqual({});
  });

  test("[R2] without options, the behaviour is the default one with 30 minutes, and other behaviours have their own", async () => {
    const room = await rooms.joinOrCreateRoom(newId());
    expect(await room.info()).toMatchObject({ behaviour: "default", idleTimeout: 1_800_000 });
    const brief = await rooms.joinOrCreateRoom(newId(), { behaviour: "brief" });
    expect(await brief.info()).toMatchObject({ behaviour: "brief", idleTimeout: 60_000 });
  });

  test("[R2] starting a running room again, with other or invalid options, returns it unchanged", async () => {
    const room = await rooms.joinOrCreateRoom(newId(), { behaviour: "plain", idleTimeout: 70_000 });
    await room.join({ id: "ada" });
    await room.updateState(() => ({ n: 1 }));
    const before = [await room.info(), await stored(room.id)];
    for (const options of [
      {},
      { behaviour: "loaded", idleTimeout: 1 },
      { behaviour: "nobody knows this one" },
      { idleTimeout: -1 },
    ]) {
      const again = await rooms.joinOrCreateRoom(room.id, options);
      expect([await again.info(), await stored(room.id)]).toEqual(before);
    }
    expect(callsOf(room.id)).toEqual([]);
  });

  test("[R2, R1] one of several concurrent starts with different options wins, and all get that room", async () => {
    const id = newId();
    const options = Array.from({ length: 20 }, (_, index) => ({
      behaviour: index % 2 === 0 ? "scripted" : "plain",
      idleTimeout: 100_000 + index,
    }));
    const started = await Promise.all(
      options.map((option) => new RoomStub(env.ROOMS, id, workerCaller).call("startRoom", option)),
    );
    const winner = started.findIndex(({ created }) => created);
    expect(started.filter(({ created }) => created)).toHaveLength(1);
    for (const { info } of started)
      expect(info).toMatchObject({ ...options[winner], epoch: started[0]?.info.epoch });
  });

  test.for([
    ["an unknown behaviour", { behaviour: "nobody" }, "unknown_behaviour"],
    ["a property of Object", { behaviour: "constructor" }, "unknown_behaviour"],
    ["a timeout of zero", { idleTimeout: 0 }, "invalid_request"],
    ["a fractional timeout", { idleTimeout: 0.5 }, "invalid_request"],
    ["NaN", { idleTimeout: Number.NaN }, "invalid_request"],
    ["more than a year", { idleTimeout: 366 * 24 * 3_600_000 }, "invalid_request"],
  ] as const)("[R2] a start with %s is refused and leaves nothing", async ([, options, code]) => {
    const id = newId();
    expect(await failure(rooms.joinOrCreateRoom(id, options))).toMatchObject({ code });
    expect(await stored(id)).toEqual(nothingStored);
    expect(await isListed(id)).toBe(false);
  });

  test("[R2, D2] a room is listed, with its behaviour and start time, when joinOrCreateRoom returns", async () => {
    const room = await rooms.joinOrCreateRoom(newId(), { behaviour: "brief" });
    const { rooms: listed } = await rooms.listRooms({ prefix: room.id });
    const { createdAt } = await room.info();
    expect(listed).toEqual([{ id: room.id, behaviour: "brief", users: 0, createdAt }]);
  });
});

describe("joining an absent room", () => {
  test("[R3, D2] starts it with the default options, and lists it", async () => {
    const room = rooms.room(newId());
    expect(await room.join({ id: "ada" })).toMatchObject({ id: "ada" });
    expect(await room.info()).toMatchObject({
      behaviour: "default",
      idleTimeout: 1_800_000,
      users: 1,
    });
    const { rooms: listed } = await rooms.listRooms({ prefix: room.id });
    expect(listed).toMatchObject([{ id: room.id, users: 1 }]);
  });

  test("[R3, R1] many users who join at once start one room", async () => {
    const id = newId();
    const ids = Array.from({ length: 20 }, (_, index) => `user-${index}`);
    await Promise.all(ids.map((userId) => rooms.room(id).join({ id: userId })));
    const users = await rooms.room(id).getUsers();
    expect(users.map((user) => user.id).toSorted()).toEqual(ids.toSorted());
  });

  const refusals: [string, Script, object][] = [
    [
      "a join that is refused",
      { onJoin: () => ({ error: "no_guests" }) },
      { code: "join_refused" },
    ],
    ["a join whose hook throws", { onJoin: thrower }, { code: "hook_failed" }],
    [
      "a join whose hook returns an invalid answer",
      { onJoin: () => 42 as never },
      { code: "hook_failed" },
    ],
  ];

  test.for(refusals)(
    "[R3, U2, R4] %s leaves no storage, no alarm, no directory entry",
    async ([, script, expected]) => {
      const id = newId();
      setScript(id, script);
      expect(await failure(rooms.room(id).join({ id: "ada" }))).toMatchObject(expected);
      expect(await rooms.room(id).alive()).toBe(false);
      expect(await stored(id)).toEqual(nothingStored);
      expect(await isListed(id)).toBe(false);
    },
  );

  test("[R3, U2] the room stays absent after a refused join, and starts for the next user who is admitted", async () => {
    const id = newId();
    const { promise, resolve } = gate();
    setScript(id, {
      async onJoin(_, user) {
        if (user.id === "bob") return;
        await promise;
        return { error: "not_you" };
      },
    });
    const ada = failure(rooms.room(id).join({ id: "ada" }));
    const state = failure(rooms.room(id).getState());
    const bob = rooms.room(id).join({ id: "bob" });
    resolve();
    expect(await Promise.all([ada, state, bob])).toMatchObject([
      { code: "join_refused", reason: "not_you" },
      { code: "room_not_running" },
      { id: "bob" },
    ]);
    expect(await rooms.room(id).info()).toMatchObject({ users: 1 });
  });

  test("[R3, U2, R7] a refused join leaves a stopped room as it was", async () => {
    const room = await rooms.joinOrCreateRoom(newId());
    await room.updateState(() => ({ kept: true }));
    await room.stop();
    const before = await stored(room.id);
    setScript(room.id, { onJoin: () => ({ error: "closed" }) });
    expect(await failure(room.join({ id: "ada" }))).toMatchObject({ code: "join_refused" });
    expect(await stored(room.id)).toEqual(before);
    expect(await isListed(room.id)).toBe(false);
  });

  test("[R3, R1] a hook that hangs ends in call_timeout, and leaves nothing behind", async () => {
    const id = newId();
    setScript(id, { onJoin: hang });
    expect(await failure(rooms.room(id).join({ id: "ada" }))).toMatchObject({
      code: "call_timeout",
      detail: "onJoin took longer than 5000 ms.",
    });
    expect(await stored(id)).toEqual(nothingStored);
    expect(await isListed(id)).toBe(false);
  });
});

// Every call that does not start a room.
const probes: [string, (room: RoomHandle) => Promise<unknown>][] = [
  ["getState", (room) => room.getState()],
  ["getUsers", (room) => room.getUsers()],
  ["updateState", (room) => room.updateState((state) => state)],
  ["patchState", (room) => room.patchState([{ op: "add", path: "/a", value: 1 }])],
  ["act", (room) => room.act("nothing")],
  ["touch", (room) => room.touch()],
  ["touch of a user", (room) => room.touch("ada")],
  ["broadcast", (room) => room.broadcast("hello")],
  ["info", (room) => room.info()],
  ["stop", (room) => room.stop()],
];

describe("an absent room", () => {
  test("[R4, R7] that never ran can be purged, which stores nothing", async () => {
    const id = newId();
    await rooms.room(id).stop({ purge: true });
    expect(await stored(id)).toEqual(nothingStored);
    expect(await isListed(id)).toBe(false);
  });

  test.for(probes)(
    "[R4] that never ran answers %s with room_not_running, and stores nothing",
    async ([, ask]) => {
      const id = newId();
      expect(await failure(ask(rooms.room(id)))).toEqual({ code: "room_not_running" });
      expect(await stored(id)).toEqual(nothingStored);
      expect(await isListed(id)).toBe(false);
    },
  );

  test("[R4] that never ran accepts a leave, is not alive and stores nothing", async () => {
    const id = newId();
    await rooms.leaveRoom(id, "ada");
    await rooms.room(id).leave("ada");
    expect(await rooms.room(id).alive()).toBe(false);
    expect(await rooms.getRoom(id)).toBeNull();
    expect(await stored(id)).toEqual(nothingStored);
    expect(await isListed(id)).toBe(false);
  });

  test.for(probes)(
    "[R4] that was stopped answers %s with room_not_running, and stays as it was",
    async ([, ask]) => {
      const room = await rooms.joinOrCreateRoom(newId());
      await room.updateState(() => ({ n: 1 }));
      await room.stop();
      const before = await stored(room.id);
      expect(await failure(ask(room))).toEqual({ code: "room_not_running" });
      expect(await stored(room.id)).toEqual(before);
    },
  );

  test("[R4] that was stopped accepts every leave and is not alive", async () => {
    const room = await rooms.joinOrCreateRoom(newId());
    await room.join({ id: "ada" });
    await room.stop();
    const before = await stored(room.id);
    await room.leave("ada");
    expect(await room.alive()).toBe(false);
    expect(await rooms.getRoom(room.id)).toBeNull();
    expect(await stored(room.id)).toEqual(before);
    expect(callsOf(room.id).map(({ hook }) => hook)).toEqual(["onJoin", "onLeave"]);
  });
});

describe("an epoch", () => {
  /** Stop a room and start it again. */
  async function restart(room: RoomHandle, behaviour: string, purge = false) {
    await room.stop({ purge });
    return (await rooms.joinOrCreateRoom(room.id, { behaviour })).info();
  }

  test("[R8] differs for every room", async () => {
    const infos = await Promise.all(
      [newId(), newId()].map(async (id) => (await rooms.joinOrCreateRoom(id)).info()),
    );
    expect(new Set(infos.map(({ epoch }) => epoch)).size).toBe(2);
  });

  test("[R8] lasts across stops and starts, and its version only grows", async () => {
    const room = await rooms.joinOrCreateRoom(newId(), { behaviour: "scripted" });
    const { epoch } = await room.info();
    for (let round = 1; round <= 3; round++) {
      expect(await room.updateState(() => ({ round }))).toEqual({ version: round });
      const info = await restart(room, "scripted");
      expect(info).toMatchObject({ epoch, version: round });
      expect(await room.getState()).toEqual({ round });
    }
  });

  test("[R8, R5] continues when a start loads another state, which is a new version", async () => {
    const room = await rooms.joinOrCreateRoom(newId(), { behaviour: "loaded" });
    const { epoch } = await room.info();
    await room.updateState(() => ({ n: 1 }));
    setScript(room.id, { loadRoomState: () => ({ ok: { n: 2 } }) });
    expect(await restart(room, "loaded")).toMatchObject({ epoch, version: 2 });
    expect(await restart(room, "loaded")).toMatchObject({ epoch, version: 2 });
    expect(await room.getState()).toEqual({ n: 2 });
  });

  test.for([
    ["a purge", "scripted", true],
    ["a stop of a room that saves elsewhere", "saved", false],
    ["a stop of a room that drops its state", "dropped", false],
  ] as const)("[R8, R7] ends with %s", async ([, behaviour, purge]) => {
    const room = await rooms.joinOrCreateRoom(newId(), { behaviour });
    const { epoch } = await room.info();
    await room.updateState(() => ({ n: 1 }));
    const info = await restart(room, behaviour, purge);
    expect(info.version).toBe(0);
    expect(info.epoch).not.toBe(epoch);
    expect(await room.getState()).toEqual({});
  });
});
