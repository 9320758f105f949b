// A directory that is slow or never answers. No turn of the room waits for it. Only callers who start or stop the room
// wait, because its entry has to be correct when they get their answer.

import { afterEach, describe, expect, test, vi } from "vitest";
import { Directory } from "../../src/cloudflare/directory.ts";
import type { CollabEnv } from "../../src/cloudflare/env.ts";
import { joinRoom } from "../../src/room/operations/join-room.ts";
import { getState } from "../../src/room/operations/get-state.ts";
import { updateState } from "../../src/room/operations/update-state.ts";
import { gate, hang, setScript } from "../fixtures/scripts.ts";
import { pass, useFakeDate } from "../support/fake-date.ts";
import {
  failure,
  failureCode,
  isListed,
  newId,
  ring,
  rooms,
  stored,
} from "../support/core/rooms.ts";
import { gather } from "../support/core/sessions.ts";
import { RoomByHand } from "../support/room-by-hand.ts";
import { expectOk } from "../support/session.ts";
import { set } from "../support/session-helpers.ts";
import { watchLog } from "../support/watch-log.ts";

/** Hold the next call of this kind in the room's shard until it is released. */
function holdShard(id: string, kind: "listing" | "unlisting") {
  const [asked, { promise, resolve }] = [gate(), gate()];
  setScript(id, {
    [kind]() {
      asked.resolve();
      return promise;
    },
  });
  return { asked: asked.promise, letGo: resolve };
}

/** Whether some work has ended once everything that was sent to the room has been handled. */
async function hasEnded(id: string, work: Promise<unknown>): Promise<boolean> {
  let ended = false;
  const end = (): void => {
    ended = true;
  };
  work.then(end, end);
  await stored(id);
  await stored(id);
  return ended;
}

describe("while a shard is slow", () => {
  useFakeDate();

  test("[D2] nobody waits for an update of the user count", async () => {
    const { id, room, sessions } = await gather("scripted", "ada");
    const [ada] = sessions;
    const shard = holdShard(id, "listing");
    pass(5000);
    const ringing = ring(id);
    await shard.asked;
    await room.join({ id: "bob" });
    await room.updateState(() => ({ n: 1 }));
    expectOk(await ada!.update(set("m", 2)));
    expect(await room.getState()).toEqual({ n: 1, m: 2 });
    await room.leave("bob");
    expect(await hasEnded(id, ringing)).toBe(false);
    shard.letGo();
    await ringing;
  });

  test("[D2, D1] only the caller of a start waits for it", async () => {
    const id = newId();
    const room = rooms.room(id);
    const shard = holdShard(id, "listing");
    const starting = rooms.joinOrCreateRoom(id, { behaviour: "scripted" });
    await shard.asked;
    expect(await room.alive()).toBe(true);
    await room.updateState(() => ({ n: 1 }));
    expect(await room.getState()).toEqual({ n: 1 });
    await room.touch();
    expect(await hasEnded(id, starting)).toBe(false);
    shard.letGo();
    await starting;
    expect(await isListed(id)).toBe(true);
  });

  test("[D2, D1] only the caller of a stop waits for it", async () => {
    const room = await rooms.joinOrCreateRoom(newId(), { behaviour: "scripted" });
    const shard = holdShard(room.id, "unlisting");
    const stopping = room.stop();
    await shard.asked;
    expect(await room.alive()).toBe(false);
    expect(await failureCode(room.getState())).toBe("room_not_running");
    const starting = rooms.joinOrCreateRoom(room.id, { behaviour: "scripted" });
    await expect.poll(() => room.alive()).toBe(true);
    await room.updateState(() => ({ n: 2 }));
    expect(await hasEnded(room.id, stopping)).toBe(false);
    shard.letGo();
    await Promise.all([stopping, starting]);
    expect(await isListed(room.id)).toBe(true);
  });

  test("[D2, T3] the other timers ring on time", async () => {
    const room = await rooms.joinOrCreateRoom(newId(), { behaviour: "scripted" });
    await room.join({ id: "bob" });
    await room.join({ id: "ada" }, { ttl: 5000 });
    const shard = holdShard(room.id, "listing");
    pass(5000);
    const ringing = ring(room.id);
    await shard.asked;
    await expect.poll(() => room.getUsers()).toMatchObject([{ id: "bob" }]);
    expect(await hasEnded(room.id, ringing)).toBe(false);
    shard.letGo();
    await ringing;
  });
});

describe("a shard that never answers", () => {
  afterEach(() => void vi.useRealTimers());

  test.for<[string, (directory: Directory) => Promise<unknown>]>([
    ["a list", (directory) => directory.list({})],
    ["a count", (directory) => directory.count()],
  ])("[D3] fails %s after 5 s, and reports how many shards are missing", async ([, ask]) => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    const shardOf = (name: string) => ({
      list: () => (name === "shard-2-of-4" ? hang() : Promise.resolve({ rooms: [], total: 1 })),
      counts: () => (name === "shard-2-of-4" ? hang() : Promise.resolve({ rooms: 1, users: 1 })),
    });
    const env = { DIRECTORY: { getByName: shardOf }, DIRECTORY_SHARDS: 4 };
    const lines = watchLog({ event: "directory_unavailable" });
    const settled = vi.fn();
    const asking = failure(ask(new Directory(env as unknown as CollabEnv))).finally(settled);
    await vi.advanceTimersByTimeAsync(4999);
    expect(settled).not.toHaveBeenCalled();
    await vi.advanceTimersByTimeAsync(1);
    expect(await asking).toEqual({
      code: "directory_unavailable",
      detail: "1 of 4 shards of the directory did not answer. Try again.",
    });
    expect(lines()).toMatchObject([{ shard: 2 }]);
  });

  test("[D2, D3] delays the start of a room by 5 s, and is called again", async () => {
    let asked = 0;
    const put = (): Promise<never> => {
      asked++;
      return hang();
    };
    const hand = new RoomByHand({ directory: { put, remove: hang } });
    const joined = vi.fn();
    const joining = hand.call(joinRoom, { user: { text: '{"id":"ada"}' } }).then(joined);
    await hand.pass(4999);
    expect([asked, joined.mock.calls.length]).toEqual([1, 0]);
    await hand.call(updateState, { next: async () => '{"n":1}' });
    expect(await hand.call(getState, {})).toMatchObject({ text: '{"n":1}' });
    await hand.pass(1);
    await joining;
    expect(hand.logged).toContain("directory_unreachable");
    await hand.pass(1000);
    expect(hand.alarmAt).toBe(hand.now);
    const ringing = hand.room.ring();
    await hand.pass(5000);
    await ringing;
    expect(asked).toBe(2);
  });
});
