// What everybody is told about the people in a sampled room: the counts and a sample. It is sent at most once a second,
// and costs the same however many people there are.

import { describe, expect, test } from "vitest";
import { broadcast } from "../../../../src/room/operations/broadcast.ts";
import { holdPresence } from "../../../../src/room/operations/hold-presence.ts";
import { Crowd, type CrowdClient } from "../../../support/crowd-by-hand.ts";

/** A sampled room in which no message is pending. */
async function sampled(count = 6, presenceLimit = 4) {
  const crowd = new Crowd({ presenceLimit, reconnectGrace: 3000 });
  const clients = (await crowd.gather(count)) as [CrowdClient, CrowdClient, CrowdClient];
  for (const client of clients) client.forget();
  return { crowd, clients };
}

const sampleOf = (client: CrowdClient): string[] => Object.keys(client.read().sample).toSorted();

describe("counts", () => {
  test("[N1] reflect everything that people do", async () => {
    const { crowd, clients } = await sampled();
    const [ada, bob, cyd] = clients;
    await bob.show({ status: "idle" });
    await cyd.show({ typing: true });
    await crowd.hand.pass(1500);
    expect(ada.read().counts).toEqual({ users: 6, online: 5, idle: 1, away: 0, typing: 1 });
    await crowd.drop(bob);
    await crowd.hand.pass(1500);
    expect(ada.read().counts).toEqual({ users: 6, online: 5, idle: 0, away: 1, typing: 1 });
    await crowd.join({ id: "guest" }); // a guest without presence
    await crowd.hand.pass(5000); // typing expires
    await crowd.hand.room.ring(); // and so does the grace period
    await crowd.calm();
    expect(ada.counts).toEqual({ users: 6, online: 5, idle: 0, away: 0, typing: 0 });
    await crowd.check();
  });

  test("[N1] are sent at most once a second, and only when something is new", async () => {
    const { crowd, clients } = await sampled();
    const [ada, bob] = clients;
    for (let ms = 0; ms < 5000; ms += 50) {
      await bob.show({ status: (ms / 50) % 2 === 0 ? "idle" : "online" });
      await crowd.hand.pass(50);
    }
    const { length } = ada.of("people");
    expect(length).toBeGreaterThanOrEqual(2);
    expect(length).toBeLessThanOrEqual(6);
    await crowd.calm();
    ada.forget();
    await crowd.hand.pass(60_000);
    expect(ada.read().messages).toEqual([]);
    expect(await crowd.hand.isAwake()).toBe(false);
  });

  test("[N1] are not sent for people who go idle and return within a second", async () => {
    const { crowd, clients } = await sampled();
    const [ada, bob] = clients;
    await bob.show({ status: "idle" });
    await crowd.hand.pass(2000);
    ada.forget();
    await bob.show({ status: "online" });
    await crowd.hand.pass(100);
    await bob.show({ status: "idle" });
    await crowd.hand.pass(100);
    await bob.show({ status: "online" });
    await crowd.hand.pass(5000);
    expect(ada.of("people")).toHaveLength(1);
    await crowd.check();
  });
});

describe("the sample", () => {
  test("[N1] contains those who moved, wrote or sent an event, and not those who only joined", async () => {
    const { crowd, clients } = await sampled(8);
    const [ada, bob, cyd] = clients;
    const dan = crowd.clients[3];
    await bob.show({ cursor: { x: 1 } });
    await cyd.send({ type: "update", ref: 1, merge: { n: 1 } });
    await dan?.send({ type: "broadcast", event: "wave" });
    await crowd.hand.call(holdPresence, {
      userId: "user-4",
      data: { text: '{"cursor":5}' },
      ttl: 60_000,
    });
    await crowd.hand.call(broadcast, { event: "deployed", payload: { text: "null" } });
    await crowd.hand.pass(1500);
    expect(sampleOf(ada)).toEqual(["user-1", "user-2", "user-3", "user-4"]);
    await crowd.check();
  });

  test("[N1] does not contain those who go idle, touch the room or are refused", async () => {
    const { crowd, clients } = await sampled();
    const [ada, bob] = clients;
    await bob.send({ type: "touch" });
    await bob.show({ status: "idle" });
    await bob.send({ type: "update", ref: 1, patch: [{ op: "remove", path: "/none" }] });
    await bob.send({ type: "action", ref: 2, name: "none" });
    await crowd.calm();
    expect(sampleOf(ada)).toEqual([]);
  });

  test("[N1, U3] drops those who leave, and updates the entry of those who join again", async () => {
    const { crowd, clients } = await sampled();
    const [ada, bob, cyd] = clients;
    await bob.show({ cursor: 1 });
    await cyd.show({ cursor: 1 });
    await crowd.hand.pass(1500);
    await crowd.leave("user-1");
    crowd.sweep();
    await crowd.join({ id: "user-2", name: "Cyd" });
    await crowd.hand.pass(1500);
    expect(Object.values(ada.read().sample).map(({ user }) => user["name"])).toEqual(["Cyd"]);
    await crowd.calm();
    await crowd.check();
  });

  test("[N1] has at most 32 people, who keep their place while they are active", async () => {
    const { crowd, clients } = await sampled(60);
    const [ada] = clients;
    const movers = (clients as CrowdClient[]).slice(1);
    for (const mover of movers.slice(0, 32)) await mover.show({ cursor: 1 });
    await crowd.hand.pass(1500);
    const first = sampleOf(ada);
    expect(first).toHaveLength(32);
    for (const mover of movers.slice(32, 40)) await mover.show({ cursor: 1 });
    await crowd.hand.pass(1500);
    expect(sampleOf(ada)).toEqual(first);
    await crowd.hand.pass(5000);
    for (const mover of movers.slice(40, 45)) await mover.show({ cursor: 1 });
    await crowd.hand.pass(1500);
    const second = sampleOf(ada);
    expect(second).toHaveLength(32);
    expect(second).toEqual(
      expect.arrayContaining(movers.slice(40, 45).map(({ userId }) => userId)),
    );
    expect(first.filter((id) => second.includes(id))).toHaveLength(27);
    await crowd.check();
  });

  test("[N1, R6] is sent as a whole with the first news after a sleep", async () => {
    const { crowd, clients } = await sampled();
    const [ada, bob, cyd] = clients;
    await bob.show({ cursor: 1 });
    await crowd.calm();
    await crowd.hibernate();
    ada.forget();
    await cyd.show({ cursor: 2 });
    await crowd.calm();
    expect(ada.of("people")).toMatchObject([{ sample: [{}, {}] }]);
    expect(sampleOf(ada)).toEqual(["user-1", "user-2"]);
    await crowd.check();
  });

  test("[N1, R6, U3] is correct after a sleep even for users that the room no longer knows to be in it", async () => {
    const { crowd, clients } = await sampled();
    const [ada, bob] = clients;
    await bob.show({ cursor: 1 });
    await crowd.hand.pass(1500);
    expect(sampleOf(ada)).toEqual(["user-1"]);
    // This socket has not moved, so nothing shows after the sleep that its user had.
    await crowd.drop(bob);
    await crowd.connect("user-1");
    await crowd.hibernate();
    await crowd.join({ id: "user-1", name: "Bob" });
    await crowd.calm();
    expect(ada.counts).toMatchObject({ users: 6 });
    await crowd.check();
  });
});

describe("a message to very many sessions", () => {
  test("[N1] reaches one group of sessions after another, once each, and not newcomers", async () => {
    const { crowd, clients } = await sampled(1100);
    const [ada, bob] = clients;
    await bob.show({ typing: true });
    await crowd.hand.pass(1);
    const told = () => crowd.clients.filter((client) => client.of("people").length > 0).length;
    expect([told(), ada.counts?.typing]).toEqual([500, 1]);
    const late = await crowd.connect("late");
    await crowd.hand.pass(1);
    expect(late.read().counts).toMatchObject({ users: 1100, typing: 1 });
    await crowd.hand.pass(50);
    expect(told()).toBe(1000);
    await crowd.hand.pass(50);
    expect(told()).toBe(1100);
    expect(late.of("people")).toEqual([]);
    for (const client of crowd.clients) expect(client.of("people").length).toBeLessThanOrEqual(1);
    await crowd.calm();
    await crowd.check();
  });

  test("[N1] does not reach those who are welcomed while it is sent", async () => {
    const { crowd, clients } = await sampled(1100);
    const [, bob] = clients;
    await bob.show({ typing: true });
    await crowd.hand.pass(500);
    await bob.show({ typing: false });
    await crowd.hand.pass(100);
    crowd.hand.now += 1000; // the message is due, but its timer has not rung yet
    const late = await crowd.connect("late");
    await crowd.hand.pass(200);
    expect(late.read().counts).toMatchObject({ users: 1101, typing: 0 });
    expect(late.of("people")).toEqual([]);
    await crowd.calm();
    await crowd.check();
  });

  test("[N1] that has not reached everybody is dropped when everybody is reported again", async () => {
    const crowd = new Crowd({ presenceLimit: 800 });
    const clients = await crowd.gather(1010);
    const [ada] = clients as [CrowdClient];
    for (const { userId } of clients.slice(600)) await crowd.leave(userId);
    crowd.sweep();
    await crowd.calm();
    for (const client of crowd.clients) client.forget();
    await ada.show({ typing: true });
    await crowd.hand.pass(1);
    await crowd.leave("user-599");
    crowd.sweep();
    await crowd.calm();
    const typesTo = (client?: CrowdClient) => client?.messages.map(({ type }) => type);
    expect(typesTo(crowd.clients[1])).toEqual(["people", "everybody", "presence"]);
    expect(typesTo(crowd.clients.at(-1))).toEqual(["everybody", "presence"]);
    await crowd.check();
    // It is not sent later either, when the room is sampled again.
    await crowd.admit(300);
    await crowd.calm();
    expect(ada.counts).toMatchObject({ users: 899 });
    await crowd.check();
  });
});

describe("the cost", () => {
  test("[N1] of a join is the same with 3,000 users as with 300", async () => {
    const bytesWith = async (users: number): Promise<number> => {
      const crowd = new Crowd({ presenceLimit: 200 });
      await crowd.admit(users);
      const movers = await crowd.gather(40, "mover-");
      for (const mover of movers) await mover.show({ cursor: { x: 10, y: 10 } });
      await crowd.calm();
      const last = await crowd.connect("last");
      await crowd.calm();
      expect(Object.keys(last.sample)).toHaveLength(32);
      return last.forget();
    };
    const [few, many] = [await bytesWith(300), await bytesWith(3000)];
    expect(many - few).toBeLessThanOrEqual(100); // longer numbers
    expect(many).toBeLessThan(16_384);
  });

  test("[N1] of a join, a move and a leave is nothing for others, except the next counts", async () => {
    const { crowd, clients } = await sampled();
    const [ada, bob, cyd] = clients;
    await crowd.hand.pass(100);
    await bob.show({ cursor: 1 });
    await crowd.connect("late");
    await crowd.leave("user-2");
    await crowd.hand.pass(1);
    crowd.sweep();
    await crowd.calm();
    expect(ada.messages.map(({ type }) => type).filter((type) => type !== "people")).toEqual([]);
    expect(ada.of("people").length).toBeLessThanOrEqual(2);
    expect(cyd.socket.closed).toMatchObject({ reason: "kicked" });
    // A user who moves sees it at once, as before.
    expect(bob.of("presence")).toEqual([
      { type: "presence", updates: { "user-1": { cursor: 1 } } },
    ]);
  });
});
