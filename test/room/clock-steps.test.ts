// The wall clock is set forward or back while a room is awake. Nobody waits for the difference, and no deadline is
// delayed by it. Here, time passes by hand, independently of the wall clock.

import { describe, expect, test } from "vitest";
import type { RoomBehaviour } from "../../src/behaviours/behaviour.ts";
import { CollabError } from "../../src/protocol/errors.ts";
import { typingTimeout } from "../../src/model/presence.ts";
import { changeState } from "../../src/room/operations/change-state.ts";
import { getRoomInfo } from "../../src/room/operations/get-room-info.ts";
import { listUsers } from "../../src/room/operations/list-users.ts";
import { holdPresence } from "../../src/room/operations/hold-presence.ts";
import { joinRoom } from "../../src/room/operations/join-room.ts";
import { leaveRoom } from "../../src/room/operations/leave-room.ts";
import { RoomByHand, type SocketByHand } from "../support/room-by-hand.ts";

const second = 1000;
const minute = 60 * second;
const hour = 60 * minute;

const steps: [string, number][] = [
  ["back by an hour", -hour],
  ["back by five seconds", -5 * second],
  ["ahead by five seconds", 5 * second],
  ["ahead by an hour", hour],
];
const stepsBack = steps.filter(([, step]) => step < 0);

/** Longer than any commit window. */
const aWindow = 200;

/** A room with these users, each with a socket, and nothing pending. */
async function gather(behaviour: RoomBehaviour, ...userIds: string[]) {
  const hand = new RoomByHand({ behaviour });
  for (const userId of userIds) await hand.connect(userId);
  await hand.pass(10 * second);
  for (const { frames } of hand.sockets) frames.length = 0;
  return { hand, sockets: hand.sockets as [SocketByHand, SocketByHand] };
}

type Message = { readonly type: string; readonly [member: string]: unknown };

const messagesOf = ({ frames }: SocketByHand): Message[] =>
  frames.flatMap((frame) => [JSON.parse(frame) as Message | Message[]].flat());

const typesOf = (socket: SocketByHand): string[] => messagesOf(socket).map(({ type }) => type);

const send = (hand: RoomByHand, socket: SocketByHand, message: object): Promise<void> =>
  hand.room.receive(socket, JSON.stringify(message));

const update = (hand: RoomByHand, socket: SocketByHand, ref: number): Promise<void> =>
  send(hand, socket, { type: "update", ref, merge: { n: ref } });

/** Let time pass. The alarm rings when the wall clock shows its time. */
async function passWithAlarm(hand: RoomByHand, ms: number): Promise<void> {
  const end = hand.now + ms;
  const isDue = (at: number): boolean => (hand.alarmAt ?? Infinity) - hand.wallOffset <= at;
  while (isDue(end)) {
    await hand.pass(Math.max(0, (hand.alarmAt ?? 0) - hand.wallOffset - hand.now));
    hand.alarmAt = null;
    await hand.room.ring();
  }
  await hand.pass(end - hand.now);
}

const userIds = async (hand: RoomByHand): Promise<string[]> =>
  (JSON.parse((await hand.call(listUsers, {})).users) as { id: string }[]).map(({ id }) => id);

describe.for(steps)("the wall clock is set %s", ([, step]) => {
  test("[T5, N4] and changes, events and newcomers wait no longer than a window", async () => {
    const { hand, sockets } = await gather(
      {},
      ...Array.from({ length: 40 }, (_, n) => `user-${n}`),
    );
    const [ada, bob] = sockets;
    await update(hand, ada, 1); // opens a window
    hand.wallOffset += step;
    await update(hand, ada, 2);
    await send(hand, ada, { type: "broadcast", event: "wave" });
    const coming = hand.connect("cyd");
    await hand.pass(aWindow);
    const cyd = await coming;
    expect(typesOf(ada)).toEqual(expect.arrayContaining(["reply", "change", "reply"]));
    expect(typesOf(bob).filter((type) => type === "change")).toHaveLength(2);
    expect(typesOf(bob)).toContain("event");
    expect(typesOf(cyd)).toEqual(["welcome"]);
  });

  test("[T5, N4] and a call waits no longer than a window", async () => {
    const { hand, sockets } = await gather(
      {},
      ...Array.from({ length: 40 }, (_, n) => `user-${n}`),
    );
    await update(hand, sockets[0], 1);
    hand.wallOffset += step;
    const source = { text: '{"n":2}' };
    const call = hand.call(changeState, { kind: "merge", source });
    await hand.pass(aWindow);
    await expect(call).resolves.toMatchObject({ version: 2 });
  });

  test("[T5, L1] and a session that waits for `retryAfter` is admitted", async () => {
    const { hand, sockets } = await gather({ limits: { messagesPerSecond: 5 } }, "ada", "bob");
    const [ada] = sockets;
    for (let ref = 1; ref <= 11; ref++) await update(hand, ada, ref);
    await hand.pass(aWindow);
    expect(messagesOf(ada)).toContainEqual(
      expect.objectContaining({ ref: 11, ok: false, code: "rate_limited", retryAfter: 200 }),
    );
    hand.wallOffset += step;
    await update(hand, ada, 12);
    await hand.pass(200);
    await update(hand, ada, 13);
    await hand.pass(aWindow);
    expect(messagesOf(ada)).toContainEqual(expect.objectContaining({ ref: 13, ok: true }));
  });

  test("[T5, L1] and no session can send more than its burst", async () => {
    const { hand, sockets } = await gather({ limits: { messagesPerSecond: 5 } }, "ada", "bob");
    hand.wallOffset += step;
    for (let ref = 1; ref <= 30; ref++) await update(hand, sockets[0], ref);
    await hand.pass(aWindow);
    const accepted = messagesOf(sockets[0]).filter(({ ok }) => ok === true);
    expect(accepted).toHaveLength(10);
  });

  test("[T5, P3] and typing expires on time", async () => {
    const { hand, sockets } = await gather({}, "ada", "bob");
    const [ada, bob] = sockets;
    await send(hand, ada, { type: "presence", data: { typing: true } });
    await hand.pass(aWindow);
    expect(messagesOf(bob).at(-1)).toMatchObject({ updates: { ada: { typing: true } } });
    await hand.pass(3000);
    hand.wallOffset += step;
    await hand.pass(typingTimeout - 3000);
    expect(messagesOf(bob).at(-1)).toMatchObject({ updates: { ada: { typing: false } } });
  });

  test("[T5, U7, U6, P4] and leases, grace periods and held presence end on time", async () => {
    const { hand, sockets } = await gather({ reconnectGrace: minute }, "ada", "bob");
    const user = { json: { id: "bot" } };
    await hand.call(joinRoom, { user, ttl: minute });
    const data = { json: { cursor: 1 } };
    await hand.call(holdPresence, { userId: "bob", data, ttl: minute });
    const [ada, bob] = sockets;
    ada.attachment = { ...Object(ada.attachment) }; // as the platform has it until the close is handled
    hand.sockets.shift();
    await hand.room.socketClosed(ada);
    hand.wallOffset += step;
    await send(hand, bob, { type: "touch" });
    bob.frames.length = 0;
    await passWithAlarm(hand, minute + aWindow);
    expect(await userIds(hand)).toEqual(["bob"]);
    expect(messagesOf(bob)).toContainEqual(
      expect.objectContaining({ updates: { bob: { cursor: null } } }),
    );
  });

  test("[T5, T2] and an empty room stops on time", async () => {
    const { hand } = await gather({ idleTimeout: 10 * minute });
    await hand.call(joinRoom, { user: { json: { id: "bot" } } });
    await hand.call(leaveRoom, { userId: "bot" });
    hand.wallOffset += step;
    await hand.call(getRoomInfo, undefined);
    await passWithAlarm(hand, 10 * minute);
    await expect(hand.call(getRoomInfo, undefined)).rejects.toMatchObject(
      new CollabError("room_not_running"),
    );
  });

  test("[T5, U8] and a live client stays, and a dead one is found", async () => {
    const { hand, sockets } = await gather({ reconnectGrace: 0 }, "ada", "bob");
    const [ada, bob] = sockets;
    hand.wallOffset += step;
    await send(hand, ada, { type: "touch" });
    for (let passed = 0; passed < 12 * minute; passed += 30 * second) {
      await passWithAlarm(hand, 30 * second);
      ada.pingedAgo = 0;
    }
    expect([ada.closed, bob.closed]).toEqual([null, { code: 4202, reason: "silent" }]);
    expect(await userIds(hand)).toEqual(["ada"]);
  });
});

describe.for(stepsBack)("the wall clock is set %s", ([, step]) => {
  test("[T5, P3] and typing does not expire early", async () => {
    const { hand, sockets } = await gather({}, "ada", "bob");
    const [ada, bob] = sockets;
    await send(hand, ada, { type: "presence", data: { typing: true } });
    hand.wallOffset += step;
    await hand.pass(typingTimeout - 1);
    await send(hand, ada, { type: "presence", data: { mood: "fine" } });
    await hand.pass(0);
    expect(messagesOf(bob).flatMap(({ updates }) => [updates ?? []].flat())).not.toContainEqual(
      expect.objectContaining({ ada: expect.objectContaining({ typing: false }) }),
    );
  });

  test("[T5, U5] and new users are last, whatever their `joinedAt` says", async () => {
    const { hand, sockets } = await gather({}, "ada", "bob");
    await hand.call(joinRoom, { user: { json: { id: "old" } } });
    hand.wallOffset += step;
    await hand.call(joinRoom, { user: { json: { id: "new" } } });
    await hand.call(joinRoom, { user: { json: { id: "ada", name: "Ada" } } });
    await hand.pass(aWindow);
    const entries = messagesOf(sockets[1]).flatMap(({ joins = [], updates = [] }) =>
      [joins, updates].flat(),
    ) as { id: string; seq: number }[];
    const order = entries.toSorted((a, b) => a.seq - b.seq).map(({ id }) => id);
    expect(order).toEqual(["old", "new", "ada"]);
    expect(await userIds(hand)).toEqual(["bob", ...order]);
  });
});
