// Presence and scopes through a handle, for code in a Worker: arguments, return values and errors.

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
  test("[P4, P1] is held for a user and visible to every caller", async () => {
    const { room } = await start();
    expect(await room.getPresence()).toEqual({});
    const data = { cursor: { line: 3 }, status: "idle" } as const;
    expect(await room.holdPresence("ada", data)).toBeUndefined();
    const { ada } = await rooms.room(room.id).getPresence();
    expect(ada).toEqual({ ...online, ...data, idleSince: isoNow() });
  });

  test("[P4] is held for 30 s or for the given ttl", async () => {
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

  test("[P4] replaces the presence that was held, and an undefined ttl means the default", async () => {
    const { room } = await start();
    await room.holdPresence("ada", { name: "Ada", tool: "pen" }, { ttl: 1000 });
    await room.holdPresence("ada", { tool: "brush" }, { ttl: undefined });
    pass(1000);
    await ring(room.id);
    expect(await room.getPresence()).toEqual({ ada: { ...online, tool: "brush" } });
  });

  test("[P1, P4] combines held presence with that of the sockets", async () => {
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

  test("[S9, P4] may have any user id and any key", async () => {
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
    ["typing that is not a boolean", { typing: 1 }],
    ["a status that only the room sets", { status: "away" }],
    ["a name that is not a string", { name: 1 }],
    ["idleSince", { idleSince: new Date(0).toISOString() }],
  ])("[P1] with %s is invalid_presence, and the held one stays", async (_, data) => {
    const { room } = await start();
    await room.holdPresence("ada", { mood: "calm" });
    const before = await stored(room.id);
    expect(await failureCode(room.holdPresence("ada", data as JsonObject))).toBe(
      "invalid_presence",
    );
    expect(await stored(room.id)).toEqual(before);
    expect(await room.getPresence()).toEqual({ ada: { ...online, mood: "calm" } });
  });

  test("[P4] with an invalid ttl is invalid_request", async () => {
    const { room } = await start();
    for (const ttl of [0, -1, 0.5, Number.NaN, Infinity, 365 * 24 * 3_600_000 + 1, "1000", null])
      expect(await failureCode(room.holdPresence("ada", {}, { ttl: ttl as number }))).toBe(
        "invalid_request",
      );
    expect(await room.getPresence()).toEqual({});
  });

  test("[P4] is not held for users who are not in the room", async () => {
    const { room } = await start();
    for (const userId of ["bob", "", "__proto__", "ADA"])
      expect(await failure(room.holdPresence(userId, {}))).toEqual({ code: "user_not_found" });
    await room.holdPresence("ada", {});
    await room.leave("ada");
    expect(await room.getPresence()).toEqual({});
    expect(await failureCode(room.holdPresence("ada", {}))).toBe("user_not_found");
  });

  test("[A6] throws a CollabError with a status if it is refused", async () => {
    const { room } = await start();
    const error = await room.holdPresence("bob", {}).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(CollabError);
    expect(error).toMatchObject({ code: "user_not_found", status: 404, retryable: false });
  });
});

describe("scopes", () => {
  test("[A3] are set for a user's sockets and are not part of the returned entry", async () => {
    const { room, ada } = await start();
    expect(await room.setScopes("ada", ["presence:write", "room:read"])).toEqual(ada);
    await evict(room.id);
    const { welcome } = await connect(room.id, { id: "ada" });
    expect(welcome.scopes).toEqual(["room:read", "presence:write"]);
    expect(await room.getUsers()).toEqual([ada]);
  });

  test("[A3] apply to open sockets", async () => {
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
    ["an unknown scope", ["room:read", "room:reed"]],
    ["a number", [1]],
    ["a nested array", [["room:read"]]],
    ["a set", new Set(["room:read"])],
  ])("[A3] such as %s are invalid_request and change nothing", async (_, scopes) => {
    const { room } = await start();
    const before = await stored(room.id);
    const { code, detail } = await failure(room.setScopes("ada", scopes as []));
    expect({ code, detail }).toEqual({
      code: "invalid_request",
      detail: expect.stringContaining(
        "room:read, room:act, room:write, room:create, presence:write, room:admin",
      ),
    });
    expect(await stored(room.id)).toEqual(before);
  });

  test("[A3] are not set for users who are not in the room", async () => {
    const { room } = await start();
    for (const userId of ["bob", "", "__proto__"])
      expect(await failure(room.setScopes(userId, []))).toEqual({ code: "user_not_found" });
  });
});
