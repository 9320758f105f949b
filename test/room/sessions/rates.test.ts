// How much a session may send. Beyond the rate, updates are refused with the time to wait, presence is still accepted,
// and only sessions that continue are closed. Time stands still unless a test moves it.

import { describe, expect, test } from "vitest";
import { pass, useFakeDate } from "../../support/fake-date.ts";
import { evict } from "../../support/core/rooms.ts";
import { expectFailed, expectOk, type Reply, type TestSession } from "../../support/session.ts";
import { connect } from "../../support/core/socket-client.ts";
import { gather, messagesOf, set } from "../../support/core/sessions.ts";

useFakeDate();

/** Sessions of `slow` may send 5 messages a second, 10 at once, and 1,000 bytes a second, 2,000 at once. */
async function begin(behaviour = "slow") {
  const { id, room, sessions } = await gather(behaviour, "ada", "bob");
  return { id, room, ada: sessions[0] as TestSession, bob: sessions[1] as TestSession };
}

/** Set this many keys at once. */
const flood = (session: TestSession, times: number): Promise<Reply[]> =>
  Promise.all(Array.from({ length: times }, (_, n) => session.update(set(`k${n}`, n))));

const taken = (replies: readonly Reply[]): number => replies.filter(({ ok }) => ok).length;

describe("updates beyond the rate", () => {
  test("[L1] are refused with the time to wait, and never applied", async () => {
    const { room, ada, bob } = await begin();
    const replies = await flood(ada, 15);
    expect(taken(replies)).toBe(10);
    for (const reply of replies.slice(10))
      expect(expectFailed(reply, "rate_limited").retryAfter).toBe(200);
    await bob.fence();
    const keys = Array.from({ length: 10 }, (_, n) => [`k${n}`, n]);
    expect(bob.state).toEqual(Object.fromEntries(keys));
    expect((await room.info()).version).toBe(10);
  });

  test("[L1] are accepted again when that time has passed, and not before", async () => {
    const { ada } = await begin();
    await flood(ada, 10);
    const { retryAfter } = expectFailed(await ada.update(set("x", 1)), "rate_limited");
    pass(Number(retryAfter) - 1);
    expectFailed(await ada.update(set("x", 2)), "rate_limited");
    pass(1);
    expectOk(await ada.update(set("x", 3)));
    expectFailed(await ada.update(set("x", 4)), "rate_limited");
    pass(60_000);
    expect(taken(await flood(ada, 12))).toBe(10);
    expect(ada.state["x"]).toBe(3);
  });

  test("[L1] are counted individually when they come in one frame", async () => {
    const { ada } = await begin();
    ada.send(...Array.from({ length: 15 }, (_, n) => ({ type: "touch", ref: n }) as const));
    await ada.until((session) => messagesOf(session, "reply").length === 15);
    for (let ref = 0; ref < 15; ref++) {
      const reply = messagesOf(ada, "reply").find((message) => message.ref === ref);
      expect(reply?.ok).toBe(ref < 10);
    }
  });

  test.for([
    ["update", { type: "update", ref: "r", merge: { n: 1 } }],
    ["action", { type: "action", ref: "r", name: "look" }],
    ["broadcast", { type: "broadcast", ref: "r", event: "e" }],
    ["touch", { type: "touch", ref: "r" }],
  ] as const)("[L1] %s gets rate_limited by its ref", async ([, message]) => {
    const { ada } = await begin();
    await flood(ada, 10);
    ada.send(message);
    const reply = await ada.next("reply", ({ ref }) => ref === "r");
    expect(expectFailed(reply, "rate_limited").retryAfter).toBe(200);
  });

  test("[L1] without a ref get an error, and their events are not sent", async () => {
    const { ada, bob } = await begin();
    await flood(ada, 10);
    ada.send({ type: "broadcast", event: "lost" });
    expect(await ada.next("error")).toMatchObject({ code: "rate_limited", retryAfter: 200 });
    await bob.fence();
    expect(messagesOf(bob, "event").map(({ event }) => event)).toEqual(["fence"]);
  });

  test("[L1] do not count for other sessions, not even of the same user", async () => {
    const { id, ada, bob } = await begin();
    const tab = await connect(id, { id: "ada" });
    await flood(ada, 12);
    expect(taken(await flood(tab, 9))).toBe(9);
    expect(taken(await flood(bob, 9))).toBe(9);
  });

  test.for([
    ["swift", 1000, 1000],
    ["scripted", 300, 200],
  ] as const)("[L1] depend on the limit of the behaviour: %s", async ([name, times, allowed]) => {
    const { ada } = await begin(name);
    for (let ref = 0; ref < times; ref += 100)
      ada.send(
        ...Array.from({ length: 100 }, (_, n) => ({ type: "touch", ref: ref + n }) as const),
      );
    await ada.until((session) => messagesOf(session, "reply").length === times);
    expect(taken(messagesOf(ada, "reply"))).toBe(allowed);
  });
});

describe("bytes beyond the rate", () => {
  test("[L1] are refused with the time to wait", async () => {
    const { room, ada } = await begin();
    const text = "x".repeat(900);
    expectOk(await ada.update(set("a", text)));
    expectOk(await ada.update(set("b", text)));
    const { retryAfter } = expectFailed(await ada.update(set("c", text)), "rate_limited");
    expect(retryAfter).toBeGreaterThan(800);
    expect(retryAfter).toBeLessThan(1000);
    expectOk(await ada.touch()); // a small message still fits
    pass(1000);
    expectOk(await ada.update(set("c", text)));
    expect(Object.keys(await room.getState())).toEqual(["a", "b", "c"]);
  });

  test("[L1] close the session if they continue, and no other one", async () => {
    const { room, ada, bob } = await begin();
    const frame = JSON.stringify({ type: "touch" }).padEnd(1000);
    for (let n = 0; n < 20; n++) ada.sendRaw(frame);
    expect(await ada.closed).toEqual({ code: 4290, reason: "rate_limited" });
    expect(messagesOf(ada, "error")).toHaveLength(10);
    await bob.fence();
    expect((await room.info()).sockets).toBe(1);
  });

  test("[L1] are counted in UTF-8", async () => {
    const { ada } = await begin();
    expectOk(await ada.update(set("a", "€".repeat(300))));
    expectOk(await ada.update(set("b", "€".repeat(300))));
    expectFailed(await ada.update(set("c", "€".repeat(300))), "rate_limited");
    ada.sendRaw(`{"type":"touch","x":"${"€".repeat(350)}"}`);
    expect((await ada.next("error")).code).toBe("too_large");
  });
});

describe("presence beyond the rate", () => {
  test("[L1, P2] is still accepted, and everybody sees the last one", async () => {
    const { ada, bob } = await begin();
    const shown = Array.from({ length: 40 }, (_, n) => ada.show({ cursor: n }));
    for (const reply of await Promise.all(shown)) expectOk(reply);
    await bob.until(({ presence }) => presence["ada"]?.cursor === 39);
    expect(messagesOf(bob, "presence").length).toBeLessThan(40);
    expectFailed(await ada.update(set("n", 1)), "rate_limited");
  });

  test("[L1] is allowed, and so is leaving", async () => {
    const { room, ada } = await begin();
    await flood(ada, 12);
    expect(await ada.leave()).toEqual({ code: 1000, reason: "left" });
    await expect.poll(async () => (await room.getUsers()).map(({ id }) => id)).toEqual(["bob"]);
  });
});

describe("a session that continues beyond the rate", () => {
  test("[L1] is closed alone with 4290, and may come back", async () => {
    const { id, room, ada, bob } = await begin();
    for (let n = 0; n < 100; n++) ada.send({ type: "touch" });
    expect(await ada.closed).toEqual({ code: 4290, reason: "rate_limited" });
    // 10 messages were accepted, and 50 were answered.
    expect(messagesOf(ada, "error").length).toBe(50);
    await bob.fence();
    expect((await room.info()).sockets).toBe(1);
    const again = await connect(id, { id: "ada" });
    expectOk(await again.update(set("n", 1)));
  });

  test("[L1] with presence alone is closed as well", async () => {
    const { ada } = await begin();
    for (let n = 0; n < 100; n++) ada.send({ type: "presence", data: { cursor: n } });
    expect((await ada.closed).code).toBe(4290);
  });

  test("[L1] in one frame is closed, and the allowed part of the frame is not carried out either", async () => {
    const { room, ada } = await begin();
    const touches = (length: number) => Array.from({ length }, () => ({ type: "touch" }) as const);
    ada.send(...touches(20));
    await ada.until((session) => messagesOf(session, "error").length === 10);
    pass(200); // one more is allowed, and 44 are tolerated
    ada.send({ type: "update", ref: "r", merge: { n: 1 } }, ...touches(45));
    expect((await ada.closed).code).toBe(4290);
    expect(await room.getState()).toEqual({});
    expect(messagesOf(ada, "error")).toHaveLength(54);
  });

  test("[L1] but pauses in between is not closed", async () => {
    const { ada } = await begin();
    for (let n = 0; n < 5; n++) {
      await flood(ada, 30);
      pass(10_000);
    }
    await ada.fence();
  });
});

describe("a room that sleeps", () => {
  test("[L1, R6] forgets what was sent, and applies its limits when it has woken", async () => {
    const { id, ada } = await begin();
    await flood(ada, 12);
    await evict(id);
    expect(taken(await flood(ada, 12))).toBe(10);
  });
});
