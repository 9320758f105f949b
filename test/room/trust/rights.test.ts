// The scopes that the room gives a user replace those of their token, and nothing outlives them (rules A3, A8, A9, B2).

import { expect, test } from "vitest";
import type { Scope } from "collab-room";
import { RoomStub } from "../../../src/cloudflare/room-stub.ts";
import { createCaller } from "../../../src/protocol/caller.ts";
import { setScript } from "../../fixtures/scripts.ts";
import { claims, id, room, useGuardedRoom } from "../../support/core/guarded-room.ts";
import { at, expectEmpty, expectProblem, send } from "../../support/core/http.ts";
import { env, evict, sql } from "../../support/core/rooms.ts";
import { come, refused, sendAs } from "../../support/core/token-clients.ts";
import { passUntil, useFakeDate } from "../../support/fake-date.ts";
import { expectFailed } from "../../support/session.ts";
import { testToken } from "../../support/test-tokens.ts";
import { inSeconds } from "../../support/tokens.ts";

useFakeDate();

useGuardedRoom();

const writer = (sub: string) => claims(sub, "room:read", "room:write");
const join = (sub: string) => sendAs(writer(sub), "POST", at(id, "/users"), { json: {} });

test.each([
  ["authorize", { authorize: () => ({ ok: { scopes: [] } }) }],
  ["onJoin", { onJoin: () => ({ ok: {}, scopes: [] as Scope[] }) }],
])(
  "[A3, B2] a user to whom %s gives no scopes cannot enter, whatever their token says",
  async (_, script) => {
    setScript(id, script);
    expect(await refused(id, writer("ada"))).toMatchObject({ problem: { code: "forbidden" } });
    await expectProblem(await join("ada"), 403, "forbidden");
    expect((await room.info()).users).toBe(0);
  },
);

test("[A8] a renewal to which authorize gives no scopes ends the session", async () => {
  const ada = await come(id, writer("ada"));
  setScript(id, { authorize: () => ({ ok: { scopes: [] } }) });
  ada.send({
    type: "auth",
    ref: 1,
    token: testToken({ user: { id: "ada" }, scopes: ["room:read"] }),
  });
  expect(await ada.closed).toEqual({ code: 4003, reason: "forbidden" });
});

test("[A8] a renewal by a token without room:read here ends the session, whatever the room has given", async () => {
  setScript(id, { onJoin: () => ({ ok: {}, scopes: ["room:read", "room:write"] }) });
  const ada = await come(id, writer("ada"));
  const elsewhere = { user: { id: "ada" }, scopes: { elsewhere: ["room:read"] as const } };
  ada.send({ type: "auth", ref: 1, token: testToken(elsewhere) });
  expect(await ada.closed).toEqual({ code: 4003, reason: "forbidden" });
});

test("[A3] new scopes from onJoin on a repeated join apply to the user's open sockets", async () => {
  setScript(id, { onJoin: () => ({ ok: {}, scopes: ["room:read", "room:write"] }) });
  const ada = await come(id, writer("ada"));
  setScript(id, { onJoin: () => ({ ok: {}, scopes: ["room:read"] }) });
  expect((await join("ada")).status).toBe(200);
  expect((await ada.next("scopes")).scopes).toEqual(["room:read"]);
  expectFailed(await ada.merge({ a: 1 }), "forbidden");
});

test("[A3, R7] a room with a stored state starts with the behaviour that guards it", async () => {
  setScript(id, { authorize: () => ({ error: "not you" }) });
  await room.stop();
  await expectProblem(await join("eve"), 403, "not_authorized");
  expect(await refused(id, writer("eve"), undefined, { behaviour: "plain" })).toMatchObject({
    problem: { code: "behaviour_conflict" },
  });
  const named = { json: { behaviour: "plain" } };
  await expectProblem(await sendAs(writer("eve"), "PUT", at(id), named), 409, "behaviour_conflict");
  expect(await room.alive()).toBe(false);
  // Only an administrator may change it.
  expect((await send("PUT", at(id), named)).status).toBe(201);
});

test("[A7, R3] a user who may not enter does not learn the behaviour of a stopped room", async () => {
  setScript(id, { authorize: () => ({ error: "not you" }) });
  await room.stop();
  for (const behaviour of ["plain", "guarded", "unheard-of"]) {
    const answer = await refused(id, { sub: "eve" }, undefined, { behaviour });
    expect(answer).toMatchObject({ problem: { code: "not_authorized" } });
    expect(JSON.stringify(answer)).not.toContain("guarded");
  }
  expect(await room.alive()).toBe(false);
});

test("[R3] a user who may enter learns that the behaviour differs, but not which one it is", async () => {
  setScript(id, { authorize: () => ({ ok: { scopes: ["room:read"] } }) });
  await room.stop();
  for (const token of [{ sub: "eve" }, writer("eve")]) {
    const answer = await refused(id, token, undefined, { behaviour: "plain" });
    expect(answer).toMatchObject({ problem: { code: "behaviour_conflict" } });
    expect(JSON.stringify(answer)).not.toContain("guarded");
  }
  expect(await room.alive()).toBe(false);
});

test("[A3, S10] a room that no longer knows its behaviour starts with the requested one", async () => {
  await sql(id, "UPDATE room SET data = '{'");
  await evict(id);
  const eve = await come(id, writer("eve"), undefined, { behaviour: "plain" });
  expect((await room.info()).behaviour).toBe("plain");
  expect(eve.scopes).toContain("room:write");
});

const isOut = async (): Promise<void> => {
  expect(await refused(id, writer("ada"))).toMatchObject({ problem: { code: "kicked" } });
};

test("[A9] a kick without a time never shortens an earlier ban", async () => {
  await come(id, { ...writer("ada"), exp: inSeconds(600) });
  const kick = (query = ""): Promise<Response> =>
    send("DELETE", at(id, `/users/ada?kick=true${query}`));
  await expectEmpty(await kick(), 204);
  await expectEmpty(await kick(), 204);
  await isOut();
  await expectEmpty(await kick("&for=7200"), 204);
  await expectEmpty(await kick(), 204);
  passUntil(Date.now() + 7000_000);
  await isOut();
});

test("[A9] a kick without a time keeps a user without sockets out for an hour", async () => {
  await join("ada");
  await expectEmpty(await send("DELETE", at(id, "/users/ada?kick=true")), 204);
  passUntil(Date.now() + 3590_000);
  await isOut();
  passUntil(Date.now() + 20_000);
  await come(id, writer("ada"));
});

test("[A9, X2] an idempotency key gives no answer to a user who is banned", async () => {
  const look = (): Promise<Response> =>
    sendAs(writer("ada"), "POST", at(id, "/actions/look"), {
      json: {},
      headers: { "idempotency-key": "ada-1" },
    });
  expect((await look()).status).toBe(200);
  await send("DELETE", at(id, "/users/ada?kick=true&for=60"));
  await expectProblem(await look(), 403, "kicked");
  // The refusal was not stored under the key.
  await send("DELETE", at(id, "/users/ada?kick=true&for=0"));
  expect((await look()).headers.get("idempotency-replayed")).toBe("true");
});

test("[L1] upgrades are limited like requests, per user", async () => {
  const eve = { sub: "eve", scopes: { elsewhere: ["room:read" as const] } };
  const answers = await Promise.all(Array.from({ length: 400 }, () => refused(id, eve)));
  expect(answers.at(-1)).toMatchObject({ status: 429, problem: { code: "rate_limited" } });
  await come(id, writer("ada"));
});

test("[A8, H10] a stream that depends on the room's scopes ends if a wake cannot read its user's row", async () => {
  setScript(id, { authorize: () => ({ ok: { scopes: ["room:read"] } }) });
  await room.join({ id: "ada" });
  const ada = createCaller({ door: "http", scopes: [], hasOwnScopes: false, user: { id: "ada" } });
  const socket = await new RoomStub(env.ROOMS as never, id, ada).observe({});
  const closed = new Promise<number>((resolve) =>
    socket.addEventListener("close", ({ code }) => resolve(code)),
  );
  socket.accept?.();
  await evict(id);
  expect((await room.info()).sockets).toBe(1);
  await sql(id, "UPDATE members SET data = '{}'");
  await evict(id);
  expect(await room.info()).toMatchObject({ users: 0, sockets: 0 });
  expect(await closed).toBe(4003);
});
