// The users of a room: who is admitted, what is stored of them, how they leave, and in which order they are listed.

import { describe, expect, test } from "vitest";
import type { RoomContext } from "collab-room";
import { workerCaller } from "../../../src/protocol/caller.ts";
import { callsOf, gate, hang, setScript, type Script } from "../../fixtures/scripts.ts";
import { isoNow, pass, useFakeDate } from "../../support/fake-date.ts";
import { evict, failure, failureCode, newId, rooms, stored } from "../../support/core/rooms.ts";

useFakeDate();

const start = (behaviour = "scripted") => rooms.joinOrCreateRoom(newId(), { behaviour });

const thrower = (): never => {
  throw new Error("secret: the hook broke");
};

/** What a room shows of itself, and everything it has stored. */
const everything = async (id: string) => [
  await rooms.room(id).info(),
  await rooms.room(id).getUsers(),
  await rooms.room(id).getState(),
  await stored(id),
];

const userIds = async (id: string): Promise<string[]> =>
  (await rooms.room(id).getUsers()).map((user) => user.id);

const hooksOf = (id: string): string[] =>
  callsOf(id).map(({ hook, user }) => `${hook} ${user ?? ""}`);

describe("a user who joins", () => {
  test("[U1, U2] is stored with their own fields, their join time, and the meta that onJoin returned", async () => {
    const room = await start();
    setScript(room.id, { onJoin: () => ({ ok: { role: "editor", tags: ["a", null] } }) });
    const user = { id: "ada", name: "Ada", age: 36, joinedAt: "never", seq: -1, meta: "mine" };
    const entry = await room.join(user);
    expect(entry).toEqual({
      id: "ada",
      name: "Ada",
      age: 36,
      joinedAt: isoNow(),
      seq: 1,
      meta: { role: "editor", tags: ["a", null] },
    });
    expect(await room.getUsers()).toEqual([entry]);
  });

  test.for<[string, Script]>([
    ["nothing", {}],
    ["{ ok: undefined }", { onJoin: () => ({ ok: undefined }) }],
  ])("[U2] has {} as meta if onJoin returns %s", async ([, script]) => {
    const room = await start();
    setScript(room.id, script);
    expect(await room.join({ id: "ada" })).toMatchObject({ meta: {} });
  });

  test("[U1] may have keys with a special meaning in JavaScript", async () => {
    const room = await start();
    const user = JSON.parse('{"id":"ada","__proto__":{"id":"eve"},"constructor":1}') as {
      id: string;
    };
    await room.join(user);
    const [entry] = await room.getUsers();
    expect(JSON.parse(JSON.stringify(entry))).toEqual({
      ...user,
      joinedAt: isoNow(),
      seq: 1,
      meta: {},
    });
    expect(Object.keys(entry ?? {})).toContain("__proto__");
  });

  test.for<[string, unknown]>([
    ["a value that is not an object", "ada"],
    ["null", null],
    ["an array", [{ id: "ada" }]],
    ["no id", { name: "Ada" }],
    ["an empty id", { id: "" }],
    ["a number as id", { id: 7 }],
    ["an id of 129 characters", { id: "x".repeat(129) }],
    ["a lone surrogate as id", { id: "\ud800" }],
    ["an inherited id", Object.create({ id: "ada" })],
    ["4097 bytes", { id: "ada", text: "x".repeat(4097 - '{"id":"ada","text":""}'.length) }],
    ["few characters with many bytes", { id: "ada", text: "\u{1f600}".repeat(1024) }],
    ["fields nested 17 deep", { id: "ada", deep: JSON.parse("[".repeat(16) + "]".repeat(16)) }],
    ["a field that is not JSON", { id: "ada", at: new Date(0) }],
    ["a field that is undefined", { id: "ada", name: undefined }],
  ])("[U1] with %s fails with invalid_user, and nothing changes", async ([, user]) => {
    const room = await start();
    const before = await everything(room.id);
    pass(1000);
    expect(await failure(room.join(user as { id: string }))).toMatchObject({
      code: "invalid_user",
    });
    expect(await everything(room.id)).toEqual(before);
    expect(callsOf(room.id)).toEqual([]);
  });

  test.for<[string, { id: string }]>([
    ["an id of one character", { id: "a" }],
    ["an id of 128 characters", { id: "x".repeat(128) }],
    ["4096 bytes", Object.assign({ id: "ada" }, { text: "x".repeat(4096 - 22) })],
    ["an id with a slash, a space and an emoji", { id: "a/b c\u{1f600}" }],
  ])("[U1] with %s is admitted", async ([, user]) => {
    const room = await start();
    await room.join(user);
    expect(await userIds(room.id)).toEqual([user.id]);
  });

  test("[U2] who is refused gets join_refused with the reason, and nothing changes", async () => {
    const room = await start();
    await room.join({ id: "bob" });
    const before = await everything(room.id);
    pass(1_000_000);
    setScript(room.id, { onJoin: () => ({ error: "no_guests" }) });
    expect(await failure(room.join({ id: "ada" }))).toEqual({
      code: "join_refused",
      reason: "no_guests",
    });
    expect(await everything(room.id)).toEqual(before);
  });

  test.for<[string, Script, string]>([
    ["throws", { onJoin: thrower }, "hook_failed"],
    ["rejects", { onJoin: () => Promise.reject(new Error("secret")) }, "hook_failed"],
    [
      "throws a value that is not an error",
      { onJoin: () => Promise.reject(Object.create(null)) },
      "hook_failed",
    ],
    ["returns 42", { onJoin: () => 42 as never }, "hook_failed"],
    ["returns null", { onJoin: () => null as never }, "hook_failed"],
    ["gives a Date", { onJoin: () => ({ ok: new Date() }) }, "hook_failed"],
    ["gives a function", { onJoin: () => ({ ok: thrower }) }, "hook_failed"],
    ["gives 4 KiB and more", { onJoin: () => ({ ok: "x".repeat(4095) }) }, "hook_failed"],
    ["hangs", { onJoin: hang }, "call_timeout"],
  ])("[U2, A6] gets no detail if onJoin %s, and nothing changes", async ([, script, code]) => {
    const room = await start();
    await room.join({ id: "bob" });
    const before = await everything(room.id);
    pass(1_000_000);
    setScript(room.id, script);
    const error = await failure(room.join({ id: "ada" }));
    expect(error).toEqual({
      code,
      instance: expect.any(String),
      ...(code === "call_timeout" && { detail: "onJoin took longer than 500 ms." }),
    });
    expect(await everything(room.id)).toEqual(before);
    setScript(room.id, {});
    expect(await room.join({ id: "ada" })).toMatchObject({ id: "ada" });
  });

  test("[U2, R1] stays out if onJoin resolves after its timeout", async () => {
    const room = await start();
    const { promise, resolve } = gate();
    setScript(room.id, { onJoin: () => promise });
    expect(await failureCode(room.join({ id: "ada" }))).toBe("call_timeout");
    resolve();
    expect(await userIds(room.id)).toEqual([]);
  });

  test("[U2] is passed to onJoin with a frozen context", async () => {
    const room = await start();
    await room.join({ id: "bob" });
    await room.updateState(() => ({ list: [1] }));
    let told: Omit<RoomContext, "env"> | undefined;
    const attempts: boolean[] = [];
    setScript(room.id, {
      onJoin({ env, ...rest }) {
        told = structuredClone(rest);
        expect(env).toHaveProperty("ROOMS");
        attempts.push(
          Reflect.set(rest.state, "list", []),
          Reflect.set(rest.state["list"] as object, 0, 2),
          Reflect.set(rest.users[0] ?? {}, "id", "eve"),
        );
      },
    });
    const users = await room.getUsers();
    await room.join({ id: "ada" });
    expect(told).toEqual({
      id: room.id,
      caller: workerCaller,
      users,
      state: { list: [1] },
      version: 1,
      epoch: (await room.info()).epoch,
      now: Date.now(),
    });
    expect(attempts).toEqual([false, false, false]);
    expect(await room.getState()).toEqual({ list: [1] });
  });
});

describe("a user who joins again", () => {
  test("[U3, U5] is passed to the hook again, replaced, and moved to the end of the join order", async () => {
    const room = await start();
    setScript(room.id, { onJoin: (_, user) => ({ ok: user["name"] ?? null }) });
    await room.join({ id: "ada", name: "first", old: true });
    await room.join({ id: "bob" });
    pass(1000);
    const entry = await room.join({ id: "ada", name: "second" });
    expect(entry).toEqual({
      id: "ada",
      name: "second",
      joinedAt: isoNow(),
      seq: 3,
      meta: "second",
    });
    expect(await room.getUsers()).toMatchObject([{ id: "bob" }, entry]);
    expect(await room.info()).toMatchObject({ users: 2 });
    expect(hooksOf(room.id)).toEqual(["onJoin ada", "onJoin bob", "onJoin ada"]);
    await evict(room.id);
    expect(await room.getUsers()).toMatchObject([{ id: "bob" }, entry]);
  });

  test("[U3, U2] keeps their entry if they are refused", async () => {
    const room = await start();
    await room.join({ id: "ada", name: "first" });
    const before = await everything(room.id);
    setScript(room.id, { onJoin: () => ({ error: "once_only" }) });
    expect(await failureCode(room.join({ id: "ada", name: "second" }))).toBe("join_refused");
    expect(await everything(room.id)).toEqual(before);
  });

  test("[U3, U4] leaves once, however often they joined", async () => {
    const room = await start();
    for (let time = 0; time < 3; time++) await room.join({ id: "ada", time });
    await room.leave("ada");
    expect(await room.getUsers()).toEqual([]);
    expect(hooksOf(room.id).filter((call) => call === "onLeave ada")).toHaveLength(1);
  });
});

describe("a user's place", () => {
  test("[U5] is by join order, whoever leaves and comes back, also after an eviction", async () => {
    const room = await start();
    for (const id of ["zoe", "ada", "10", "bob", "9"]) await room.join({ id });
    await room.leave("ada");
    await room.join({ id: "ada" });
    expect(await userIds(room.id)).toEqual(["zoe", "10", "bob", "9", "ada"]);
    await room.leave("ada");
    await evict(room.id);
    await room.join({ id: "cyn" });
    await evict(room.id);
    expect(await userIds(room.id)).toEqual(["zoe", "10", "bob", "9", "cyn"]);
  });

  test("[U9] beyond maxUsers is refused with room_full without a call of the hook, and nothing changes", async () => {
    const room = await start("small");
    await room.join({ id: "ada" });
    await room.join({ id: "bob" });
    const before = await everything(room.id);
    pass(1000);
    expect(await failure(room.join({ id: "cyn" }))).toEqual({ code: "room_full" });
    expect(await everything(room.id)).toEqual(before);
    expect(hooksOf(room.id)).toEqual(["onJoin ada", "onJoin bob"]);
  });

  test("[U9, U3] is free for the user who has it, and for another one when they have left", async () => {
    const room = await start("small");
    await room.join({ id: "ada" });
    await room.join({ id: "bob" });
    await room.join({ id: "ada" });
    await room.leave("bob");
    await room.join({ id: "cyn" });
    expect(await userIds(room.id)).toEqual(["ada", "cyn"]);
  });

  test("[U9, R1] is given to as many concurrent joins as there are places", async () => {
    const room = await start("small");
    setScript(room.id, { onJoin: () => Promise.resolve() });
    const joins = Array.from({ length: 10 }, (_, index) =>
      rooms.room(room.id).join({ id: `user-${index}` }),
    );
    const outcomes = await Promise.allSettled(joins);
    expect(outcomes.filter(({ status }) => status === "fulfilled")).toHaveLength(2);
    expect(await room.info()).toMatchObject({ users: 2 });
  });
});
