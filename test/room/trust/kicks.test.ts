// Bans (rule A9). A user who was kicked for a time stays out, over HTTP and by socket, until it is over.

import { beforeEach, expect, test } from "vitest";
import type { RoomHandle } from "collab-room";
import { at, expectEmpty, expectJson, expectProblem, send } from "../../support/core/http.ts";
import { evict, failure, newId, redeploy, rooms, sql } from "../../support/core/rooms.ts";
import { come, refused, sendAs } from "../../support/core/token-clients.ts";
import { passUntil, useFakeDate } from "../../support/fake-date.ts";
import { inSeconds } from "../../support/tokens.ts";

useFakeDate();

let [id, room] = ["", {} as RoomHandle];

beforeEach(async () => {
  id = newId();
  room = await rooms.joinOrCreateRoom(id, { behaviour: "scripted" });
});

const token = (sub = "ada") => ({
  sub,
  exp: inSeconds(600),
  scopes: { "*": ["room:read", "room:write"] },
});

const kick = (query: string, userId = "ada") => send("DELETE", at(id, `/users/${userId}?${query}`));

const isOut = async (): Promise<void> => {
  expect(await refused(id, token())).toMatchObject({ status: 403, problem: { code: "kicked" } });
  await expectProblem(await sendAs(token(), "POST", at(id, "/users"), { json: {} }), 403, "kicked");
  await expectProblem(await sendAs(token(), "GET", at(id, "/state")), 403, "kicked");
};

test("[A9] a kick for an hour keeps the user out, whatever happens to the room", async () => {
  const ada = await come(id, token());
  await expectEmpty(await kick("kick=true&for=3600"), 204);
  expect(await ada.closed).toEqual({ code: 4001, reason: "kicked" });
  await isOut();
  await evict(id);
  await isOut();
  await redeploy(id);
  await room.stop();
  await rooms.joinOrCreateRoom(id);
  await isOut();
  expect((await come(id, token("bob"))).scopes).toContain("room:write");
  passUntil(Date.now() + 3600_000);
  expect((await come(id, token())).scopes).toContain("room:write");
});

test("[A9] a kick for 0 s lets the user in again", async () => {
  await kick("kick=true&for=3600");
  await isOut();
  await kick("kick=true&for=0");
  await come(id, token());
  expect(await sql(id, "SELECT * FROM bans")).toEqual([]);
});

test("[A9] a ban refuses the application's own join of that user, and no administrator", async () => {
  await kick("kick=true&for=3600");
  expect(await failure(room.join({ id: "ada" }))).toMatchObject({ code: "kicked" });
  const admin = { ...token(), scopes: { "*": ["room:admin"] } };
  await expectJson(await sendAs(admin, "GET", at(id, "/state")), 200);
});

test("[A9] a user who is only removed can come back", async () => {
  await come(id, token());
  await expectEmpty(await send("DELETE", at(id, "/users/ada")), 204);
  await come(id, token());
});

test.each(["-1", "1.5", "9999999999", "1h"])(
  "[A9] for %s the refusal names the allowed values",
  async (time) => {
    const response = await kick(`kick=true&for=${time}`);
    expect(JSON.stringify(await expectProblem(response, 400, "invalid_request"))).toContain(
      "whole number of seconds from 0 to 999999999",
    );
  },
);

test.each([
  "for=60",
  "kick=false&for=60",
  "kick=true&for=-1",
  "kick=true&for=1.5",
  "kick=yes",
  "kick=true&for=9999999999",
])("[A9] refuses %s", async (query) => {
  await expectProblem(await kick(query), 400, "invalid_request");
});

test("[A9] nobody can be kicked from a room that does not run", async () => {
  await room.stop();
  await expectProblem(await kick("kick=true&for=60"), 404, "room_not_running");
});

test("[A9] at most a thousand users are banned at a time, and the bans that end first are dropped first", async () => {
  for (let n = 0; n < 1005; n++) await kick(`kick=true&for=${1000 + n}`, `user-${n}`);
  const [row] = await sql(id, "SELECT count(*) AS n, min(until) AS first FROM bans");
  expect(row?.["n"]).toBe(1000);
  expect(await failure(room.join({ id: "user-1004" }))).toMatchObject({ code: "kicked" });
  await room.join({ id: "user-0" });
});
