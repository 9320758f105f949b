// When a room is sampled, and what its clients are told when that changes.

import { describe, expect, test } from "vitest";
import { changeState } from "../../../../src/room/operations/change-state.ts";
import { resolveBehaviour } from "../../../../src/behaviours/resolve.ts";
import { Crowd, type CrowdClient } from "../../../support/crowd-by-hand.ts";

const idsOf = (entries: readonly { readonly id: string }[]): string[] =>
  entries.map(({ id }) => id);

const isSampled = ({ counts }: CrowdClient): boolean => counts !== null;

describe("presenceLimit", () => {
  test("[N1] defaults to 200 users, and can be set from 1 to 100,000", () => {
    expect(resolveBehaviour("room", {}).presenceLimit).toBe(200);
    expect(resolveBehaviour("room", { presenceLimit: 1 }).presenceLimit).toBe(1);
    expect(resolveBehaviour("room", { presenceLimit: 100_000 }).presenceLimit).toBe(100_000);
    for (const presenceLimit of [0, 100_001, 1.5, Number.NaN])
      expect(() => resolveBehaviour("room", { presenceLimit })).toThrow(
        /behaviour "room": presenceLimit must be a whole number from 1 to 100000/,
      );
  });

  test("[N1] is the number of users up to which everybody is reported", async () => {
    const crowd = new Crowd({ presenceLimit: 4 });
    const clients = await crowd.gather(4);
    for (const client of clients) {
      expect(client.of("people")).toEqual([]);
      expect(client.users).toHaveLength(4);
      expect(client.welcome).not.toHaveProperty("people");
    }
    await crowd.check();
  });

  test("[N1] counts users, with and without sockets, and not sessions", async () => {
    const crowd = new Crowd({ presenceLimit: 4 });
    const [ada] = await crowd.gather(1);
    for (let n = 0; n < 8; n++) await crowd.connect("user-0");
    await crowd.calm();
    expect(isSampled(ada as CrowdClient)).toBe(false);
    await crowd.admit(4);
    await crowd.calm();
    expect(isSampled(ada as CrowdClient)).toBe(true);
    await crowd.check();
  });
});

describe("a room that becomes sampled", () => {
  test("[N1] says so in one message, after which clients keep only themselves", async () => {
    const crowd = new Crowd({ presenceLimit: 4 });
    const clients = await crowd.gather(4);
    for (const client of clients) client.forget();
    const last = await crowd.connect("eve");
    await crowd.calm();
    for (const client of clients) {
      expect(client.messages.map(({ type }) => type)).toEqual(["people"]);
      expect(client.messages[0]).toEqual({
        type: "people",
        counts: { users: 5, online: 5, idle: 0, away: 0, typing: 0 },
        sample: [],
      });
      expect(idsOf(client.users)).toEqual([client.userId]);
      expect(Object.keys(client.presence)).toEqual([client.userId]);
    }
    expect(last.messages.map(({ type }) => type)).toEqual(["welcome"]);
    expect(last.welcome).toMatchObject({
      users: [last.welcome.user],
      presence: { eve: { status: "online" } },
      people: { counts: { users: 5 }, sample: [] },
    });
    await crowd.check();
  });

  test("[N1] begins with a sample of those who moved last", async () => {
    const crowd = new Crowd({ presenceLimit: 4 });
    const [ada, bob] = (await crowd.gather(4)) as [CrowdClient, CrowdClient];
    await ada.show({ cursor: { x: 1 } });
    await crowd.calm();
    bob.forget();
    await crowd.connect("eve");
    await crowd.calm();
    const [{ counts: _, ...message } = { counts: null }] = bob.of("people");
    expect(message).toEqual({
      type: "people",
      sample: [{ user: ada.welcome.user, presence: ada.presence["user-0"] }],
    });
    await crowd.check();
  });

  test("[N1, W2] sends the people before a change in the same frame", async () => {
    const crowd = new Crowd({ presenceLimit: 4 });
    const [ada] = (await crowd.gather(4)) as [CrowdClient];
    await ada.show({ cursor: 0 }); // opens a window
    await crowd.hand.pass(0);
    ada.forget();
    const input = { kind: "merge", source: { text: '{"n":1}' } } as const;
    const calls = [crowd.hand.call(changeState, input), crowd.connect("eve")];
    void ada.show({ cursor: 1 });
    await crowd.calm();
    await Promise.all(calls);
    expect(ada.messages.map(({ type }) => type)).toEqual(["people", "change", "presence"]);
    await crowd.check();
  });
});

describe("a sampled room", () => {
  test("[N1] stays sampled until fewer than three quarters of the limit are left", async () => {
    const crowd = new Crowd({ presenceLimit: 8 });
    const clients = await crowd.gather(9);
    const [ada] = clients as [CrowdClient];
    for (const { userId } of clients.slice(6)) await crowd.leave(userId);
    crowd.sweep();
    await crowd.calm();
    expect(ada.counts).toMatchObject({ users: 6 });
    ada.forget();
    await crowd.leave("user-5");
    crowd.sweep();
    await crowd.calm();
    expect(ada.messages.map(({ type }) => type)).toEqual(["everybody"]);
    expect(ada.counts).toBeNull();
    expect(idsOf(ada.users)).toEqual(["user-0", "user-1", "user-2", "user-3", "user-4"]);
    await crowd.check();
    // Up to the limit, everybody is then reported again.
    await crowd.gather(3, "more-");
    expect(isSampled(ada)).toBe(false);
    expect(ada.users).toHaveLength(8);
    await crowd.check();
  });

  test("[N1, R6] is still sampled after it has slept, without a message", async () => {
    const crowd = new Crowd({ presenceLimit: 8 });
    await crowd.gather(8);
    await crowd.gather(1, "last-");
    for (const userId of ["user-7", "last-0"]) await crowd.leave(userId); // 7 are fewer than the limit
    crowd.sweep();
    await crowd.calm();
    for (const client of crowd.clients) client.forget();
    await crowd.hibernate();
    expect(await crowd.counts()).toMatchObject({ users: 7, online: 7 });
    await crowd.calm();
    for (const client of crowd.clients) expect(client.messages).toEqual([]);
    const late = await crowd.connect("late");
    await crowd.calm();
    expect(late.counts).toMatchObject({ users: 8 });
    await crowd.check();
  });

  test("[N1, R6] between the two bounds is not sampled after a sleep if it was not before", async () => {
    const crowd = new Crowd({ presenceLimit: 8 });
    const [ada] = (await crowd.gather(7)) as [CrowdClient];
    await crowd.hibernate();
    await crowd.connect("late");
    await crowd.calm();
    expect(isSampled(ada)).toBe(false);
    await crowd.check();
  });

  test("[N1, R6] is sampled again at once after a crash, if it has more users than the limit", async () => {
    const crowd = new Crowd({ presenceLimit: 4, reconnectGrace: 60_000 });
    await crowd.gather(6);
    await crowd.crash();
    const back = await crowd.connect("user-0");
    await crowd.hand.pass(10);
    expect(back.read().welcome.people?.counts).toEqual({
      users: 6,
      online: 1,
      idle: 0,
      away: 5,
      typing: 0,
    });
    await crowd.check();
  });

  test("[N1, R6] reports users who were removed while it slept when it wakes", async () => {
    const crowd = new Crowd({ presenceLimit: 4 });
    const clients = await crowd.gather(6);
    await crowd.hibernate();
    const [ada, bob] = clients as [CrowdClient, CrowdClient];
    ada.forget();
    await crowd.drop(bob); // its close wakes the room
    await crowd.hand.pass(5000);
    expect(ada.read().counts).toEqual({ users: 6, online: 5, idle: 0, away: 1, typing: 0 });
    await crowd.hand.pass(10_000);
    await crowd.hand.room.ring();
    await crowd.calm();
    expect(ada.counts).toEqual({ users: 5, online: 5, idle: 0, away: 0, typing: 0 });
    await crowd.check();
  });
});
