// A banned user (rule A9) stays out whether or not the room runs, for as long as any of their tokens may be valid, and
// is refused before anything is done for them.

import { expect, test } from "vitest";
import { callsOf, setScript } from "../../fixtures/scripts.ts";
import { claims, id, room, openRoom, useGuardedRoom } from "../../support/core/guarded-room.ts";
import { at, expectEmpty, expectProblem, send } from "../../support/core/http.ts";
import { evict, failure, sql } from "../../support/core/rooms.ts";
import { come, refused, sendAs } from "../../support/core/token-clients.ts";
import { passUntil, useFakeDate } from "../../support/fake-date.ts";
import { inSeconds } from "../../support/tokens.ts";

useFakeDate();

useGuardedRoom();

const writer = (sub: string) => claims(sub, "room:read", "room:write", "room:create");

const kick = async (query = "", sub = "ada"): Promise<void> =>
  expectEmpty(await send("DELETE", at(id, `/users/${sub}?kick=true${query}`)), 204);

const pass = (seconds: number): void => passUntil(Date.now() + seconds * 1000);

/** Whether somebody's requests are refused because of a ban. */
const isKeptOut = async (token = writer("ada")): Promise<boolean> => {
  const response = await sendAs(token, "GET", at(id, "/presence"));
  if (response.status !== 403) return false;
  expect(await response.json()).toMatchObject({ code: "kicked" });
  return true;
};

/** An action with an idempotency key of the user. */
const look = (sub = "ada"): Promise<Response> =>
  sendAs(writer(sub), "POST", at(id, "/actions/look"), {
    json: {},
    headers: { "idempotency-key": `${sub}-1` },
  });

test.each(["awake", "evicted"])(
  "[A9] a banned user cannot start a stopped room that is %s, over HTTP or by socket",
  async (how) => {
    await kick("&for=3600");
    await room.stop();
    if (how === "evicted") await evict(id);
    const start = { json: { idleTimeout: 1_000_000 } };
    await expectProblem(await sendAs(writer("ada"), "PUT", at(id), start), 403, "kicked");
    const join = await sendAs(writer("ada"), "POST", at(id, "/users"), { json: {} });
    await expectProblem(join, 403, "kicked");
    expect(await refused(id, writer("ada"))).toMatchObject({ problem: { code: "kicked" } });
    expect(await room.alive()).toBe(false);
  },
);

test("[A9, R5] the state is not loaded for a banned user, whoever joins them", async () => {
  await openRoom("loaded");
  await kick("&for=3600");
  await room.stop();
  const loads = (): number => callsOf(id).filter(({ hook }) => hook === "loadRoomState").length;
  expect(loads()).toBe(1);
  expect(await refused(id, writer("ada"))).toMatchObject({ problem: { code: "kicked" } });
  expect(await failure(room.join({ id: "ada" }))).toMatchObject({ code: "kicked" });
  const json = { id: "ada" };
  const admin = claims("root", "room:admin");
  const joined = await sendAs(admin, "POST", at(id, "/users"), { json });
  await expectProblem(joined, 403, "kicked");
  expect(loads()).toBe(1);
});

test("[A9, A7] callers who may not join others do not learn who is banned", async () => {
  await kick("&for=3600");
  const json = { id: "ada" };
  const response = await sendAs(writer("eve"), "POST", at(id, "/users"), { json });
  await expectProblem(response, 403, "forbidden");
});

test("[A9, R7] a purge ends every ban, also in a room that was stopped before", async () => {
  await kick("&for=3600");
  await room.stop();
  await room.stop({ purge: true });
  await openRoom("guarded", id);
  await come(id, writer("ada"));
  await kick("&for=3600");
  await room.stop({ purge: true });
  await come(id, writer("ada"), undefined, { behaviour: "guarded" });
});

test("[A9, X2] an idempotency key gives no answer to a banned user while the room is stopped", async () => {
  expect((await look()).status).toBe(200);
  await kick("&for=3600");
  await room.stop();
  await expectProblem(await look(), 403, "kicked");
});

test("[A9, X2] a refusal because of a ban is not stored under an idempotency key", async () => {
  const join = (): Promise<Response> =>
    sendAs(claims("root", "room:admin"), "POST", at(id, "/users"), {
      json: { id: "bob" },
      headers: { "idempotency-key": "root-1" },
    });
  await kick("&for=3600", "bob");
  await expectProblem(await join(), 403, "kicked");
  await kick("&for=0", "bob");
  expect((await join()).status).toBe(201);
});

test.each([
  ["not_authorized", () => ({ error: "not yet" })],
  ["forbidden", () => ({ ok: { scopes: [] } })],
] as const)(
  "[A7, X2] a join that was refused with %s is decided anew under the same key",
  async (code, authorize) => {
    const join = (): Promise<Response> =>
      sendAs(writer("ada"), "POST", at(id, "/users"), {
        json: {},
        headers: { "idempotency-key": "ada-1" },
      });
    setScript(id, { authorize });
    await expectProblem(await join(), 403, code);
    setScript(id, {});
    expect((await join()).status).toBe(201);
  },
);

test("[A9] a kick without a time outlasts the session's token, including clock differences", async () => {
  const token = { ...writer("ada"), exp: inSeconds(7200) };
  await come(id, token);
  await kick();
  pass(7200 + 25);
  expect(await isKeptOut(token)).toBe(true);
  pass(10);
  expect(await isKeptOut()).toBe(false);
});

test("[A9] a ban holds even if its end is out of the range of a Date", async () => {
  await kick();
  await sql(id, "UPDATE bans SET until = 9e15");
  await evict(id);
  expect(await isKeptOut()).toBe(true);
});

test("[A9] a kick without a time bans a user even if the session's token has just expired", async () => {
  const token = { ...writer("ada"), exp: inSeconds(600) };
  await come(id, token);
  pass(601);
  await kick();
  expect(await isKeptOut(token)).toBe(true);
});

test.each([2, 600])(
  "[A9] a kick without a time holds for at least an hour, even if the token expires in %i s",
  async (seconds) => {
    await come(id, { ...writer("ada"), exp: inSeconds(seconds) });
    await kick();
    pass(3590);
    const long = { ...writer("ada"), exp: inSeconds(3600) };
    expect(await refused(id, long)).toMatchObject({ problem: { code: "kicked" } });
    pass(20);
    await come(id, long);
  },
);

test("[A9] bans of users who were never in the room are stored as well", async () => {
  await kick("&for=60", "eve");
  await evict(id);
  expect(await sql(id, "SELECT user FROM bans")).toEqual([{ user: "eve" }]);
  expect(await isKeptOut(writer("eve"))).toBe(true);
});
