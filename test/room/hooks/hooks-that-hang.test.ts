// Hooks and actions that hang. Each costs the room at most a few timeouts, however many calls come, and calls that have
// waited too long for their turn are refused.

import { describe, expect, test, vi } from "vitest";
import * as z from "zod";
import { action } from "collab-room";
import { callAction } from "../../../src/room/operations/call-action.ts";
import { getState } from "../../../src/room/operations/get-state.ts";
import { updateState } from "../../../src/room/operations/update-state.ts";
import { callsOf, gate, hang, setScript } from "../../fixtures/scripts.ts";
import { pass, useFakeDate } from "../../support/fake-date.ts";
import { told, userIds } from "../../support/membership.ts";
import { failure, failureCode, newId, rooms } from "../../support/core/rooms.ts";
import { gather } from "../../support/core/sessions.ts";
import { refusal } from "../../support/core/socket-client.ts";
import { RoomByHand, settle, type SocketByHand } from "../../support/room-by-hand.ts";
import { expectFailed, expectOk, type TestSession } from "../../support/session.ts";
import { set } from "../../support/session-helpers.ts";

/** The timeout of hooks in these rooms, in ms. */
const callTimeout = 500;

describe("onJoin that hangs", () => {
  useFakeDate();

  /** A room whose onJoin has timed out twice in a row. */
  async function start() {
    const { id, room, sessions } = await gather("scripted", "zoe");
    setScript(id, { onJoin: hang });
    for (const userId of ["ada", "bob"])
      expect(await failureCode(room.join({ id: userId }))).toBe("call_timeout");
    return { id, room, zoe: sessions[0] as TestSession };
  }

  test("[B6, R1] is not called for the next joins, which are refused at once with a retryable error", async () => {
    const { id, room, zoe } = await start();
    for (let times = 0; times < 20; times++)
      expect(await failure(room.join({ id: "cyn" }))).toEqual({ code: "hook_unavailable" });
    const { status, problem } = await refusal(id, { id: "dan" });
    expect([status, problem.code]).toEqual([503, "hook_unavailable"]);
    expect(told(id, "onJoin")).toEqual(["zoe", "ada", "bob"]);
    // Users in the room are not delayed.
    expectOk(await zoe.update(set("n", 1)));
    await room.updateState((state) => ({ ...state, m: 2 }));
  });

  test("[B6] is probed after a while, and called again once a probe has ended in time", async () => {
    const { id, room } = await start();
    setScript(id, {});
    expect(await failureCode(room.join({ id: "cyn" }))).toBe("hook_unavailable");
    pass(callTimeout);
    await room.join({ id: "cyn" });
    await room.join({ id: "dan" });
    expect(await userIds(room)).toEqual(["zoe", "cyn", "dan"]);
  });

  test("[B6] costs one more timeout and twice the wait if the probe hangs too", async () => {
    const { room } = await start();
    pass(callTimeout);
    expect(await failureCode(room.join({ id: "cyn" }))).toBe("call_timeout");
    pass(2 * callTimeout - 1);
    expect(await failureCode(room.join({ id: "cyn" }))).toBe("hook_unavailable");
    pass(1);
    expect(await failureCode(room.join({ id: "cyn" }))).toBe("call_timeout");
  });

  test("[B6] differs from one that throws or refuses, which is called every time", async () => {
    const { id, room } = await gather("scripted");
    for (const [script, code] of [
      [() => ({ error: "no" }), "join_refused"],
      [() => Promise.reject(new Error("secret")), "hook_failed"],
    ] as const) {
      setScript(id, { onJoin: script });
      for (let times = 0; times < 5; times++)
        expect(await failureCode(room.join({ id: "ada" }))).toBe(code);
    }
    expect(told(id, "onJoin")).toHaveLength(10);
  });
});

describe("an action that hangs", () => {
  useFakeDate();

  test("[B6, S7] is not run for a while, but other actions are", async () => {
    const { room, sessions } = await gather("scripted", "ada");
    const [ada] = sessions as [TestSession];
    for (let times = 0; times < 2; times++) expectFailed(await ada.act("hang"), "call_timeout");
    for (let times = 0; times < 5; times++) {
      expectFailed(await ada.act("hang"), "hook_unavailable");
      expectOk(await ada.act("rename", { title: `${times}` }));
    }
    expect(await failure(room.act("hang"))).toEqual({ code: "hook_unavailable" });
    pass(callTimeout);
    expectFailed(await ada.act("hang"), "call_timeout");
  });
});

describe("loadRoomState that hangs", () => {
  const start = (id: string) => failureCode(rooms.joinOrCreateRoom(id, { behaviour: "loaded" }));

  test("[B6, R5] is called once for all waiting starts, and fails all of them", async () => {
    const id = newId();
    setScript(id, { loadRoomState: hang });
    const codes = await Promise.all(Array.from({ length: 50 }, () => start(id)));
    expect(new Set(codes)).toEqual(new Set(["load_failed"]));
    expect(callsOf(id)).toEqual([{ hook: "loadRoomState" }]);
  });

  test("[B6, R5] is called again for later starts", async () => {
    const id = newId();
    setScript(id, { loadRoomState: hang });
    expect(await Promise.all([start(id), start(id)])).toEqual(["load_failed", "load_failed"]);
    setScript(id, { loadRoomState: () => ({ ok: { n: 1 } }) });
    const room = await rooms.joinOrCreateRoom(id, { behaviour: "loaded" });
    expect(await room.getState()).toEqual({ n: 1 });
    expect(callsOf(id)).toHaveLength(2);
  });

  test("[B6, R5] does not fail calls that wait for something else", async () => {
    const id = newId();
    setScript(id, { loadRoomState: hang });
    const starting = start(id);
    const others = [rooms.room(id).alive(), failureCode(rooms.room(id).getState())];
    expect([await starting, ...(await Promise.all(others))]).toEqual([
      "load_failed",
      false,
      "room_not_running",
    ]);
  });
});

describe("a call that waits for its turn", () => {
  /**
   * A room with sockets. Two actions hold its turn until they are released. The first one times out in 2 s, and the
   * second one, which waits for it, 5 s after that.
   */
  async function hold() {
    const { promise, resolve } = gate();
    const hand = new RoomByHand({
      behaviour: { actions: { wait: action(z.unknown(), () => promise.then(() => {})) } },
    });
    const ada = await hand.connect("ada");
    const bob = await hand.connect("bob");
    await hand.pass(1000);
    const act = () => hand.call(callAction, { name: "wait", payload: { text: "{}" } });
    const first = act();
    await hand.pass(3000);
    const acting = Promise.allSettled([first, act()]);
    await settle();
    for (const { frames } of hand.sockets) frames.length = 0;
    return { hand, ada, bob, acting, letGo: resolve };
  }

  const update = (hand: RoomByHand, n: number) =>
    hand.call(updateState, { next: async () => `{"n":${n}}` });

  const repliesTo = ({ frames }: SocketByHand): unknown[] =>
    frames.flatMap((frame) => [JSON.parse(frame)].flat()).filter(({ type }) => type === "reply");

  test("[R1] longer than the call timeout fails with room_busy, and is not carried out", async () => {
    const { hand, ada, acting, letGo } = await hold();
    const settled = vi.fn();
    const early = update(hand, 1);
    early.catch(settled);
    const received = hand.room.receive(ada, '{"type":"update","ref":1,"merge":{"m":1}}');
    await hand.pass(1000);
    const late = update(hand, 2);
    await hand.pass(3999);
    expect(settled).not.toHaveBeenCalled();
    await hand.pass(1);
    await expect(early).rejects.toMatchObject({ code: "room_busy", status: 503, retryable: true });
    await received;
    expect(repliesTo(ada)).toMatchObject([{ ref: 1, ok: false, code: "room_busy" }]);
    letGo();
    await Promise.all([acting, late]);
    expect(await hand.call(getState, {})).toMatchObject({ text: '{"n":2}' });
  });

  test("[R1, U8, T3] is carried out after any wait if it handles the end of a socket or a timer", async () => {
    const { hand, ada, bob, acting, letGo } = await hold();
    hand.sockets.splice(hand.sockets.indexOf(bob), 1);
    const closed = hand.room.socketClosed(bob);
    await hand.pass(1000);
    const ringing = hand.room.ring();
    await hand.pass(5500); // longer than a call may wait
    letGo();
    await Promise.all([acting, closed, ringing]);
    await hand.pass(1000);
    const presence = ada.frames.flatMap((frame) => [JSON.parse(frame)].flat());
    expect(JSON.stringify(presence)).toContain('"bob":{"status":"away"');
  });
});
