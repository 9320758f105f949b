// A commit that is not durable yet. Everything that comes in the meantime waits for it and then goes out together, as
// one row and one frame per socket. So the room writes no faster than its storage can.

import { describe, expect, test } from "vitest";
import { changeState } from "../../../src/room/operations/change-state.ts";
import { getRoomInfo } from "../../../src/room/operations/get-room-info.ts";
import { getState } from "../../../src/room/operations/get-state.ts";
import { stopRoom } from "../../../src/room/operations/stop-room.ts";
import { gate } from "../../fixtures/scripts.ts";
import { RoomByHand, settle, type SocketByHand } from "../../support/room-by-hand.ts";

/** Longer than any commit window here. */
const aWhile = 1000;

/** A room with sockets, and a commit that stays under way until the test lets it complete. */
async function gather() {
  let durable = Promise.resolve();
  const hand = new RoomByHand({ whenDurable: () => durable });
  const sockets: SocketByHand[] = [];
  for (const userId of ["ada", "bob", "cyn"]) sockets.push(await hand.connect(userId));
  await hand.pass(aWhile);
  const { promise, resolve } = gate();
  durable = promise;
  await merge(hand, { n: 1 });
  for (const { frames } of hand.sockets) frames.length = 0;
  const letGo = async (): Promise<void> => {
    durable = Promise.resolve();
    resolve();
    await settle();
  };
  return { hand, sockets: sockets as [SocketByHand, SocketByHand, SocketByHand], letGo };
}

const merge = (hand: RoomByHand, value: object) =>
  hand.call(changeState, { kind: "merge", source: { text: JSON.stringify(value) } });

const send = (hand: RoomByHand, socket: SocketByHand, message: object): Promise<void> =>
  hand.room.receive(socket, JSON.stringify(message));

const typesOf = ({ frames }: SocketByHand): string[][] =>
  frames.map((frame) => [JSON.parse(frame)].flat().map(({ type }) => String(type)));

const rows = (hand: RoomByHand): number => hand.storage.readChanges(0).length;

describe("while a commit is under way", () => {
  test("[N4, S4] changes from sockets and calls accumulate, and become one row and one frame", async () => {
    const { hand, sockets, letGo } = await gather();
    const [ada, bob, cyn] = sockets;
    const updates = [2, 3].map((n) => merge(hand, { n }));
    await send(hand, ada, { type: "update", ref: 1, merge: { a: 1 } });
    await hand.pass(aWhile);
    await send(hand, bob, { type: "update", ref: 1, merge: { b: 1 } });
    await hand.pass(aWhile);
    expect([rows(hand), ...sockets.map(({ frames }) => frames.length)]).toEqual([1, 0, 0, 0]);
    await letGo();
    expect(rows(hand)).toBe(2);
    expect([ada, bob, cyn].map(typesOf)).toEqual([
      [["change", "reply"]],
      [["change", "reply"]],
      [["change"]],
    ]);
    await Promise.all(updates);
    expect(await hand.call(getState, {})).toMatchObject({ text: '{"n":3,"a":1,"b":1}' });
  });

  test("[N4, W5, P2, W1] events, presence and newcomers wait as well, and keep their order", async () => {
    const { hand, sockets, letGo } = await gather();
    const [ada, bob] = sockets;
    await send(hand, ada, { type: "broadcast", event: "before" });
    await send(hand, ada, { type: "presence", data: { cursor: 1 } });
    const dan = await hand.connect("dan");
    await send(hand, ada, { type: "broadcast", event: "after" });
    await hand.pass(aWhile);
    expect([bob.frames.length, dan.frames.length]).toEqual([0, 0]);
    await letGo();
    expect(typesOf(bob)).toEqual([["users", "presence", "event", "event"]]);
    expect(typesOf(dan)).toEqual([["welcome", "event"]]);
  });

  test("[N4] reads of uncommitted changes wait for the commit, and other reads do not", async () => {
    const { hand, letGo } = await gather();
    expect(await hand.call(getState, {})).toMatchObject({ text: '{"n":1}' });
    const updating = merge(hand, { n: 2 });
    await settle();
    const reading = hand.call(getState, {});
    expect(await hand.call(getRoomInfo, undefined)).toMatchObject({ version: 1 });
    await hand.pass(aWhile);
    await letGo();
    await updating;
    expect(await reading).toMatchObject({ text: '{"n":2}' });
  });

  test("[N4] events that have grown too large to wait are sent", async () => {
    const { hand, sockets, letGo } = await gather();
    const [ada, bob] = sockets;
    const payload = "x".repeat(200 * 1024);
    for (let times = 0; times < 2; times++)
      await send(hand, ada, { type: "broadcast", event: "large", payload });
    expect(bob.frames).toEqual([]);
    await hand.pass(aWhile);
    await send(hand, ada, { type: "broadcast", event: "large", payload });
    expect(typesOf(bob)).toContainEqual(["event", "event", "event"]);
    await letGo();
  });

  test("[N4, R7] a stop waits for the commit, and then stops the room", async () => {
    const { hand, letGo } = await gather();
    const updating = merge(hand, { n: 2 });
    await settle();
    const stopping = hand.call(stopRoom, { purge: false });
    await hand.pass(aWhile);
    await letGo();
    await Promise.all([updating, stopping]);
    await expect(hand.call(getState, {})).rejects.toMatchObject({ code: "room_not_running" });
    expect([hand.timers, await hand.isAwake()]).toEqual([0, false]);
  });
});

describe("a commit that is durable", () => {
  test("[N4] does not change the window, and keeps nothing awake", async () => {
    const { hand, sockets, letGo } = await gather();
    await letGo();
    expect([hand.timers, await hand.isAwake()]).toEqual([0, false]);
    await hand.pass(aWhile);
    expect(sockets.map(({ frames }) => frames.length)).toEqual([0, 0, 0]);
    await merge(hand, { n: 2 });
    expect(sockets.map(typesOf)).toEqual([[["change"]], [["change"]], [["change"]]]);
  });
});
