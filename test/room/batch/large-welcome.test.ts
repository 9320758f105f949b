// A welcome larger than what a client may leave unacknowledged. Newcomers still receive it, are not disconnected for
// it, and get the next changes.

import { expect, test } from "vitest";
import { PartReader } from "../../../src/protocol/parts.ts";
import { changeState } from "../../../src/room/operations/change-state.ts";
import { joinRoom } from "../../../src/room/operations/join-room.ts";
import { RoomByHand, type SocketByHand } from "../../support/room-by-hand.ts";

/** The frames of a socket, with parts joined. */
function wholeFrames({ frames }: SocketByHand): string[] {
  const parts = new PartReader();
  return frames.flatMap((frame) =>
    frame.startsWith('{"type":"part"') ? (parts.take(JSON.parse(frame)) ?? []) : [frame],
  );
}

const typesOf = (socket: SocketByHand): string[] =>
  wholeFrames(socket).flatMap((frame) =>
    [JSON.parse(frame)].flat().map(({ type }) => String(type)),
  );

test("[N3, W1] newcomers to a room of 3,000 users of 1.5 KB stay connected, and see the next change", async () => {
  const hand = new RoomByHand({ behaviour: { presenceLimit: 100_000 } });
  const bio = "x".repeat(1500);
  for (let n = 0; n < 3000; n++) {
    const user = { text: JSON.stringify({ id: `user-${n}`, bio }) };
    await hand.call(joinRoom, { user });
  }
  await hand.pass(1000);
  const newcomers: SocketByHand[] = [];
  for (let n = 0; n < 6; n++) newcomers.push(await hand.connect(`new-${n}`));
  await hand.pass(1000);
  for (const socket of newcomers)
    expect(wholeFrames(socket)[0]?.length).toBeGreaterThan(4.5 * 1024 * 1024);

  await hand.call(changeState, { kind: "merge", source: { text: '{"n":1}' } });
  await hand.pass(1000);
  for (const socket of newcomers) {
    expect(socket.closed).toBeNull();
    expect(typesOf(socket).at(0)).toBe("welcome");
    expect(typesOf(socket)).toContain("change");
  }
  // It does not count later either: nothing was acknowledged, and nothing has to be.
  await hand.pass(600_000);
  await hand.call(changeState, { kind: "merge", source: { text: '{"n":2}' } });
  await hand.pass(1000);
  expect(newcomers.map(({ closed }) => closed)).toEqual(newcomers.map(() => null));
});
