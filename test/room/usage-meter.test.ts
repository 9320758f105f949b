// The data points of a room for the deployment's analytics (rule O4). Time moves by hand.

import { describe, expect, test } from "vitest";
import type { RoomBehaviour } from "collab-room";
import type { DataPoint } from "../../src/model/data-point.ts";
import type { Member } from "../../src/model/members.ts";
import type { RoomRecord } from "../../src/model/record.ts";
import { changeState } from "../../src/room/operations/change-state.ts";
import { joinRoom } from "../../src/room/operations/join-room.ts";
import { startRoom } from "../../src/room/operations/start-room.ts";
import { stopRoom } from "../../src/room/operations/stop-room.ts";
import { MemoryRoomStorage } from "../../src/storage/memory.ts";
import { RoomByHand } from "../support/room-by-hand.ts";

const second = 1000;
const minute = 60 * second;

function createRoom(
  behaviour: RoomBehaviour = {},
  storage = new MemoryRoomStorage<RoomRecord, Member>(),
) {
  const points: DataPoint[] = [];
  const analytics = (point: DataPoint): void => void points.push(point);
  const hand = new RoomByHand({ behaviour, storage, analytics });
  let n = 0;
  const change = () => hand.call(changeState, { kind: "merge", source: { json: { n: ++n } } });
  const join = (id: string) => hand.call(joinRoom, { user: { json: { id } } });
  const of = (kind: DataPoint["kind"]) => points.filter((point) => point.kind === kind);
  return { hand, points, change, join, of };
}

const nothing = {
  behaviour: "default",
  detail: "",
  users: 0,
  sockets: 0,
  ms: 0,
  flushes: 0,
  changes: 0,
  messages: 0,
  opened: 0,
  closed: 0,
};

describe("a start, a stop and a refusal", () => {
  test("[O4] are one data point each", async () => {
    const { hand, points, change } = createRoom();
    await hand.call(startRoom, {});
    expect(points).toEqual([{ ...nothing, kind: "started" }]);
    await hand.connect("ada");
    await hand.pass(minute);
    points.length = 0;
    const changed = change();
    await hand.pass(second);
    await changed;
    await hand.call(stopRoom, { purge: false });
    expect(points).toEqual([
      {
        ...nothing,
        kind: "stopped",
        detail: "requested",
        users: 1,
        sockets: 1,
        ms: 61 * second, // since the start
        flushes: 1, // since the last data point
        changes: 1,
        closed: 1,
      },
    ]);
    expect(await hand.isAwake()).toBe(false);
  });

  test("[O4, U2] of a user have the reason", async () => {
    const { hand, of, join } = createRoom({
      onJoin: (_room, { id }) => (id === "eve" ? { error: "banned" } : { ok: null }),
      maxUsers: 1,
    });
    await join("ada");
    await expect(join("bob")).rejects.toMatchObject({ code: "room_full" });
    await expect(hand.connect("bob")).rejects.toMatchObject({ code: "room_full" });
    expect(of("refused")).toEqual([
      { ...nothing, kind: "refused", detail: "room_full", users: 1 },
      { ...nothing, kind: "refused", detail: "room_full", users: 1 },
    ]);
  });

  test("[O4, R3] are only a refusal if the join would have started the room", async () => {
    const { points, join } = createRoom({ onJoin: () => ({ error: "banned" }) });
    await expect(join("eve")).rejects.toMatchObject({ code: "join_refused" });
    expect(points).toEqual([
      { ...nothing, behaviour: "", kind: "refused", detail: "join_refused" },
    ]);
  });
});

describe("activity", () => {
  test("[O4] is one data point a minute while the room is busy, and the points add up", async () => {
    const { hand, of, change } = createRoom();
    await hand.connect("ada");
    for (let n = 0; n < 300; n++) {
      const changed = change();
      await hand.pass(second);
      await changed;
    }
    const points = of("activity");
    expect(points.length).toBeGreaterThanOrEqual(4);
    expect(points.length).toBeLessThanOrEqual(5);
    for (const { ms, users, sockets } of points) {
      expect(ms).toBeGreaterThanOrEqual(minute);
      expect([users, sockets]).toEqual([1, 1]);
    }
    await hand.pass(minute);
    const total = (name: "changes" | "opened"): number =>
      of("activity").reduce((sum, point) => sum + point[name], 0);
    expect([total("changes"), total("opened")]).toEqual([300, 1]);
  });

  test("[O4] is written once the room is quiet, before it sleeps", async () => {
    const { hand, of, change } = createRoom();
    await hand.call(startRoom, {});
    await change();
    await hand.pass(4 * second);
    await change();
    await hand.pass(4 * second);
    expect(of("activity")).toEqual([]);
    expect(await hand.isAwake()).toBe(true);
    await hand.pass(second);
    expect(of("activity")).toEqual([
      { ...nothing, kind: "activity", ms: 9 * second, flushes: 2, changes: 2 },
    ]);
    expect(await hand.isAwake()).toBe(false);
    expect(hand.timers).toBe(0);
  });

  test("[O4] within a minute of the last point waits for the next one, and keeps nothing awake", async () => {
    const { hand, of, change } = createRoom();
    await hand.call(startRoom, {});
    await change();
    await hand.pass(5 * second);
    expect(of("activity")).toHaveLength(1);
    for (let n = 0; n < 3; n++) {
      await change();
      await hand.pass(10 * second);
      expect(await hand.isAwake()).toBe(false);
    }
    expect(of("activity")).toHaveLength(1);
    await hand.pass(minute);
    await change();
    expect(of("activity")).toHaveLength(2);
    expect(of("activity")[1]).toMatchObject({ flushes: 4, changes: 4 });
  });

  test("[O4] includes all messages, also refused ones", async () => {
    const { hand, of } = createRoom();
    const ada = await hand.connect("ada");
    const messages = ['{"type":"touch","ref":1}', "nonsense", '[{"type":"touch"},{"type":"no"}]'];
    for (const message of messages) await hand.room.receive(ada, message);
    await hand.room.socketClosed(ada);
    await hand.pass(minute);
    expect(of("activity")[0]).toMatchObject({ messages: 4, opened: 1, closed: 1 });
  });

  test("[O4, R10] is still counted after the room has restarted from its storage", async () => {
    let isBroken = false;
    const storage = new MemoryRoomStorage<RoomRecord, Member>();
    const write = storage.appendChange.bind(storage);
    storage.appendChange = (change) => {
      if (isBroken) throw new Error("the disk is full");
      write(change);
    };
    const { hand, of, change } = createRoom({}, storage);
    await hand.call(startRoom, {});
    await change();
    isBroken = true;
    await expect(change()).rejects.toMatchObject({ code: "commit_failed" });
    isBroken = false;
    await change();
    await hand.pass(5 * second);
    expect(of("activity")).toMatchObject([{ changes: 2 }]);
    expect(hand.timers).toBe(0);
  });
});

test("[O4] writes nothing without analytics, and keeps nothing awake", async () => {
  const hand = new RoomByHand();
  await hand.call(startRoom, {});
  await hand.call(changeState, { kind: "merge", source: { json: { n: 1 } } });
  expect(hand.timers).toBe(0);
  expect(await hand.isAwake()).toBe(false);
});
