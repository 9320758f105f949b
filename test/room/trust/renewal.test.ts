// Sessions end when their tokens expire, unless the tokens are renewed (rule A8).

import { beforeEach, expect, test } from "vitest";
import type { RoomHandle } from "collab-room";
import type { Identity } from "../../../src/protocol/identity.ts";
import { setScript } from "../../fixtures/scripts.ts";
import { alarmOf, evict, hibernate, newId, ring, rooms, sql } from "../../support/core/rooms.ts";
import { come } from "../../support/core/token-clients.ts";
import { passUntil, useFakeDate } from "../../support/fake-date.ts";
import { expectFailed, expectOk, type Reply, type TestSession } from "../../support/session.ts";
import { testToken } from "../../support/test-tokens.ts";
import { inSeconds } from "../../support/tokens.ts";

useFakeDate();

let [id, room, ada] = ["", {} as RoomHandle, {} as TestSession];
let end = 0;

const rights = { "*": ["room:read", "room:write"] } as const;

beforeEach(async () => {
  id = newId();
  room = await rooms.joinOrCreateRoom(id, { behaviour: "guarded" });
  end = inSeconds(600) * 1000;
  ada = await come(id, { exp: end / 1000, scopes: rights });
});

const renew = (identity: Partial<Identity> = {}): Promise<Reply> =>
  ada.ask({
    type: "auth",
    token: testToken({ user: { id: "ada" }, scopes: rights, expiresAt: end + 60_000, ...identity }),
  });

test("[A8] the welcome has the expiry of the token", () => {
  expect(ada.welcome.expiresAt).toBe(new Date(end).toISOString());
});

test.each([
  ["awake", async () => {}],
  ["asleep", () => hibernate(id)],
] as const)(
  "[A8, T3] a session ends when its token expires, even if the room is %s",
  async (_, before) => {
    await before();
    passUntil(end - 1);
    await ring(id);
    await ada.ping();
    passUntil(end);
    await ring(id);
    expect(await ada.closed).toEqual({ code: 4109, reason: "token_expired" });
    expect((await room.getPresence())["ada"]).toMatchObject({ status: "away" });
  },
);

test("[A8] messages after the expiry are not handled, even before the alarm rings", async () => {
  passUntil(end);
  ada.send({ type: "update", ref: 1, merge: { late: true } });
  expect((await ada.closed).code).toBe(4109);
  expect(await room.getState()).toEqual({});
});

test("[A8] a new token of the same user extends the session", async () => {
  const reply = expectOk(await renew());
  expect(reply).toMatchObject({ expiresAt: new Date(end + 60_000).toISOString() });
  passUntil(end);
  await ring(id);
  expectOk(await ada.merge({ a: 1 }));
  await evict(id);
  expectOk(await ada.merge({ b: 1 }));
  passUntil(end + 60_000);
  await ring(id);
  expect((await ada.closed).code).toBe(4109);
});

test("[A8] a token that does not expire removes the deadline", async () => {
  expect(expectOk(await renew({ expiresAt: null }))).toMatchObject({ expiresAt: null });
  passUntil(end + 1000);
  await ring(id);
  await ada.ping();
  expect(await sql(id, "SELECT * FROM timers WHERE name = 'expiry'")).toEqual([]);
});

test("[A8, A3] the scopes of the new token apply at once, and are sent", async () => {
  expectOk(await renew({ scopes: ["room:read"] }));
  expect(await ada.next("scopes")).toEqual({ type: "scopes", scopes: ["room:read"] });
  expectFailed(await ada.merge({ a: 1 }), "forbidden");
  expectOk(await renew());
  expectOk(await ada.merge({ a: 1 }));
});

test("[A8] a new token without room:read ends the session", async () => {
  ada.send({
    type: "auth",
    ref: 1,
    token: testToken({ user: { id: "ada" }, scopes: [], expiresAt: null }),
  });
  expect((await ada.closed).code).toBe(4003);
});

test.each<[string, Identity]>([
  ["of another user", { user: { id: "bob" }, scopes: ["room:admin"] }],
  ["of nobody", { user: null, scopes: ["room:admin"] }],
])("[A8] a token %s is refused, and changes nothing", async (_, identity) => {
  expectFailed(await renew(identity), "invalid_token");
  expect(ada.scopes).toEqual(["room:read", "room:write"]);
  passUntil(end);
  await ring(id);
  expect((await ada.closed).code).toBe(4109);
});

test("[A8] an invalid token is refused", async () => {
  expectFailed(await ada.ask({ type: "auth", token: "no token" }), "invalid_token");
  await ada.ping();
});

test("[A8, B2] authorize is called again, and has the last word", async () => {
  setScript(id, { authorize: () => ({ ok: { scopes: ["room:read"] } }) });
  expectOk(await renew());
  expect(ada.scopes).toEqual(["room:read"]);
});

test("[A8, B2] a renewal that authorize refuses ends the session", async () => {
  const other = await come(id, { exp: end / 1000, scopes: rights });
  setScript(id, { authorize: () => ({ error: "not any more" }) });
  ada.send({
    type: "auth",
    ref: 1,
    token: testToken({ user: { id: "ada" }, scopes: rights, expiresAt: end + 60_000 }),
  });
  expect(await ada.closed).toEqual({ code: 4000, reason: "not_authorized" });
  expect((await room.getUser("ada")).sessions).toBe(1);
  await other.ping();
});

test("[A8, B2] a renewal during which authorize throws changes nothing", async () => {
  setScript(id, {
    authorize() {
      throw new Error("the store is down");
    },
  });
  expectFailed(await renew(), "hook_failed");
  passUntil(end - 1);
  await ada.ping();
  passUntil(end);
  await ring(id);
  expect((await ada.closed).code).toBe(4109);
});

test("[A8, T3] one timer serves all sessions, at the earliest expiry", async () => {
  await come(id, { sub: "bob", exp: end / 1000 + 100, scopes: rights });
  await come(id, { sub: "cyd", exp: end / 1000 - 100, scopes: rights });
  expect(await alarmOf(id)).toBeLessThanOrEqual(end - 100_000);
  passUntil(end - 100_000);
  await ring(id);
  expect((await room.info()).sockets).toBe(2);
  passUntil(end);
  await ring(id);
  expect((await room.info()).sockets).toBe(1);
});
