// Events from actions, and the presence that actions see (rule B5). Events are sent with the commit or not at all.

import { beforeEach, describe, expect, test } from "vitest";
import type { ActionContext, RoomHandle } from "collab-room";
import { setScript } from "../../fixtures/scripts.ts";
import { failure } from "../../support/core/rooms.ts";
import { breakWrites, mendWrites } from "../../support/core/rooms.ts";
import { gather, messagesOf } from "../../support/core/sessions.ts";
import { expectFailed, expectOk, type TestSession } from "../../support/session.ts";

let [id, room, ada, bob] = ["", {} as RoomHandle, {} as TestSession, {} as TestSession];

beforeEach(async () => {
  const gathered = await gather("swift", "ada", "bob");
  [id, room] = [gathered.id, gathered.room];
  [ada, bob] = gathered.sessions as [TestSession, TestSession];
});

/** The events that a session received, except those of fences. */
const eventsTo = (session: TestSession): unknown[] =>
  messagesOf(session, "event")
    .filter(({ event }) => event !== "fence")
    .map(({ event, payload }) => [event, payload]);

describe("an action", () => {
  test("[B5] sends events to everybody, including its caller, after its change", async () => {
    setScript(id, {
      play(now, state) {
        now.broadcast("started", { by: now.caller.user?.id ?? "" });
        now.broadcast("ready");
        return { state: { ...state, n: 1 } };
      },
    });
    expectOk(await ada.act("play"));
    await ada.fence(bob);
    for (const session of [ada, bob]) {
      expect(eventsTo(session)).toEqual([
        ["started", { by: "ada" }],
        ["ready", null],
      ]);
      const types = session.messages.map(({ type }) => type);
      expect(types.indexOf("change")).toBeLessThan(types.indexOf("event"));
      expect(messagesOf(session, "event")[0]).toMatchObject({ from: null, session: null });
    }
  });

  test("[B5] sends its events even if it changes nothing", async () => {
    setScript(id, { play: (now) => now.broadcast("ping", 1) });
    await room.act("play");
    await ada.fence(bob);
    expect(eventsTo(bob)).toEqual([["ping", 1]]);
  });

  test.each<[string, (now: ActionContext) => never | { error: string } | { state: never }, string]>(
    [
      ["refuses", () => ({ error: "no" }), "action_refused"],
      [
        "throws",
        () => {
          throw new Error("secret");
        },
        "action_failed",
      ],
      ["returns an invalid state", () => ({ state: 42 as never }), "invalid_state"],
    ],
  )("[B5] that %s sends nothing", async (_, end, code) => {
    setScript(id, {
      play(now) {
        now.broadcast("lost");
        return end(now);
      },
    });
    expectFailed(await ada.act("play"), code as never);
    await ada.fence(bob);
    expect([...eventsTo(ada), ...eventsTo(bob)]).toEqual([]);
  });

  test("[B5, S4] whose change cannot be committed sends nothing", async () => {
    setScript(id, {
      play(now, state) {
        now.broadcast("lost");
        return { state: { ...state, n: 1 } };
      },
    });
    await breakWrites(id, "changes");
    expectFailed(await ada.act("play"), "commit_failed");
    await mendWrites(id, "changes");
    await ada.fence(bob);
    expect([...eventsTo(ada), ...eventsTo(bob)]).toEqual([]);
    expect(await room.getState()).toEqual({});
  });

  test.each<[string, (now: ActionContext) => void]>([
    ["an event without a name", (now) => now.broadcast("")],
    ["a payload that is too large", (now) => now.broadcast("x", "x".repeat(300_000))],
    ["a payload that is not JSON", (now) => now.broadcast("x", new Date(0) as never)],
    [
      "more than a hundred events",
      (now) => {
        for (let n = 0; n <= 100; n++) now.broadcast("x", n);
      },
    ],
  ])("[B5, L1] with %s fails, and nothing is sent", async (_, send) => {
    setScript(id, { play: (now) => send(now) });
    expect(await failure(room.act("play"))).toMatchObject({ code: "action_failed" });
    await ada.fence(bob);
    expect(eventsTo(bob)).toEqual([]);
  });

  test("[B5] cannot send events after it has ended", async () => {
    let late: (() => void) | undefined;
    setScript(id, {
      play(now) {
        late = () => now.broadcast("late");
      },
    });
    await room.act("play");
    expect(() => late?.()).toThrow(/after the action had ended/);
    await ada.fence(bob);
    expect(eventsTo(bob)).toEqual([]);
  });

  test("[B5] sees the presence of all users, frozen", async () => {
    expectOk(await bob.show({ cursor: { x: 1 } }));
    let seen: unknown;
    setScript(id, {
      play(now) {
        seen = now.presence;
        return { result: Object.isFrozen(now.presence) };
      },
    });
    expect(await room.act("play")).toMatchObject({ result: true });
    expect(seen).toMatchObject({ ada: { status: "online" }, bob: { cursor: { x: 1 } } });
  });
});
