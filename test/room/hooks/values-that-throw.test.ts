// Author code that returns values which throw when they are read. Only that call fails. The room does not restart, and
// nobody but the caller is told.

import { beforeEach, describe, expect, test } from "vitest";
import type { JsonObject, RoomHandle } from "collab-room";
import { setScript } from "../../fixtures/scripts.ts";
import { useFakeDate } from "../../support/fake-date.ts";
import { failure, newId, nothingStored, rooms, stored } from "../../support/core/rooms.ts";
import { gather } from "../../support/core/sessions.ts";
import { expectFailed, expectOk, type TestSession } from "../../support/session.ts";
import { set } from "../../support/session-helpers.ts";
import { watchLog } from "../../support/watch-log.ts";

useFakeDate();

const broken = (): never => {
  throw new Error("secret: the getter broke");
};

/** An object with one member that throws when it is read. */
const throwingAt = (key: string, others: object = {}): JsonObject =>
  Object.defineProperty({ ...others }, key, { get: broken, enumerable: true }) as JsonObject;

/** An object that throws on any access. */
const throwing = (): JsonObject =>
  new Proxy({}, { get: broken, has: broken, ownKeys: broken, getPrototypeOf: broken });

const revoked = (): JsonObject => {
  const { proxy, revoke } = Proxy.revocable({}, {});
  revoke();
  return proxy;
};

/** What the action returns. */
const answers: Record<string, () => unknown> = {
  "an answer whose state throws": () => throwingAt("state"),
  "an answer whose result throws": () => throwingAt("result", { state: { n: 2 } }),
  "an answer whose error throws": () => throwingAt("error"),
  "an answer that throws": throwing,
  "an answer that was revoked": revoked,
  "a state with a member that throws": () => ({ state: throwingAt("n") }),
  "a state with a member deep in it that throws": () => ({
    state: { n: [{ m: throwingAt("x") }] },
  }),
  "a state that throws": () => ({ state: throwing() }),
  "a state that was revoked": () => ({ state: { n: revoked() } }),
  "a result with a member that throws": () => ({ state: { n: 2 }, result: throwingAt("x") }),
  "a promise of a state that throws": () => Promise.resolve({ state: throwing() }),
  "a then that throws": () => throwingAt("then"),
};

describe("an action that returns", () => {
  let [room, ada, bob] = [{} as RoomHandle, {} as TestSession, {} as TestSession];

  beforeEach(async () => {
    const gathered = await gather("swift", "ada", "bob");
    room = gathered.room;
    [ada, bob] = gathered.sessions as [TestSession, TestSession];
    expectOk(await ada.update(set("n", 1)));
    await bob.fence(ada);
  });

  test.for(Object.entries(answers))(
    "[S7, R10, A6] %s fails alone, and the room is unchanged",
    async ([, play]) => {
      setScript(room.id, { play: play as () => {} });
      const lines = watchLog({ room: room.id });
      const heard = bob.messages.length;
      for (let times = 0; times < 3; times++) {
        const reply = expectFailed(await ada.act("play"), "action_failed");
        expect(JSON.stringify(reply)).not.toContain("secret");
        expect(await failure(room.act("play"))).toMatchObject({ code: "action_failed" });
      }
      expect(new Set(lines().map(({ event }) => event))).toEqual(new Set(["action_failed"]));
      expect(bob.messages.slice(heard)).toEqual([]);
      expect(await room.getState()).toEqual({ n: 1 });
      expect(expectOk(await ada.update(set("n", 3))).version).toBe(2);
      await bob.fence();
      expect([bob.state, bob.version]).toEqual([{ n: 3 }, 2]);
    },
  );
});

describe("a hook that returns a throwing value", () => {
  test.for<[string, () => unknown]>([
    ["an answer that throws", throwing],
    ["an answer whose ok throws", () => throwingAt("ok")],
    ["meta with a member that throws", () => ({ ok: throwingAt("x") })],
    ["meta that throws", () => ({ ok: throwing() })],
  ])("[U2, R10] refuses a join: %s", async ([, onJoin]) => {
    const { id, room, sessions } = await gather("swift", "ada");
    const [ada] = sessions as [TestSession];
    const heard = ada.messages.length;
    setScript(id, { onJoin: onJoin as () => void });
    expect(await failure(room.join({ id: "bob" }))).toMatchObject({ code: "hook_failed" });
    expect(await room.getUsers()).toMatchObject([{ id: "ada" }]);
    expect(ada.messages.slice(heard)).toEqual([]);
  });

  test.for<[string, () => unknown]>([
    ["an answer that throws", throwing],
    ["a state with a member that throws", () => ({ ok: throwingAt("n") })],
    ["a state that throws", () => ({ ok: throwing() })],
  ])("[R5, R10] refuses a start: %s", async ([, loadRoomState]) => {
    const id = newId();
    setScript(id, { loadRoomState: loadRoomState as () => { ok: JsonObject } });
    const starting = rooms.joinOrCreateRoom(id, { behaviour: "loaded" });
    expect(await failure(starting)).toMatchObject({ code: "load_failed" });
    expect(await stored(id)).toEqual(nothingStored);
  });
});
