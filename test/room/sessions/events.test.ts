// Events are sent to everybody who is present, in order, and stored nowhere.

import { beforeEach, describe, expect, test } from "vitest";
import type { RoomHandle } from "collab-room";
import { useFakeDate } from "../../support/fake-date.ts";
import { at, expectProblem, send } from "../../support/core/http.ts";
import { evict, failureCode, stored } from "../../support/core/rooms.ts";
import { expectFailed, expectOk, type TestSession } from "../../support/session.ts";
import { connect } from "../../support/core/socket-client.ts";
import { arrived, gather, hold, messagesOf, set } from "../../support/core/sessions.ts";

useFakeDate();

let [id, room] = ["", {} as RoomHandle];
let [ada, bob, tab] = [{} as TestSession, {} as TestSession, {} as TestSession];

beforeEach(async () => {
  const gathered = await gather("swift", "ada", "bob", "ada");
  [id, room] = [gathered.id, gathered.room];
  [ada, bob, tab] = gathered.sessions as [TestSession, TestSession, TestSession];
});

/** The events that a session received, except those of fences. */
const eventsTo = (session: TestSession): [string, unknown][] =>
  messagesOf(session, "event")
    .filter(({ event }) => event !== "fence")
    .map(({ event, payload }) => [event, payload]);

async function fenceAll(...sessions: TestSession[]): Promise<void> {
  for (const session of sessions) await session.fence();
}

describe("an event", () => {
  test("[W5] reaches everybody but its own session, including the user's other tabs", async () => {
    expectOk(await ada.broadcast("wave", { to: "all" }));
    await fenceAll(ada, bob, tab);
    expect(eventsTo(ada)).toEqual([]);
    for (const session of [bob, tab])
      expect(messagesOf(session, "event")[0]).toEqual({
        type: "event",
        event: "wave",
        payload: { to: "all" },
        from: "ada",
        session: ada.welcome.session,
      });
  });

  test("[W5] reaches its own session too on request", async () => {
    expectOk(await ada.broadcast("wave", 1, { echo: true }));
    expectOk(await ada.broadcast("wave", 2, { echo: false }));
    await fenceAll(ada, bob, tab);
    expect(eventsTo(ada)).toEqual([["wave", 1]]);
    for (const session of [bob, tab])
      expect(eventsTo(session)).toEqual([
        ["wave", 1],
        ["wave", 2],
      ]);
  });

  test("[W5] without a payload carries null, and without a ref gets no reply", async () => {
    ada.send({ type: "broadcast", event: "wave" });
    await fenceAll(ada, bob);
    expect(eventsTo(bob)).toEqual([["wave", null]]);
    expect(messagesOf(ada, "reply")).toHaveLength(1); // to the fence
  });

  test("[W5] over HTTP or by the Worker has no sender, and reaches everybody", async () => {
    const json = { event: "news", payload: [1] };
    expect((await send("POST", at(id, "/broadcast"), { json })).status).toBe(202);
    await room.broadcast("news", [2]);
    await fenceAll(ada, bob, tab);
    for (const session of [ada, bob, tab]) {
      expect(eventsTo(session)).toEqual([
        ["news", [1]],
        ["news", [2]],
      ]);
      expect(messagesOf(session, "event")[0]).toMatchObject({ from: null, session: null });
    }
  });

  test("[W5] keeps its order, also relative to the change before it", async () => {
    const letGo = await hold(room);
    for (let n = 0; n < 5; n++) {
      ada.send(
        { type: "broadcast", event: "n", payload: n },
        { type: "update", ref: `a${n}`, patch: set("n", n) },
      );
    }
    await letGo(ada);
    await bob.until(({ version }) => version === 5);
    await fenceAll(bob, tab);
    for (const session of [bob, tab])
      expect(eventsTo(session)).toEqual([0, 1, 2, 3, 4].map((n) => ["n", n]));
    const types = bob.messages.map(({ type }) => type);
    expect(types.lastIndexOf("change")).toBeLessThan(types.lastIndexOf("event"));
  });

  test("[W5] of one of several senders in a window reaches all but its own session", async () => {
    const letGo = await hold(room);
    const replies = [ada, bob, tab].map((session, n) => session.broadcast("n", n));
    await letGo(ada, bob, tab);
    for (const reply of await Promise.all(replies)) expectOk(reply);
    await fenceAll(ada, bob, tab);
    const all = [0, 1, 2];
    for (const [own, session] of [ada, bob, tab].entries())
      expect(eventsTo(session).map(([, n]) => n)).toEqual(all.filter((n) => n !== own));
  });

  test("[W5] is not stored, and does not reach users who join later", async () => {
    const before = await stored(id);
    for (let n = 0; n < 5; n++) expectOk(await ada.broadcast("secret", { n }));
    expect(await stored(id)).toEqual(before);
    const carol = await connect(id, { id: "carol" });
    await carol.fence();
    expect(eventsTo(carol)).toEqual([]);
  });

  test("[W5] in a window reaches those who joined before it, and not those who joined after", async () => {
    const letGo = await hold(room);
    const first = ada.broadcast("first");
    await arrived(ada);
    const coming = connect(id, { id: "carol" });
    await stored(id);
    const second = ada.broadcast("second");
    await letGo(ada);
    const carol = await coming;
    await Promise.all([first, second]);
    await carol.fence();
    expect(eventsTo(carol)).toEqual([["second", null]]);
  });

  test("[W5, R6] wakes the room and reaches all who were there, without a hook", async () => {
    await evict(id);
    expectOk(await bob.broadcast("wave", 1));
    await evict(id);
    await room.broadcast("wave", 2);
    await fenceAll(ada, bob, tab);
    for (const session of [ada, tab]) expect(eventsTo(session).map(([, n]) => n)).toEqual([1, 2]);
    expect(eventsTo(bob).map(([, n]) => n)).toEqual([2]);
  });

  test("[W5, S9] may have keys and names with a special meaning in JavaScript", async () => {
    ada.sendRaw('{"type":"broadcast","event":"__proto__","payload":{"__proto__":{"x":1}}}');
    const event = await bob.next("event");
    expect([event.event, JSON.stringify(event.payload)]).toEqual([
      "__proto__",
      '{"__proto__":{"x":1}}',
    ]);
  });
});

describe("the name of an event", () => {
  test("[W5] has 1 to 128 characters, whoever sends it", async () => {
    const longest = "e".repeat(128);
    expectOk(await ada.broadcast(longest));
    await room.broadcast(longest);
    for (const name of ["", "e".repeat(129)]) {
      expectFailed(await ada.broadcast(name), "invalid_request");
      expect(await failureCode(room.broadcast(name))).toBe("invalid_request");
      const json = { event: name };
      await expectProblem(
        await send("POST", at(id, "/broadcast"), { json }),
        400,
        "invalid_request",
      );
    }
    await fenceAll(bob);
    expect(eventsTo(bob).map(([name]) => name)).toEqual([longest, longest]);
  });

  test("[W5] may be anything else, including the names of messages", async () => {
    const names = ["change", "welcome", "💥", '"', "a b\u0000", "constructor"];
    for (const name of names) expectOk(await ada.broadcast(name));
    await fenceAll(bob);
    expect(eventsTo(bob).map(([name]) => name)).toEqual(names);
  });
});
