// Things outside the room that fail for a long time: the author's hooks, the author's store, the directory. The room
// goes on, rings its alarm from time to time, and catches up by itself.

import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { Directory } from "../../../src/cloudflare/directory.ts";
import type { CollabEnv } from "../../../src/cloudflare/env.ts";
import { joinRoom } from "../../../src/room/operations/join-room.ts";
import { callsOf, hang, setScript } from "../../fixtures/scripts.ts";
import { pass, passUntil, useFakeDate } from "../../support/fake-date.ts";
import { told, userIds } from "../../support/membership.ts";
import { platform } from "../../support/core/platform.ts";
import { evict, failureCode, isListed, newId, ring, rooms } from "../../support/core/rooms.ts";
import { gather } from "../../support/core/sessions.ts";
import { RoomByHand } from "../../support/room-by-hand.ts";
import { expectFailed, expectOk } from "../../support/session.ts";
import { set } from "../../support/session-helpers.ts";

const minute = 60_000;
const hours = 6 * 60 * minute;

/**
 * Let time pass. The alarm rings whenever it is due.
 * @param each runs before each ring
 * @returns how often it rang
 */
async function ringFor(id: string, ms: number, each?: () => Promise<unknown>): Promise<number> {
  const end = Date.now() + ms;
  for (let rings = 0; ; rings++) {
    const { alarmAt } = platform.object(id).atRest;
    if (alarmAt === null || alarmAt > end) {
      passUntil(end);
      return rings;
    }
    passUntil(Math.max(Date.now(), alarmAt));
    await each?.();
    await ring(id);
  }
}

describe("hooks that never answer", () => {
  useFakeDate();

  test("[B6, R1, S7, S8] fail only their own calls: the room still reads, changes, broadcasts and lets users leave", async () => {
    const { id, room, sessions } = await gather("saved", "ada", "bob");
    const [ada, bob] = sessions as [(typeof sessions)[0], (typeof sessions)[0]];
    setScript(id, { onJoin: hang, onLeave: hang, saveRoomState: hang, play: hang });
    const joining = failureCode(room.join({ id: "cyd" }));
    const acting = ada.act("play");
    expect(await room.getState()).toEqual({});
    expect(await joining).toBe("call_timeout");
    expectFailed(await acting, "call_timeout");
    expect(await failureCode(room.updateState(hang))).toBe("call_timeout");
    expect(expectOk(await bob.update(set("n", 1))).version).toBe(1);
    await ada.until(({ state }) => state["n"] === 1);
    await room.leave("bob");
    expect(await bob.closed).toMatchObject({ code: 4001 });
    expect(await userIds(room)).toEqual(["ada"]);
    expect(await failureCode(room.stop())).toBe("save_failed");
    expect((await room.info()).save).toEqual({ status: "failing", error: "call_timeout" });
    setScript(id, {});
    await evict(id);
    await ringFor(id, 10 * minute);
    expect(await room.alive()).toBe(false); // because a stop was requested
  });

  test("[B5, B6] delay nobody for long when a scheduled action is retried", async () => {
    const { id, room, sessions } = await gather("scripted", "ada");
    setScript(id, {
      play: ({ caller, schedule, now }) =>
        caller.door === "room" ? hang() : void schedule("play", {}, now + minute),
    });
    await room.act("play");
    const ringing = ringFor(id, 2 * minute);
    expectOk(await sessions[0]!.update(set("n", 1)));
    await ringing;
    setScript(id, { play: (_, state) => ({ state: { ...state, played: true } }) });
    await ringFor(id, 10 * minute);
    expect(await room.getState()).toEqual({ n: 1, played: true });
  });
});

describe("a store that fails for hours", () => {
  useFakeDate();

  test("[S8, R7, T3] is called at most every few minutes, then gets the latest state, and the stop completes", async () => {
    const room = await rooms.joinOrCreateRoom(newId(), { behaviour: "saved" });
    const { id } = room;
    await room.join({ id: "ada" });
    setScript(id, { saveRoomState: () => ({ error: "down" }) });
    let n = 0;
    const change = () => room.patchState([{ op: "add", path: "/n", value: ++n }]);
    await change();
    const rings = await ringFor(id, hours, change);
    // A wait of 5 minutes is at most a quarter shorter. The first waits are shorter still.
    const most = hours / (3.75 * minute) + 12;
    expect(rings).toBeLessThan(2 * most); // changes and users have timers too
    const saves = () => callsOf(id).filter(({ hook }) => hook === "saveRoomState");
    expect(saves().length).toBeLessThan(most);
    expect((await room.info()).save).toEqual({ status: "failing", error: "save_failed" });
    expect(await failureCode(room.stop())).toBe("save_failed");
    await evict(id);
    await ringFor(id, hours);
    expect(await room.getState()).toEqual({ n });
    expect(await userIds(room)).toEqual(["ada"]);
    setScript(id, {});
    await ringFor(id, 10 * minute);
    expect(saves().at(-1)?.state).toEqual({ n });
    expect(await room.alive()).toBe(false);
    expect(told(id, "onLeave")).toEqual(["ada"]);
  });
});

describe("a directory shard that is down for hours", () => {
  useFakeDate();

  test("[D2, D3, T3] costs the room only its entry, which is correct within minutes once the shard is back", async () => {
    const id = newId();
    setScript(id, { directoryDown: () => true });
    const room = await rooms.joinOrCreateRoom(id, { behaviour: "scripted" });
    await room.join({ id: "ada" });
    expect(await ringFor(id, hours)).toBeLessThan(hours / minute);
    await room.updateState(() => ({ n: 1 }));
    await room.join({ id: "bob" });
    expect(await isListed(id)).toBe(false);
    setScript(id, {});
    await ringFor(id, 10 * minute);
    const { rooms: listed } = await rooms.listRooms({ prefix: id });
    expect(listed).toMatchObject([{ id, users: 2 }]);
    setScript(id, { directoryDown: () => true });
    await room.stop();
    expect(await isListed(id)).toBe(true);
    await ringFor(id, hours);
    setScript(id, {});
    await ringFor(id, 10 * minute);
    expect(await isListed(id)).toBe(false);
    pass(hours);
    expect(await ring(id)).toBe(false);
  });
});

describe("a directory shard that answers after 4 s", () => {
  beforeEach(() => void vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] }));
  afterEach(() => void vi.useRealTimers());

  const late = <T>(answer: T): Promise<T> =>
    new Promise((resolve) => {
      setTimeout(() => resolve(answer), 4000);
    });

  test("[D2, D3] is awaited by the call that starts the room, and not called again", async () => {
    const put = vi.fn((_entry: unknown, revision: number) => late(revision));
    const hand = new RoomByHand({ directory: { put, remove: (_id, revision) => late(revision) } });
    const joined = vi.fn();
    const joining = hand.call(joinRoom, { user: { text: '{"id":"ada"}' } }).then(joined);
    await vi.advanceTimersByTimeAsync(3999);
    expect(joined).not.toHaveBeenCalled();
    await vi.advanceTimersByTimeAsync(1);
    await joining;
    await vi.advanceTimersByTimeAsync(60_000);
    expect(put).toHaveBeenCalledTimes(1);
    expect(hand.logged).not.toContain("directory_unreachable");
  });

  test("[D1, D3] is included in a list", async () => {
    const shardOf = (name: string) => {
      const answer = { rooms: [], total: 1 };
      const counts = { rooms: 1, users: 1 };
      return {
        list: () => (name === "shard-2-of-4" ? late(answer) : Promise.resolve(answer)),
        counts: () => (name === "shard-2-of-4" ? late(counts) : Promise.resolve(counts)),
      };
    };
    const env = { DIRECTORY: { getByName: shardOf }, DIRECTORY_SHARDS: 4 };
    const directory = new Directory(env as unknown as CollabEnv);
    const both = Promise.all([directory.list({}), directory.count()]);
    await vi.advanceTimersByTimeAsync(4000);
    expect(await both).toMatchObject([{ total: 4 }, 4]);
  });
});
