// One caller cannot use up what a room has for everybody (rules L1, N4, X2): its rate, its sockets, its stored keys.

import { expect, test } from "vitest";
import type { Scope } from "collab-room";
import { RoomStub } from "../../../src/cloudflare/room-stub.ts";
import { createCaller, workerCaller, type Caller } from "../../../src/protocol/caller.ts";
import { setScript } from "../../fixtures/scripts.ts";
import { id, room, openRoom, useGuardedRoom } from "../../support/core/guarded-room.ts";
import { at, expectEmpty, expectJson, send } from "../../support/core/http.ts";
import { env, evict, failure } from "../../support/core/rooms.ts";
import { come, refused, sendAs } from "../../support/core/token-clients.ts";
import { pass, useFakeDate } from "../../support/fake-date.ts";

useFakeDate();

useGuardedRoom();

const writer = (sub: string) => ({ sub, scopes: { [id]: ["room:read", "room:write"] as Scope[] } });

const stubOf = (caller: Caller): RoomStub => new RoomStub(env.ROOMS as never, id, caller);

const nobody = (...scopes: Scope[]): Caller => createCaller({ door: "http", scopes });

/** A user whose token gives them these scopes here. */
const outsider = (n: number, ...scopes: Scope[]): Caller =>
  createCaller({ door: "http", scopes, user: { id: `outsider-${n}` } });

/** Request everybody's presence, this many times at once. */
const ask = async (caller: Caller, times: number): Promise<void> => {
  const stub = stubOf(caller);
  await Promise.allSettled(
    Array.from({ length: times }, () => stub.call("getPresence", undefined)),
  );
};

const isServed = async (sub: string): Promise<void> => {
  await expectJson(await sendAs(writer(sub), "GET", at(id, "/state")), 200);
};

test("[L1] callers without a user cannot use up the rate of all users", async () => {
  for (let n = 0; n < 4; n++) await ask(nobody("room:read"), 600);
  await isServed("ada");
});

test("[L1] users without any scope here do not use up the rate of the others", async () => {
  for (let n = 0; n < 11; n++) await ask(outsider(n), 210);
  await isServed("ada");
});

test("[L1, A9] banned users do not use up the rate of the others", async () => {
  for (let n = 0; n < 11; n++) {
    const kick = at(id, `/users/outsider-${n}?kick=true`);
    await expectEmpty(await send("DELETE", kick), 204);
    await ask(outsider(n, "room:read"), 210);
  }
  await isServed("ada");
});

test("[L1, R1] a caller without scopes here takes no place in the mailbox", async () => {
  await openRoom("patient");
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

/** Open this many streams, as far as they are accepted. @returns how many were, and the last refusal */
async function follow(caller: Caller, times: number): Promise<[opened: number, refusal: unknown]> {
  const stub = stubOf(caller);
  let [opened, refusal]: [number, unknown] = [0, null];
  for (let n = 0; n < times; n++) {
    if (n % 100 === 0) pass(3000); // stay within the rate
    try {
      (await stub.observe({})).accept?.();
      opened++;
    } catch (error) {
      refusal = error;
    }
  }
  return [opened, refusal];
}

test("[L1, H10] callers without a user share 256 streams, and other callers are not affected", async () => {
  const [opened, refusal] = await follow(nobody("room:read"), 300);
  expect(opened).toBe(256);
  expect(refusal).toMatchObject({ code: "room_full", message: expect.stringContaining("256") });
  await evict(id);
  expect((await follow(nobody("room:read"), 1))[0]).toBe(0);
  const ada = createCaller({ door: "http", scopes: ["room:read"], user: { id: "ada" } });
  expect((await follow(ada, 40))[0]).toBe(32);
});

test("[L1, H10] code in the Worker does not count among them", async () => {
  expect((await follow(workerCaller, 300))[0]).toBe(300);
  await evict(id);
  expect((await follow(nobody("room:read"), 1))[0]).toBe(1);
});

test("[N4] streams can use at most half of a room's sockets, and the rest is left for users", async () => {
  await openRoom("cramped");
  for (const follower of [workerCaller, nobody("room:read"), outsider(1, "room:read")])
    await follow(follower, 2);
  expect((await room.info()).sockets).toBe(3);
  expect(await failure(stubOf(workerCaller).observe({}))).toMatchObject({
    code: "room_full",
    detail: expect.stringContaining("3 streams"),
  });
  for (const sub of ["ada", "bob", "cyd"]) await come(id, writer(sub));
  expect(await refused(id, writer("dan"))).toMatchObject({ problem: { code: "room_full" } });
});
