// Rooms for code in a Worker: the manager starts and finds them, a handle calls one of them, and every
// failure is a CollabError.

import { env } from "cloudflare:workers";
import { CollabError } from "collab-room";
import { describe, expect, test } from "vitest";
import { collab } from "../fixtures/worker.ts";
import { callsOf, setScript } from "../fixtures/scripts.ts";
import {
  failure,
  failureCode,
  isListed,
  newId,
  nothingStored,
  rooms,
  stored,
} from "../support/rooms.ts";

const start = (behaviour = "scripted") => rooms.joinOrCreateRoom(newId(), { behaviour });

/** The reason of a rejected promise; `null` if it is fulfilled. */
const errorOf = (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    () => null,
    (error: unknown) => error,
  );

describe("the manager", () => {
  test("[R2] starts a room with its options by joinOrCreateRoom, and finds it afterwards", async () => {
    const id = newId();
    const options = { behaviour: "scripted", idleTimeout: 60_000 };
    const first = await rooms.joinOrCreateRoom(id, options);
    expect(first.id).toBe(id);
    const info = await first.info();
    expect(info).toMatchObject({ id, ...options, alive: true });
    const second = await rooms.joinOrCreateRoom(id, { behaviour: "saved", idleTimeout: 1 });
    expect(await second.info()).toEqual(info);
    expect(await isListed(id)).toBe(true);
  });

  test("[R2] starts a room with the default behaviour and 30 minutes without options", async () => {
    const room = await rooms.joinOrCreateRoom(newId());
    expect(await room.info()).toMatchObject({ behaviour: "default", idleTimeout: 1_800_000 });
    const same = await rooms.joinOrCreateRoom(newId(), { behaviour: undefined });
    expect(await same.info()).toMatchObject({ behaviour: "default", idleTimeout: 1_800_000 });
  });

  test("[R2] starts nothing with invalid options", async () => {
    const id = newId();
    const bad: [object, string][] = [
      [{ behaviour: "nobody-wrote-this" }, "unknown_behaviour"],
      [{ behaviour: "__proto__" }, "unknown_behaviour"],
      [{ idleTimeout: 0 }, "invalid_request"],
      [{ idleTimeout: 1.5 }, "invalid_request"],
      [{ idleTimeout: Number.NaN }, "invalid_request"],
      [{ idleTimeout: "60000" }, "invalid_request"],
    ];
    for (const [options, code] of bad)
      expect(await failureCode(rooms.joinOrCreateRoom(id, options))).toBe(code);
    expect(await stored(id)).toEqual(nothingStored);
  });

  test("[R4] returns null from getRoom for an absent room and leaves nothing behind", async () => {
    const id = newId();
    expect(await rooms.getRoom(id)).toBeNull();
    expect(await stored(id)).toEqual(nothingStored);
    await rooms.joinOrCreateRoom(id);
    const room = await rooms.getRoom(id);
    expect(await room?.alive()).toBe(true);
    await room?.stop();
    expect(await rooms.getRoom(id)).toBeNull();
  });

  test("[R4] accepts leaveRoom for an absent room or user", async () => {
    const id = newId();
    expect(await rooms.leaveRoom(id, "ada")).toBeUndefined();
    expect(await stored(id)).toEqual(nothingStored);
    await rooms.joinOrCreateRoom(id);
    expect(await rooms.leaveRoom(id, "ada")).toBeUndefined();
  });

  test("[U4] removes a user from a running room by leaveRoom", async () => {
    const room = await start();
    await room.join({ id: "ada" });
    await rooms.leaveRoom(room.id, "ada");
    expect(await room.getUsers()).toEqual([]);
    expect(callsOf(room.id)).toContainEqual({ hook: "onLeave", user: "ada" });
  });

  test("[D1] lists and counts the running rooms by listRooms and roomCount", async () => {
    const before = await rooms.roomCount();
    const prefix = newId("count/");
    for (const ending of ["b", "a", "c"]) await rooms.joinOrCreateRoom(prefix + ending);
    expect(await rooms.roomCount()).toBe(before + 3);
    const page = await rooms.listRooms({ prefix, limit: 2 });
    expect(page.rooms.map(({ id }) => id)).toEqual([`${prefix}a`, `${prefix}b`]);
    expect(page.total).toBe(3);
    const rest = await rooms.listRooms({ prefix, limit: 2, cursor: page.cursor });
    expect(rest.rooms.map(({ id }) => id)).toEqual([`${prefix}c`]);
    await rooms.room(`${prefix}b`).stop();
    expect(await rooms.roomCount()).toBe(before + 2);
  });

  test("[D1] refuses invalid options of listRooms", async () => {
    for (const limit of [0, -1, 1001, 1.5, Number.NaN])
      expect(await failureCode(rooms.listRooms({ limit }))).toBe("invalid_request");
    for (const prefix of ["\ud800", "a\udc00"])
      expect(await failureCode(rooms.listRooms({ prefix }))).toBe("invalid_request");
    for (const cursor of ["", "?", "é", "a b c"])
      expect(await failureCode(rooms.listRooms({ cursor }))).toBe("invalid_request");
  });

  test("[A2] needs no AUTH_MODE", async () => {
    const closed = collab.rooms({ ROOMS: env.ROOMS, DIRECTORY: env.DIRECTORY });
    const room = await closed.joinOrCreateRoom(newId());
    expect(await room.alive()).toBe(true);
  });
});

describe("a handle", () => {
  test("[R3] on an absent room starts it only by join", async () => {
    const room = rooms.room(newId());
    expect(await room.alive()).toBe(false);
    for (const call of [
      () => room.getState(),
      () => room.getUsers(),
      () => room.info(),
      () => room.updateState((state) => state),
      () => room.patchState([]),
      () => room.act("rename", {}),
      () => room.touch(),
      () => room.broadcast("wave"),
      () => room.getPresence(),
      () => room.holdPresence("ada", {}),
      () => room.setScopes("ada", []),
      () => room.stop(),
    ])
      expect(await failureCode(call())).toBe("room_not_running");
    await room.leave("ada");
    expect(await stored(room.id)).toEqual(nothingStored);
    await room.join({ id: "ada" });
    expect(await room.alive()).toBe(true);
  });

  test("[U2, U5] joins, lists and removes users", async () => {
    const room = await start();
    setScript(room.id, { onJoin: (_, user) => ({ ok: { role: user["role"] ?? "guest" } }) });
    const ada = await room.join({ id: "ada", role: "owner" });
    expect(ada).toEqual({
      id: "ada",
      role: "owner",
      joinedAt: expect.any(String),
      seq: 1,
      meta: { role: "owner" },
    });
    const bob = await room.join({ id: "bob" }, { ttl: 60_000 });
    expect(await room.getUsers()).toEqual([ada, bob]);
    await room.leave("ada");
    expect(await room.getUsers()).toEqual([bob]);
  });

  test("[U1, U7] takes ttl as an option of join, and refuses it as a field of the user", async () => {
    const room = rooms.room(newId());
    const { code, detail } = await failure(room.join({ id: "ada", ttl: 60_000 }));
    expect(code).toBe("invalid_user");
    expect(detail).toContain("the options of join()");
    expect(await stored(room.id)).toEqual(nothingStored);
    expect(await room.join({ id: "ada" }, { ttl: 60_000 })).not.toHaveProperty("ttl");
  });

  test("[S1] updates the state by a function, which may be async", async () => {
    const room = await start();
    expect(await room.updateState((state) => ({ ...state, n: 1 }))).toEqual({ version: 1 });
    const later = async (state: { n: number }) => ({ n: await Promise.resolve(state.n + 1) });
    expect(await room.updateState(later)).toEqual({ version: 2 });
    expect(await room.getState()).toEqual({ n: 2 });
  });

  test("[S5, S6] patches the state, optionally only at a given version", async () => {
    const room = await start();
    const patch = [{ op: "add", path: "/a", value: 1 }] as const;
    expect(await room.patchState(patch)).toEqual({ version: 1, dropped: [] });
    expect(await failureCode(room.patchState([], { ifVersion: 0 }))).toBe("version_conflict");
    const remove = [{ op: "remove", path: "/a" }] as const;
    expect(await room.patchState(remove, { ifVersion: 1 })).toMatchObject({ version: 2 });
    expect(await failureCode(room.patchState(remove))).toBe("patch_failed");
  });

  test("[S7] calls actions", async () => {
    const room = await start();
    expect(await room.act("rename", { title: "x" })).toEqual({ result: "renamed", version: 1 });
    expect(await room.act("nothing")).toEqual({ result: null, version: 1 });
    expect(await failure(room.act("refuse"))).toEqual({
      code: "action_refused",
      reason: "not_today",
    });
  });

  test("[T1] touches the room and broadcasts events", async () => {
    const room = await start();
    await room.join({ id: "ada" });
    expect(await room.touch()).toBeUndefined();
    expect(await room.touch("ada")).toBeUndefined();
    expect(await failureCode(room.touch("bob"))).toBe("user_not_found");
    expect(await room.broadcast("wave", { from: "ada" })).toBeUndefined();
    expect(await failureCode(room.broadcast(""))).toBe("invalid_request");
  });

  test("[R7] stops the room and keeps or deletes its stored state", async () => {
    const room = await start();
    await room.updateState(() => ({ kept: true }));
    await room.stop();
    expect(await room.alive()).toBe(false);
    await rooms.joinOrCreateRoom(room.id);
    expect(await room.getState()).toEqual({ kept: true });
    await room.stop({ purge: true });
    expect(await stored(room.id)).toEqual(nothingStored);
  });
});

describe("errors", () => {
  test("[A6] are CollabErrors with code, status and retryability", async () => {
    const room = await start();
    const error = await errorOf(room.touch("bob"));
    expect(error).toBeInstanceOf(CollabError);
    expect(error).toBeInstanceOf(Error);
    expect(error).toMatchObject({
      name: "CollabError",
      code: "user_not_found",
      status: 404,
      retryable: false,
      message: "No user with this id is in the room. The user must join first.",
    });
    setScript(room.id, { onJoin: () => new Promise(() => {}) });
    expect(await errorOf(room.join({ id: "ada" }))).toMatchObject({
      code: "call_timeout",
      status: 504,
      retryable: true,
    });
    setScript(room.id, { onJoin: () => ({ error: "members_only" }) });
    expect(await errorOf(room.join({ id: "ada" }))).toMatchObject({
      code: "join_refused",
      status: 403,
      retryable: false,
      reason: "members_only",
    });
  });

  test("[A6] of an author's code reveal nothing of it", async () => {
    const room = await start();
    setScript(room.id, {
      onJoin: () => {
        throw new TypeError("secret");
      },
    });
    const error = await errorOf(room.join({ id: "ada" }));
    expect(error).toMatchObject({ code: "hook_failed", status: 500 });
    expect(JSON.stringify((error as CollabError).info)).not.toContain("secret");
    expect(String(error)).not.toContain("secret");
  });

  test("[S2] of an update function have the thrown value as their cause", async () => {
    const room = await start();
    const thrown = new RangeError("too far");
    const error = await errorOf(
      room.updateState(() => {
        throw thrown;
      }),
    );
    expect(error).toMatchObject({ code: "update_failed", status: 500 });
    expect((error as CollabError).cause).toBe(thrown);
    expect(await room.getState()).toEqual({});
  });

  test.each<[string, unknown, string]>([
    ["a number", 42, "invalid_state"],
    ["an array", [], "invalid_state"],
    ["null", null, "invalid_state"],
    ["nothing", undefined, "invalid_state"],
    ["a Date", { at: new Date() }, "invalid_state"],
    ["NaN", { n: Number.NaN }, "invalid_state"],
    ["undefined", { n: undefined }, "invalid_state"],
    ["a bigint", { n: 1n }, "invalid_state"],
    ["a Map", new Map(), "invalid_state"],
    ["a sparse array", { list: Object.assign([1], { length: 3 }) }, "invalid_state"],
  ])("[S2] of an update that returns %s leave the state unchanged", async (_, returned, code) => {
    const room = await start();
    expect(await failureCode(room.updateState(() => returned as object))).toBe(code);
    expect(await room.info()).toMatchObject({ version: 0 });
    expect(await room.getState()).toEqual({});
  });

  test("[S2] for values that are not JSON are thrown before anything is sent", async () => {
    const room = await start();
    const cyclic: Record<string, unknown> = { id: "ada" };
    cyclic["self"] = cyclic;
    expect(await failureCode(room.join(cyclic as { id: string }))).toBe("invalid_user");
    expect(await failureCode(room.join({ id: "ada", at: new Date() }))).toBe("invalid_user");
    expect(await failureCode(room.updateState(() => cyclic))).toBe("invalid_state");
    const payload = { at: 5n } as unknown as string;
    expect(await failureCode(room.act("nothing", payload))).toBe("malformed");
    expect(await failureCode(room.broadcast("wave", payload))).toBe("malformed");
    expect(await room.getUsers()).toEqual([]);
  });
});
