// In a sampled room, messages to some sockets wait as long as those sockets require (rules N1, N4).

import { expect, test } from "vitest";
import { action } from "collab-room";
import * as z from "zod";
import { workerCaller } from "../../../../src/protocol/caller.ts";
import { callAction } from "../../../../src/room/operations/call-action.ts";
import { joinRoom } from "../../../../src/room/operations/join-room.ts";
import { RoomByHand, type SocketByHand } from "../../../support/room-by-hand.ts";

/** How many frames a watcher receives for 50 moves within 5 ms, of a user whom 149 sessions watch. */
async function framesOfMoves(before: (hand: RoomByHand) => Promise<void>): Promise<number> {
  const later = action(z.unknown(), (room) => void room.schedule("later", {}, room.now + 1e9));
  const hand = new RoomByHand({ behaviour: { presenceLimit: 4, actions: { later } } });
  await hand.call(joinRoom, { user: { json: { id: "u0" } } });
  const sockets: SocketByHand[] = [];
  for (let n = 1; n <= 150; n++) sockets.push(await hand.connect(`u${n}`));
  await hand.pass(5000);
  for (const socket of sockets) await hand.room.receive(socket, '{"type":"watch","users":["u1"]}');
  await hand.pass(5000);
  await before(hand);
  const [mover, watcher] = sockets as [SocketByHand, SocketByHand];
  const { length } = watcher.frames;
  for (let n = 0; n < 50; n++) {
    await hand.room.receive(mover, JSON.stringify({ type: "presence", data: { cursor: n } }));
    if (n % 10 === 9) await hand.pass(1);
  }
  await hand.pass(100);
  return watcher.frames.length - length;
}

test("[N4, B5] moves share frames, even after an action that only schedules", async () => {
  const expected = await framesOfMoves(async () => {});
  expect(expected).toBeLessThan(5);
  const actual = await framesOfMoves(async (hand) => {
    const call = hand.call(callAction, { name: "later", payload: { json: {} } }, workerCaller);
    await hand.pass(100);
    await call;
    await hand.pass(5000);
  });
  expect(actual).toBe(expected);
});
