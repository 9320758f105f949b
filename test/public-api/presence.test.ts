// Presence and scopes through a handle, for code in a Worker: values in, values out, and each error.

import { CollabError, type JsonObject } from "collab-room";
import { describe, expect, test } from "vitest";
import { isoNow, pass, useFakeDate } from "../support/fake-date.ts";
import { evict, failure, failureCode, newId, ring, rooms, stored } from "../support/rooms.ts";
import { connect } from "../support/socket-client.ts";

useFakeDate();

const online = { name: "Anonymous", color: "#6366F1", typing: false, status: "online" };

/** A running room that Ada is in. */
async function start() {
  const room = await rooms.joinOrCreateRoom(newId(), { behaviour: "scripted" });
  const ada = await room.join({ id: "ada" });
  return { room, ada };
}

describe("presence", () => {
  test("[P4, P1] is held for a user, and seen by everybody who asks", async () => {
    const { room } = await start();
    expect(await room.getPresence()).toEqual({});
    const data = { cursor: { line: 3 }, status: "idle" } as const;
    expect(await room.holdPresence("ada", data)).toBeUndefined();
    const { ada } = await rooms.room(room.id).getPresence();
    expect(ada).toEqual({ ...online, ...data, idleSince: isoNow() });
  });

  test("[P4] is held for 30 s, or for as long as is said", async () => {
    const { room } = await start();
    await room.join({ id: "bob" });
    await room.holdPresence("ada", {});
    await room.holdPresence("bob", {}, { ttl: 40_000 });
    pass(29_999);
    await ring(room.id);
    expect(Object.keys(await room.getPresence())).toEqual(["ada", "bob"]);
    pass(1);
    await ring(room.id);
    expect(Object.keys(await room.getPresence())).toEqual(["bob"]);
    pass(10_000);
    await ring(room.id);
    expect(await room.getPresence()).toEqual({});
  });

  test("[P4] replaces what was held, and an undefined ttl is none", async () => {
    const { room } = await start();
    await room.holdPresence("ada", { name: "Ada", tool: "pen" }, { ttl: 1000 });
    await room.holdPresence("ada", { tool: "brush" }, { ttl: undefined });
    pass(1000);
    await ring(room.id);
    expect(await room.getPresence()).toEqual({ ada: { ...online, tool: "brush" } });
  });

  test("[P1, P4] rolls up what is held and what sockets say", async () => {
    const { room } = await start();
    const session = await connect(room.id, { id: "ada" });
    await room.holdPresence("ada", { name: "Ada", status: "idle", typing: false });
    expect(await room.getPresence()).toEqual({ ada: { ...online, name: "Ada" } });
    pass(1);
    await session.show({ cursor: { x: 1 }, typing: true });
    expect(await room.getPresence()).toEqual({
      ada: { ...online, cursor: { x: 1 }, typing: true },
    });
    await session.until(({ presence }) => "cursor" in (presence["ada"] ?? {}));
  });

  test("[S9, P4] may have any key, of users and of data", async () => {
    const { room } = await start();
    await room.join({ id: "__proto__" });
    await room.holdPresence("__proto__", JSON.parse('{"__proto__":{"admin":true}}'));
    expect(JSON.stringify(await room.getPresence())).toMatch(
      /^\{"__proto__":\{.*"__proto__":\{"admin":true\}/,
    );
  });

  test.each<[string, unknown]>([
    ["null", null],
    ["an array", []],
    ["text", "calm"],
    ["nothing", undefined],
    ["a Map", new Map()],
    ["a Date inside", { at: new Date() }],
    ["NaN inside", { n: Number.NaN }],
    ["Infinity inside", { cursor: [Infinity] }],
    ["undefined inside", { n: undefined }],
    ["a bigint inside", { n: 1n }],
    ["a function inside", { n: () => 1 }],
    ["17 levels", { deep: JSON.parse("[".repeat(16) + "]".repeat(16)) }],
    ["thousands of levels", { deep: JSON.parse("[".repeat(5000) + "]".repeat(5000)) }],
    ["2,049 bytes", { fill: "x".repeat(2049 - '{"fill":""}'.length) }],
    ["typing that is no boolean", { typing: 1 }],
    ["a status that the room gives", { status: "away" }],
    ["a name that is no text", { name: 1 }],
    ["idleSince", { idleSince: new Date(0).toISOString() }],
  ])("[P1] that is %s is invalid_presence, and what was held stays", async (_, data) => {
    const { room } = await start();
    await room.holdPresence("ada", { mood: "calm" });
    const before = await stored(room.id);
    expect(await failureCode(room.holdPresence("ada", data as JsonObject))).toBe(
      "invalid_presence",
    );
    expect(await stored(room.id)).toEqual(before);
    expect(await room.getPresence()).toEqual({ ada: { ...online, mood: "calm" } });
  });

  test("[P4] for a span that is none is invalid_request", async () => {
    const { room } = await start();
    for (const ttl of [0, -1, 0.5, Number.NaN, Infinity, 365 * 24 * 3_600_000 + 1, "1000", null])
      expect(await failureCode(room.holdPresence("ada", {}, { ttl: ttl as number }))).toBe(
        "invalid_request",
      );
    expect(await room.getPresence()).toEqual({});
  });

  test("[P4] of users who are not in the room is not held", async () => {
    const { room } = await start();
    for (const userId of ["bob", "", "__proto__", "ADA"])
      expect(await failure(room.holdPresence(userId, {}))).toEqual({ code: "user_not_found" });
    await room.holdPresence("ada", {});
    await room.leave("ada");
    expect(await room.getPresence()).toEqual({});
    expect(await failureCode(room.holdPresence("ada", {}))).toBe("user_not_found");
  });

  test("[A6] that is refused is a CollabError with a status", async () => {
    const { room } = await start();
    const error = await room.holdPresence("bob", {}).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(CollabError);
    expect(error).toMatchObject({ code: "user_not_found", status: 404, retryable: false });
  });
});

describe("scopes", () => {
  test("[A3] are set for a user's sockets; the entry comes back, and says nothing of them", async () => {
    const { room, ada } = await start();
    expect(await room.setScopes("ada", ["presence:write", "room:read"])).toEqual(ada);
    await evict(room.id);
    const { welcome } = await connect(room.id, { id: "ada" });
    expect(welcome.scopes).toEqual(["room:read", "presence:write"]);
    expect(await room.getUsers()).toEqual([ada]);
  });

  test("[A3] act on sockets that are open", async () => {
    const { room } = await start();
    const session = await connect(room.id, { id: "ada" });
    await room.setScopes("ada", ["room:read"]);
    expect((await session.next("scopes")).scopes).toEqual(["room:read"]);
    await room.setScopes("ada", []);
    expect(await session.closed).toEqual({ code: 4003, reason: "forbidden" });
  });

  test.each<[string, unknown]>([
    ["nothing", undefined],
    ["null", null],
    ["text", "room:read"],
    ["one that nobody knows", ["room:read", "room:reed"]],
    ["a number", [1]],
    ["a list in the list", [["room:read"]]],
    ["a set", new Set(["room:read"])],
  ])("[A3] that are %s are invalid_request, and change nothing", async (_, scopes) => {
    const { room } = await start();
    const before = await stored(room.id);
    const { code, detail } = await failure(room.setScopes("ada", scopes as []));
    expect({ code, detail }).toEqual({
      code: "invalid_request",
      detail: expect.stringContaining("room:read, room:write, presence:write, room:admin"),
    });
    expect(await stored(room.id)).toEqual(before);
  });

  test("[A3] of users who are not in the room are not set", async () => {
    const { room } = await start();
    for (const userId of ["bob", "", "__proto__"])
      expect(await failure(room.setScopes(userId, []))).toEqual({ code: "user_not_found" });
  });
});
