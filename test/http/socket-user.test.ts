// The user of a socket is the one in the query parameter `user`. No header, no other parameter and no member
// of the user changes identity or rights.

import { describe, expect, test } from "vitest";
import { allScopes } from "../../src/protocol/scopes.ts";
import { callsOf, setScript } from "../fixtures/scripts.ts";
import { at, expectJson, expectProblem, send } from "../support/http.ts";
import { isListed, newId, rooms } from "../support/rooms.ts";
import { connect, refusal } from "../support/socket-client.ts";

const time = expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);

describe("a socket user", () => {
  test("[U2, R3] joins, and starts an absent room with the behaviour they name", async () => {
    const id = newId();
    setScript(id, { onJoin: (_, user) => ({ ok: { role: `${user.id}-role` } }) });
    const user = { id: "ada", name: "Ada", tags: ["a", null, { deep: 1.5 }] };
    const session = await connect(id, user, { behaviour: "scripted" });
    const entry = { ...user, joinedAt: time, seq: expect.any(Number), meta: { role: "ada-role" } };
    expect(session.welcome).toMatchObject({ room: id, user: entry, users: [entry] });
    expect(await rooms.room(id).getUsers()).toEqual([entry]);
    expect(await rooms.room(id).info()).toMatchObject({
      behaviour: "scripted",
      users: 1,
      sockets: 1,
    });
    expect(callsOf(id)).toEqual([{ hook: "onJoin", user: "ada" }]);
    expect(await isListed(id)).toBe(true);
  });

  test("[R2] is refused by a running room of another behaviour than they name", async () => {
    const room = await rooms.joinOrCreateRoom(newId(), { behaviour: "small" });
    await connect(room.id, { id: "ada" }, { behaviour: "small" });
    for (const behaviour of ["scripted", "nobody-wrote-this"])
      expect(await refusal(room.id, { id: "bob" }, { behaviour })).toMatchObject({
        status: 409,
        problem: {
          code: "behaviour_conflict",
          detail: expect.stringContaining('the room runs as "small"'),
        },
      });
    expect(await room.info()).toMatchObject({ behaviour: "small", users: 1 });
  });

  test("[S9, U1] may have keys with a meaning to JavaScript, which are plain data", async () => {
    const id = newId();
    const user = JSON.parse('{"id":"__proto__","__proto__":{"admin":true},"constructor":1}');
    const session = await connect(id, user);
    const text = '{"id":"__proto__","__proto__":{"admin":true},"constructor":1,"joinedAt":';
    expect(session.frames[0]).toContain(`"user":${text}`);
    expect(session.frames[0]).toContain('"presence":{"__proto__":{');
    expect(await (await send("GET", at(id, "/users"))).text()).toContain(text);
  });

  test("[U2, A5] cannot set their own meta or joinedAt", async () => {
    const joinedAt = "1815-12-10T00:00:00.000Z";
    const { welcome } = await connect(newId(), { id: "ada", meta: { role: "owner" }, joinedAt });
    expect(welcome.user).toEqual({ id: "ada", joinedAt: time, seq: expect.any(Number), meta: {} });
    expect(welcome.user.joinedAt).not.toBe(joinedAt);
  });

  test("[A3, A5] cannot set their own scopes", async () => {
    const id = newId();
    await rooms.room(id).join({ id: "ada" });
    await rooms.room(id).setScopes("ada", ["room:read"]);
    const { welcome } = await connect(id, { id: "ada", scopes: ["room:admin"] });
    expect(welcome.scopes).toEqual(["room:read"]);
    expect(welcome.user).toEqual({ id: "ada", joinedAt: time, seq: expect.any(Number), meta: {} });
  });
});

describe("the caller that hooks see", () => {
  const record = (id: string): unknown[] => {
    const seen: unknown[] = [];
    setScript(id, {
      loadRoomState: (room) => {
        seen.push(["loadRoomState", room.caller]);
        return { ok: {} };
      },
      onJoin: (room) => {
        seen.push(["onJoin", room.caller]);
        return { ok: {} };
      },
    });
    return seen;
  };

  test("[A5] is the user who opens a socket, before they have a session", async () => {
    const id = newId();
    const seen = record(id);
    const user = { id: "ada", name: "Ada", tags: ["é", { deep: null }] };
    await connect(id, user, { behaviour: "loaded" });
    const caller = {
      door: "socket",
      user,
      scopes: allScopes,
      hasOwnScopes: true,
      expiresAt: null,
      session: null,
      request: expect.any(String),
    };
    expect(seen).toEqual([
      ["loadRoomState", caller],
      ["onJoin", caller],
    ]);
    await connect(id, { id: "bob" });
    expect(seen.at(-1)).toEqual(["onJoin", { ...caller, user: { id: "bob" } }]);
  });

  test("[A5, S9] has keys with a meaning to JavaScript as plain data", async () => {
    const id = newId();
    const seen = record(id);
    const user = JSON.parse('{"id":"ada","__proto__":{"admin":true}}');
    await connect(id, user, { behaviour: "loaded" });
    expect(JSON.stringify(seen.at(-1))).toContain('"user":{"id":"ada","__proto__":{"admin":true}}');
  });

  test("[A5] has no identity over HTTP", async () => {
    const id = newId();
    const seen = record(id);
    await send("PUT", at(id), { json: { behaviour: "loaded" } });
    await expectJson(await send("POST", at(id, "/users"), { json: { id: "ada" } }), 201);
    expect(seen.at(-1)).toMatchObject(["onJoin", { door: "http", user: null, session: null }]);
  });
});

describe("the identity of a socket user", () => {
  test.each<[string, Record<string, string>]>([
    ["authorization", { authorization: "Bearer root" }],
    ["basic authorization", { authorization: `Basic ${btoa("root:root")}` }],
    ["a cookie", { cookie: "user=root" }],
    ["x- headers", { "x-user": "root", "x-user-id": "root", "x-auth-request-user": "root" }],
    ["headers of proxies", { "x-forwarded-user": "root", "remote-user": "root" }],
    ["headers of Cloudflare", { "cf-access-authenticated-user-email": "root@example.org" }],
    ["cf", { cf: '{"user":"root"}', "cf-connecting-ip": "10.0.0.1" }],
    [
      "headers of collab-room and partykit",
      { "x-collab-room-user": '{"id":"root"}', "x-partykit-room": "root" },
    ],
    [
      "the header of the internal upgrade request",
      { connect: '{"user":{"id":"root"},"scopes":[]}' },
    ],
    ["a subprotocol", { "sec-websocket-protocol": "collab-room.v2, bearer.root" }],
  ])("[A5] is not taken from %s", async (_, headers) => {
    const id = newId();
    await rooms.room(id).join({ id: "bob" });
    const { welcome, frames } = await connect(id, { id: "eve" }, { headers });
    expect(welcome.user).toEqual({ id: "eve", joinedAt: time, seq: expect.any(Number), meta: {} });
    expect(frames.join()).not.toContain("root");
    expect(await rooms.room(id).getUsers()).toMatchObject([{ id: "bob" }, { id: "eve" }]);
  });

  test.each([
    ["connect", '{"user":{"id":"root"},"scopes":["room:admin"]}'],
    ["user_id", "root"],
    ["userId", "root"],
    ["id", "root"],
    ["session", "7"],
    ["scopes", "room:admin"],
    ["__proto__", '{"user":"root"}'],
  ])("[A5] is not taken from the parameter %s, which is refused", async (name, value) => {
    const id = newId();
    const query = new URLSearchParams({ user: '{"id":"eve"}' });
    query.append(name, value);
    const response = await send("GET", `${at(id, "/socket")}?${query}`, {
      headers: { upgrade: "websocket" },
    });
    await expectProblem(response, 400, "invalid_request");
    expect(await rooms.room(id).alive()).toBe(false);
  });

  test("[A5] is not taken from another room's users", async () => {
    const [here, there] = [newId(), newId()];
    await rooms.room(there).join({ id: "ada", role: "owner" });
    await connect(here, { id: "ada" });
    const users = await expectJson(await send("GET", at(here, "/users")), 200);
    expect(users).toEqual({
      users: [{ id: "ada", joinedAt: time, seq: expect.any(Number), meta: {} }],
      total: 1,
    });
  });
});
