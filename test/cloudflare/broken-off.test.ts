// Objects that end while a window is open. What was acknowledged is stored, everything else is stored completely or not
// at all, and clients find the same when they come back.

import { describe, expect, test } from "vitest";
import type { ClientMessage } from "../../src/protocol/messages.ts";
import { callsOf, setScript } from "../fixtures/scripts.ts";
import { useFakeDate } from "../support/fake-date.ts";
import { crash, evict, newId, rooms, stubOf } from "../support/rooms.ts";
import { evictDurableObject } from "cloudflare:test";
import { expectOk, type TestSession } from "../support/session.ts";
import { connect } from "../support/socket-client.ts";
import {
  arrived,
  gather,
  journalOf,
  knownBy,
  messagesOf,
  set,
  slowly,
} from "../support/sessions.ts";

useFakeDate();

/** Updates of two keys each. One key without the other would be half an update. */
const pairs = (first: number, count: number): ClientMessage[] =>
  Array.from({ length: count }, (_, index) => {
    const n = first + index;
    return { type: "update", ref: n, merge: { [`a${n}`]: n, [`b${n}`]: n } };
  });

const acknowledged = (session: TestSession): number[] =>
  messagesOf(session, "reply").flatMap(({ ref, ok }) => (ok ? [Number(ref)] : []));

/** The ways in which an object can end, and whether its sockets stay open. */
const ends = [
  ["a crash", crash, false],
  ["an eviction that closes sockets", (id) => closing(id), false],
  ["hibernation", evict, true],
] as [string, (id: string) => Promise<void>, boolean][];

const closing = (id: string): Promise<void> =>
  evictDurableObject(stubOf(id), { webSockets: "close" });

describe.for(ends)("%s", ([, go, socketsStay]) => {
  test("[S4] during many updates keeps everything acknowledged, and no half of an update", async () => {
    for (let round = 0; round < 8; round++) {
      const { id, room, sessions } = await gather("swift", "ada", "bob");
      const [ada, bob] = sessions as [TestSession, TestSession];
      ada.send(...pairs(0, 1 + round * 3));
      bob.send(...pairs(100, 20));
      ada.send(...pairs(50, 20));
      if (round % 2 === 1) await ada.next("reply");
      await go(id);
      if (!socketsStay) await Promise.all([ada.closed, bob.closed]);
      const state = await room.getState();
      const known = [...acknowledged(ada), ...acknowledged(bob)];
      for (const n of known) expect(state).toMatchObject({ [`a${n}`]: n, [`b${n}`]: n });
      const partner = (key: string): string => (key[0] === "a" ? "b" : "a") + key.slice(1);
      for (const key of Object.keys(state)) expect(Object.keys(state)).toContain(partner(key));
      const back = await connect(id, { id: "ada" }, { resume: knownBy(ada) });
      expect(back.welcome.resumed).toBe(true);
      expectOk(await back.update(set("last", round)));
      expect(back.state).toEqual(await room.getState());
      expect(back.version).toBe((await room.info()).version);
    }
  });

  test("[S4, R6] of a quiet room loses nothing, and calls no hook for users who come back", async () => {
    const { id, room, sessions } = await gather("saved", "ada");
    const [ada] = sessions as [TestSession];
    for (let n = 0; n < 3; n++) expectOk(await ada.update(set("n", n)));
    expectOk(await ada.show({ cursor: 7 }));
    const { epoch } = await room.info();
    await expect.poll(async () => (await room.info()).save.status).toBe("saved");
    const calls = callsOf(id).length;
    await go(id);
    if (socketsStay) {
      await ada.fence();
      expect((await room.getPresence())["ada"]?.cursor).toBe(7);
    } else await ada.closed;
    const back = await connect(id, { id: "ada" }, { resume: knownBy(ada) });
    expect(back.welcome).toMatchObject({ epoch, version: 3, resumed: true, patch: [] });
    expect(callsOf(id)).toHaveLength(calls);
  });
});

describe("a crash while a turn is held", () => {
  test("[S4] drops waiting requests without a trace or an answer, and they can be sent again", async () => {
    const { id, room, sessions } = await gather("swift", "ada");
    const [ada] = sessions as [TestSession];
    expectOk(await ada.update(set("n", 0)));
    const { began } = slowly(id);
    ada.send(...pairs(0, 2), { type: "action", ref: "play", name: "play" }, ...pairs(2, 2));
    await began();
    await arrived(ada);
    await crash(id);
    await ada.closed;
    setScript(id, {});
    const refs = messagesOf(ada, "reply").map(({ ref }) => ref);
    expect(refs).not.toContain("play");
    expect(refs).not.toContain(3);
    const back = await connect(id, { id: "ada" }, { resume: knownBy(ada) });
    expect(await room.getState()).not.toHaveProperty("a3");
    back.send(...pairs(0, 4));
    await back.until((session) => acknowledged(session).length === 4);
    expect(Object.keys(await room.getState()).toSorted()).toEqual([
      "a0",
      "a1",
      "a2",
      "a3",
      "b0",
      "b1",
      "b2",
      "b3",
      "n",
    ]);
  });
});

describe("a room that sleeps", () => {
  test("[S4, R6] ends its open window first, so that nothing is lost", async () => {
    const { id, room, sessions } = await gather("swift", "ada", "bob");
    const [ada, bob] = sessions as [TestSession, TestSession];
    for (let round = 0; round < 10; round++) {
      ada.send(...pairs(round * 10, 10));
      await arrived(ada);
      await evict(id);
    }
    await bob.until(({ state }) => Object.keys(state).length === 200);
    await ada.until((session) => acknowledged(session).length === 100);
    expect(Object.keys(await room.getState())).toHaveLength(200);
    const rows = await journalOf(id);
    expect(rows.at(-1)?.[1]).toBe(100);
    expect(rows.length).toBeLessThan(100);
  });

  test("[W1, R6] before a newcomer is welcomed welcomes them when it wakes", async () => {
    const id = newId();
    await rooms.joinOrCreateRoom(id, { behaviour: "swift" });
    const ada = await connect(id, { id: "ada" });
    for (let n = 0; n < 5; n++) {
      const coming = connect(id, { id: `user${n}` });
      await evict(id);
      const session = await coming;
      await session.fence();
      expect(messagesOf(session, "welcome")).toHaveLength(1);
    }
    await ada.fence();
    expect(ada.users).toEqual(await rooms.room(id).getUsers());
  });
});
