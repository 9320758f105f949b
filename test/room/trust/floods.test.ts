// One caller cannot use up what a room has for all (rules L1, N4, X2): its rate, its sockets, its memory of keys.

import { beforeEach, expect, test } from "vitest";
import type { RoomHandle, Scope } from "collab-room";
import { RoomStub } from "../../../src/cloudflare/room-stub.ts";
import { createCaller, workerCaller, type Caller } from "../../../src/protocol/caller.ts";
import { setScript } from "../../fixtures/scripts.ts";
import { at, expectEmpty, expectJson, send } from "../../support/core/http.ts";
import { env, evict, failure, newId, rooms } from "../../support/core/rooms.ts";
import { come, refused, sendAs } from "../../support/core/token-clients.ts";
import { pass, useFakeDate } from "../../support/fake-date.ts";

useFakeDate();

let [id, room] = ["", {} as RoomHandle];

beforeEach(async () => {
  id = newId();
  room = await rooms.joinOrCreateRoom(id, { behaviour: "guarded" });
});

const writer = (sub: string) => ({ sub, scopes: { [id]: ["room:read", "room:write"] as Scope[] } });

const stubOf = (caller: Caller): RoomStub => new RoomStub(env.ROOMS as never, id, caller);

const nobody = (...scopes: Scope[]): Caller => createCaller({ door: "http", scopes });

/** A user whose token gives them these scopes here. */
const outsider = (n: number, ...scopes: Scope[]): Caller =>
  createCaller({ door: "http", scopes, user: { id: `outsider-${n}` } });

/** Ask for the presence of all, so many times at once. */
const ask = async (caller: Caller, times: number): Promise<void> => {
  const stub = stubOf(caller);
  await Promise.allSettled(
    Array.from({ length: times }, () => stub.call("getPresence", undefined)),
  );
};

const isServed = async (sub: string): Promise<void> => {
  await expectJson(await sendAs(writer(sub), "GET", at(id, "/state")), 200);
};

test("[L1] somebody who is no user cannot use up the rate of all users", async () => {
  for (let n = 0; n < 4; n++) await ask(nobody("room:read"), 600);
  await isServed("ada");
});

test("[L1] users without any right here do not use up the rate of those who have some", async () => {
  for (let n = 0; n < 11; n++) await ask(outsider(n), 210);
  await isServed("ada");
});

test("[L1, A9] users who are kept out do not use up the rate of the others", async () => {
  for (let n = 0; n < 11; n++) {
    const kick = at(id, `/users/outsider-${n}?kick=true`);
    await expectEmpty(await send("DELETE", kick), 204);
    await ask(outsider(n, "room:read"), 210);
  }
  await isServed("ada");
});

test("[L1, R1] whoever has no right here takes no place among those who wait", async () => {
  id = newId();
  room = await rooms.joinOrCreateRoom(id, { behaviour: "patient" });
  const [begun, goOn] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  setScript(id, { play: () => (begun.resolve(), goOn.promise) });
  let isOver = false;
  const played = room.act("play", {}).finally(() => (isOver = true));
  await begun.promise;
  const outsiders = Array.from({ length: 11 }, (_, user) => ask(outsider(user), 200));
  await Promise.all(outsiders);
  expect(isOver).toBe(false);
  goOn.resolve();
  await played;
  await isServed("ada");
});
