// Actions by socket. The reply contains the result or the error. A slow action delays what comes after it, but nothing
// that came before.

import { beforeEach, describe, expect, test } from "vitest";
import type { RoomHandle } from "collab-room";
import { hang, setScript } from "../../fixtures/scripts.ts";
import { useFakeDate } from "../../support/fake-date.ts";
import { expectFailed, expectOk, type TestSession } from "../../support/session.ts";
import {
  arrived,
  changesTo,
  gather,
  journalOf,
  messagesOf,
  set,
  slowly,
} from "../../support/core/sessions.ts";

useFakeDate();

let [id, room, ada, bob] = ["", {} as RoomHandle, {} as TestSession, {} as TestSession];

beforeEach(async () => {
  const gathered = await gather("swift", "ada", "bob");
  [id, room] = [gathered.id, gathered.room];
  [ada, bob] = gathered.sessions as [TestSession, TestSession];
});

describe("an action", () => {
  test("[S7] changes the state, and returns its result in the reply", async () => {
    expect(expectOk(await ada.act("rename", { title: "Bridge" }))).toEqual({
      type: "reply",
      ref: 1,
      ok: true,
      version: 1,
      result: "renamed",
    });
    await bob.fence();
    expect(bob.state).toEqual({ title: "Bridge" });
  });

  test("[S7] receives {} without a payload, and returns null without a result", async () => {
    expect(expectOk(await ada.act("look")).result).toEqual({ id, users: 2, version: 0, state: {} });
    expect(expectOk(await ada.act("nothing", 42))).toMatchObject({ version: 0, result: null });
  });

  test("[S7] sees earlier changes that are not committed yet", async () => {
    await ada.update(set("n", 0));
    ada.send(
      { type: "update", ref: "one", patch: set("n", 1) },
      { type: "update", ref: "two", patch: set("n", 2) },
      { type: "action", ref: "look", name: "look" },
    );
    const reply = expectOk(await ada.next("reply", ({ ref }) => ref === "look"));
    expect(reply.result).toMatchObject({ version: 3, state: { n: 2 } });
    expect(ada.version).toBe(3);
  });

  test("[S7] with invalid input is refused with the issues, and does not run", async () => {
    const reply = expectFailed(await ada.act("rename", { title: 1 }), "invalid_payload");
    expect(reply.issues).toEqual([{ path: "title", message: expect.any(String) }]);
  });

  test("[S7] that does not exist is unknown_action", async () => {
    for (const name of ["missing", "", "constructor"])
      expectFailed(await ada.act(name), "unknown_action");
  });

  test("[S7] that refuses returns its reason", async () => {
    expect(expectFailed(await ada.act("refuse"), "action_refused").reason).toBe("not_today");
  });

  test("[S7, A6] that throws is reported only with the id of its log line", async () => {
    for (const name of ["fail", "vandal"]) {
      const reply = expectFailed(await ada.act(name), "action_failed");
      expect(reply.instance).toMatch(/^[0-9a-f-]{36}$/);
      expect(JSON.stringify(reply)).not.toMatch(/secret|\bat /);
    }
    expectFailed(await ada.act("bad"), "invalid_state");
    await bob.fence();
    expect(changesTo(bob)).toEqual([]);
  });

  test("[R1, S2] that hangs fails with call_timeout, and later requests are handled", async () => {
    const gathered = await gather("scripted", "ada"); // half a second
    const [session] = gathered.sessions as [TestSession];
    const replies = [session.act("hang"), session.update(set("n", 1))];
    expectFailed((await replies[0])!, "call_timeout");
    expect(expectOk((await replies[1])!).version).toBe(1);
    setScript(gathered.id, { play: hang });
    const answers = [session.act("play"), session.act("play"), session.act("look")];
    for (const reply of (await Promise.all(answers)).slice(0, 2))
      expectFailed(reply, "call_timeout");
  });
});

describe("a slow action", () => {
  /** Run the action until the test ends it. */
  async function play(session: TestSession) {
    const { began, end } = slowly(id, (state) => ({
      state: { ...state, played: true },
      result: "played",
    }));
    const reply = session.act("play");
    await began();
    return { reply, end };
  }

  test("[R1] delays everything that comes after it, from all users, and keeps the order", async () => {
    const { reply, end } = await play(ada);
    const later = [
      ada.update(set("n", 1)),
      bob.act("look"),
      ada.update(set("n", 2)),
      bob.broadcast("after"),
    ];
    await Promise.all([arrived(ada), arrived(bob)]);
    expect([...messagesOf(ada, "reply"), ...messagesOf(bob, "reply")]).toEqual([]);
    expect(await journalOf(id)).toEqual([]);
    end();
    expect(expectOk(await reply)).toMatchObject({ version: 1, result: "played" });
    const [first, look, second] = (await Promise.all(later)).map(expectOk);
    expect([first?.version, second?.version]).toEqual([2, 3]);
    expect(look?.result).toMatchObject({ state: { played: true, n: 1 } });
    await Promise.all([ada.fence(), bob.fence()]);
    for (const { state } of [ada, bob]) expect(state).toEqual({ played: true, n: 2 });
  });

  test("[R1, S4] does not delay the window of what came before it", async () => {
    await bob.update(set("n", 0));
    const { began, end } = slowly(id);
    ada.send(
      { type: "update", ref: "one", patch: set("n", 1) },
      { type: "update", ref: "two", patch: set("n", 2) },
      { type: "action", ref: "play", name: "play" },
    );
    expectOk(await ada.next("reply", ({ ref }) => ref === "one"));
    expectOk(await ada.next("reply", ({ ref }) => ref === "two"));
    await bob.until(({ state }) => state["n"] === 2);
    await began();
    expect(messagesOf(ada, "reply").map(({ ref }) => ref)).not.toContain("play");
    end();
    expectOk(await ada.next("reply", ({ ref }) => ref === "play"));
  });

  test("[R1] does not delay pings and bad frames", async () => {
    const { reply, end } = await play(ada);
    await bob.ping();
    await ada.ping();
    await arrived(ada);
    end();
    expectOk(await reply);
  });

  test("[R1] is carried out even if its client has gone", async () => {
    const { end } = await play(ada);
    await ada.close(1000);
    end();
    await bob.until(({ state }) => state["played"] === true);
    expect(await room.getState()).toEqual({ played: true });
  });
});
