// The in-memory timers of a room belong to one life of it. After a restart or a stop, the pending work of the previous
// life does nothing, and keeps nothing awake.

import { describe, expect, test } from "vitest";
import { CollabError } from "../../src/protocol/errors.ts";
import type { Member } from "../../src/model/members.ts";
import { typingTimeout } from "../../src/model/presence.ts";
import type { RoomRecord } from "../../src/model/record.ts";
import { changeState } from "../../src/room/operations/change-state.ts";
import { getPresence } from "../../src/room/operations/get-presence.ts";
import { getState } from "../../src/room/operations/get-state.ts";
import { stopRoom } from "../../src/room/operations/stop-room.ts";
import { MemoryRoomStorage } from "../../src/storage/memory.ts";
import { RoomByHand, type SocketByHand } from "../support/room-by-hand.ts";

/** A storage whose changes can be made to fail. */
class FailingStorage extends MemoryRoomStorage<RoomRecord, Member> {
  isFull = false;

  override appendChange(
    change: Parameters<MemoryRoomStorage<RoomRecord, Member>["appendChange"]>[0],
  ): void {
    if (this.isFull) throw new Error("the disk is full");
    super.appendChange(change);
  }
}

const merge = (value: object) =>
  ({ kind: "merge", source: { text: JSON.stringify(value) } }) as const;

/** A room with this many sockets, and no open window. */
async function gather(sockets: number) {
  const storage = new FailingStorage();
  const hand = new RoomByHand({ storage });
  for (let n = 0; n < sockets; n++) await hand.connect(`user-${n}`);
  await hand.pass(1000);
  for (const socket of hand.sockets) socket.frames.length = 0;
  return { hand, storage };
}

const typesIn = ({ frames }: SocketByHand): string[] =>
  frames.flatMap((frame) => [JSON.parse(frame)].flat().map(({ type }) => String(type)));

const show = (hand: RoomByHand, socket: SocketByHand, data: object): Promise<void> =>
  hand.room.receive(socket, JSON.stringify({ type: "presence", data }));

const typingOf = async (hand: RoomByHand): Promise<Record<string, boolean>> => {
  const all = JSON.parse(await hand.call(getPresence, undefined)) as Record<
    string,
    { typing: boolean }
  >;
  return Object.fromEntries(Object.entries(all).map(([id, { typing }]) => [id, typing]));
};

describe("an inactive room", () => {
  test("[S4] has no timer in memory, and does not keep its object awake", async () => {
    const { hand } = await gather(24);
    expect([hand.timers, await hand.isAwake()]).toEqual([0, false]);
  });

  test("[S4] is awake while a flush waits for the end of its window, and no longer", async () => {
    const { hand } = await gather(24);
    await hand.call(changeState, merge({ n: 1 }));
    const second = hand.call(changeState, merge({ n: 2 }));
    expect([await hand.isAwake(), hand.timers]).toEqual([true, 1]);
    await hand.pass(4);
    expect(await second).toMatchObject({ version: 2 });
    expect([hand.timers, await hand.isAwake()]).toEqual([0, false]);
  });
});

describe("a room whose commit failed", () => {
  test("[S4] sends and commits nothing of it, and restarts once from its storage", async () => {
    const { hand, storage } = await gather(24);
    await hand.call(changeState, merge({ n: 1 }));
    const waiting = [2, 3].map((n) =>
      hand.call(changeState, merge({ n })).catch((error: unknown) => error),
    );
    await hand.isAwake();
    for (const socket of hand.sockets) socket.frames.length = 0;
    storage.isFull = true;
    await hand.pass(4);
    for (const error of await Promise.all(waiting))
      expect(error instanceof CollabError && error.code).toBe("commit_failed");
    storage.isFull = false;
    await hand.pass(1000);
    expect(hand.sockets.map(typesIn)).toEqual(hand.sockets.map(() => []));
    expect([hand.timers, await hand.isAwake()]).toEqual([0, false]);
    expect(await hand.call(getState, {})).toEqual({
      tag: expect.stringMatching(/\.1$/),
      text: '{"n":1}',
    });
    expect(await hand.call(changeState, merge({ n: 4 }))).toMatchObject({ version: 2 });
  });

  test("[P3, R6] lets typing expire once and on time, for the sessions of its next life", async () => {
    const { hand, storage } = await gather(2);
    const [ada, bob] = hand.sockets as [SocketByHand, SocketByHand];
    await show(hand, ada, { typing: true });
    await hand.pass(1000);
    storage.isFull = true;
    await hand.call(changeState, merge({ n: 1 })).catch(() => {});
    storage.isFull = false;
    await hand.pass(0);
    expect(hand.timers).toBe(1);
    bob.frames.length = 0;
    await hand.pass(typingTimeout - 1001);
    expect(await typingOf(hand)).toEqual({ "user-0": true, "user-1": false });
    await hand.pass(1);
    await hand.pass(1000);
    expect(typesIn(bob)).toEqual(["presence"]);
    expect(await typingOf(hand)).toEqual({ "user-0": false, "user-1": false });
    expect([hand.timers, await hand.isAwake()]).toEqual([0, false]);
  });
});

describe("a room that was stopped while somebody was typing", () => {
  test("[P3, R7] lets typing expire on time in its next life", async () => {
    const { hand } = await gather(1);
    await show(hand, hand.sockets[0] as SocketByHand, { typing: true });
    await hand.pass(1000);
    await hand.call(stopRoom, { purge: false });
    hand.sockets.length = 0;
    const ada = await hand.connect("ada");
    const bob = await hand.connect("bob");
    await hand.pass(1000);
    await show(hand, ada, { typing: true });
    await hand.pass(1000);
    bob.frames.length = 0;
    await hand.pass(typingTimeout - 2000); // when the first typing would have expired
    expect(bob.frames).toEqual([]);
    await hand.pass(1000);
    await hand.pass(1000);
    expect(bob.frames.map((frame) => JSON.parse(frame) as unknown)).toEqual([
      { type: "presence", updates: { ada: { typing: false } } },
    ]);
    expect([hand.timers, await hand.isAwake()]).toEqual([0, false]);
  });
});
