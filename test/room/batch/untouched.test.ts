// Failures that restart a room, and the sessions that are not affected. They are told nothing of it, and receive every
// pending message exactly once.

import { describe, expect, test } from "vitest";
import type { Member } from "../../../src/model/members.ts";
import type { RoomRecord } from "../../../src/model/record.ts";
import { changeState } from "../../../src/room/operations/change-state.ts";
import { connectSession } from "../../../src/room/operations/connect-session.ts";
import { getState } from "../../../src/room/operations/get-state.ts";
import { listUsers } from "../../../src/room/operations/list-users.ts";
import { joinRoom } from "../../../src/room/operations/join-room.ts";
import { leaveRoom } from "../../../src/room/operations/leave-room.ts";
import { setScopes } from "../../../src/room/operations/set-scopes.ts";
import { MemoryRoomStorage } from "../../../src/storage/memory.ts";
import { workerCaller } from "../../../src/protocol/caller.ts";
import { RoomByHand, type SocketByHand } from "../../support/room-by-hand.ts";

/** A storage whose writes can be made to fail. */
class FailingStorage extends MemoryRoomStorage<RoomRecord, Member> {
  fails: "writeMember" | "appendChange" | "after appendChange" | null = null;
  /** Whether the storage cannot be read, so that a restart fails too. */
  cannotBeRead = false;

  override readMembers(): ReturnType<MemoryRoomStorage<RoomRecord, Member>["readMembers"]> {
    if (this.cannotBeRead) throw new Error("the disk cannot be read");
    return super.readMembers();
  }

  override writeMember(member: Member): void {
    if (this.fails === "writeMember") throw new Error("the disk is full");
    super.writeMember(member);
  }

  override appendChange(
    change: Parameters<MemoryRoomStorage<RoomRecord, Member>["appendChange"]>[0],
  ): void {
    if (this.fails === "appendChange") throw new Error("the disk is full");
    super.appendChange(change);
    if (this.fails === "after appendChange") throw new Error("it was written, and nobody knows");
  }
}

/** A room with 50 sockets that have no message pending. */
async function gather() {
  const storage = new FailingStorage();
  const hand = new RoomByHand({ storage });
  for (let n = 0; n < 50; n++) await hand.connect(`user-${n}`);
  await hand.pass(1000);
  await merge(hand, 1);
  await hand.pass(1000);
  for (const { frames } of hand.sockets) frames.length = 0;
  return { hand, storage, sockets: [...hand.sockets] as [SocketByHand, ...SocketByHand[]] };
}

const merge = (hand: RoomByHand, n: number) =>
  hand.call(changeState, { kind: "merge", source: { text: `{"n":${n}}` } });

const { scopes } = workerCaller;

type Message = { readonly type: string; readonly [member: string]: unknown };

const messagesOf = ({ frames }: SocketByHand): Message[] =>
  frames.flatMap((frame) => [JSON.parse(frame) as Message | Message[]].flat());

/** What each of these sockets was told. It must be the same for all. */
function toldAll(sockets: readonly SocketByHand[]): Message[] {
  const told = new Set(sockets.map((socket) => JSON.stringify(messagesOf(socket))));
  expect(told.size).toBe(1);
  return JSON.parse([...told].join()) as Message[];
}

const userIds = async (hand: RoomByHand): Promise<string[]> =>
  (JSON.parse((await hand.call(listUsers, {})).users) as { id: string }[]).map(({ id }) => id);

describe("a socket that the platform refuses", () => {
  const refuse = (hand: RoomByHand, id: string): Promise<unknown> =>
    hand.call(connectSession, {
      user: { id },
      scopes,
      accept() {
        throw new Error("no more sockets");
      },
    });

  test("[R10] fails its own request: nobody else is told, and its user is not in the room", async () => {
    const { hand, sockets } = await gather();
    for (let times = 0; times < 3; times++)
      await expect(refuse(hand, "cyd")).rejects.toMatchObject({ code: "internal" });
    await hand.pass(1000);
    expect(toldAll(sockets)).toEqual([]);
    expect(await userIds(hand)).not.toContain("cyd");
    await hand.connect("cyd");
    expect(await userIds(hand)).toContain("cyd");
  });

  test("[R10, R3] does not start a room", async () => {
    const hand = new RoomByHand();
    await expect(refuse(hand, "ada")).rejects.toMatchObject({ code: "internal" });
    await expect(hand.call(getState, {})).rejects.toMatchObject({ code: "room_not_running" });
    expect([hand.storage.readRoom(), hand.storage.readMembers()]).toEqual([null, []]);
  });
});

describe("a join that cannot be written", () => {
  test("[R10, U1] closes its own socket, and nobody else is told", async () => {
    const { hand, storage, sockets } = await gather();
    storage.fails = "writeMember";
    await expect(hand.connect("cyd")).rejects.toMatchObject({ code: "internal" });
    storage.fails = null;
    await hand.pass(1000);
    const [cyd] = hand.sockets.slice(sockets.length);
    expect(cyd).toMatchObject({ closed: { code: 4201, reason: "session_lost" }, frames: [] });
    expect(toldAll(sockets)).toEqual([]);
    expect(await userIds(hand)).not.toContain("cyd");
  });
});

describe("a restart", () => {
  /** Cause a failure that does not concern any other session. */
  async function restart(hand: RoomByHand, storage: FailingStorage): Promise<void> {
    storage.fails = "writeMember";
    const failing = hand.call(setScopes, { userId: "user-9", scopes: [] });
    await expect(failing).rejects.toMatchObject({ code: "internal" });
    storage.fails = null;
  }

  test("[R10, U3, U4] loses no join or leave, and reports each once", async () => {
    const { hand, storage, sockets } = await gather();
    await merge(hand, 2); // opens a window
    await hand.call(joinRoom, { user: { text: '{"id":"cyd"}' } });
    await hand.call(leaveRoom, { userId: "user-7" });
    await restart(hand, storage);
    await restart(hand, storage);
    await hand.pass(1000);
    const others = sockets.toSpliced(7, 1);
    const told = toldAll(others).filter(({ type }) => type === "users");
    expect(told).toMatchObject([{ joins: [{ id: "cyd" }], leaves: ["user-7"] }]);
  });

  test("[R10, P2] loses no presence, and reports it once", async () => {
    const { hand, storage, sockets } = await gather();
    await merge(hand, 2); // opens a window
    const data = { cursor: { x: 1 } };
    await hand.room.receive(sockets[0], JSON.stringify({ type: "presence", data }));
    await restart(hand, storage);
    await hand.pass(1000);
    expect(toldAll(sockets).filter(({ type }) => type !== "change")).toEqual([
      { type: "presence", updates: { "user-0": { cursor: { x: 1 } } } },
    ]);
  });

  test("[R10, W5] loses no event, and sends each once", async () => {
    const { hand, storage, sockets } = await gather();
    const wave = { type: "broadcast", event: "wave" };
    await hand.room.receive(sockets[0], JSON.stringify(wave)); // opens a window
    await hand.room.receive(sockets[0], JSON.stringify({ ...wave, event: "again" }));
    await restart(hand, storage);
    await hand.pass(1000);
    const [, ...others] = sockets;
    expect(toldAll(others).map(({ event }) => event)).toEqual(["wave", "again"]);
  });

  test("[R10] leaves sessions alone: nobody is welcomed again", async () => {
    const { hand, storage, sockets } = await gather();
    for (let times = 0; times < 10; times++) await restart(hand, storage);
    await hand.pass(1000);
    expect(toldAll(sockets)).toEqual([]);
    await merge(hand, 2);
    await hand.pass(1000);
    expect(toldAll(sockets)).toMatchObject([{ type: "change", from: 1, to: 2 }]);
  });

  test("[R10, W1] welcomes a session whose welcome was still pending", async () => {
    const { hand, storage, sockets } = await gather();
    await merge(hand, 2); // opens a window
    const cyd = await hand.connect("cyd");
    expect(cyd.frames).toEqual([]);
    await restart(hand, storage);
    await hand.pass(1000);
    expect(messagesOf(cyd)).toMatchObject([{ type: "welcome", version: 2 }]);
    expect(toldAll(sockets).map(({ type }) => type)).toEqual(["change", "users", "presence"]);
  });
});

describe("a restart that fails", () => {
  /** Let a commit fail while the storage cannot be read. */
  async function breakDown(hand: RoomByHand, storage: FailingStorage): Promise<void> {
    storage.fails = "appendChange";
    storage.cannotBeRead = true;
    await expect(merge(hand, 2)).rejects.toMatchObject({ code: "commit_failed" });
    await hand.pass(1000);
  }
  const mend = (storage: FailingStorage): void => {
    storage.fails = null;
    storage.cannotBeRead = false;
  };

  test("[R10, W4] is retried with the next turn, and until then nobody is told that the room has stopped", async () => {
    const { hand, storage, sockets } = await gather();
    await breakDown(hand, storage);
    await hand.room.receive(sockets[0], '{"type":"update","ref":1,"merge":{"n":3}}');
    await expect(merge(hand, 3)).rejects.toMatchObject({ code: "internal" });
    mend(storage);
    const merging = merge(hand, 4);
    await hand.pass(1000);
    await merging;
    expect(sockets.map(({ closed }) => closed).filter(Boolean)).toEqual([]);
    expect(messagesOf(sockets[0])).toMatchObject([
      { type: "reply", ref: 1, ok: false, code: "internal" },
      { type: "change", from: 1, to: 2 },
    ]);
  });

  test("[R10, T3] is retried by the alarm", async () => {
    const { hand, storage } = await gather();
    await breakDown(hand, storage);
    await hand.room.ring();
    expect(hand.alarmAt).toBeGreaterThan(hand.now);
    await hand.pass(70_000);
    mend(storage);
    await hand.room.ring();
    expect(hand.logged).toContain("restart_failed");
    const merging = merge(hand, 2);
    await hand.pass(1000);
    await merging;
  });
});

describe("a commit that fails", () => {
  test("[R10, W1] is reported after the welcome to a client whose request came before it", async () => {
    const { hand, storage } = await gather();
    await merge(hand, 2); // opens a window
    const cyd = await hand.connect("cyd");
    storage.fails = "appendChange";
    await hand.room.receive(
      hand.sockets.at(-1) as SocketByHand,
      '{"type":"update","ref":7,"merge":{"n":3}}',
    );
    await hand.pass(500);
    storage.fails = null;
    await hand.pass(1000);
    expect(messagesOf(cyd)).toMatchObject([
      { type: "welcome", version: 2 },
      { type: "reply", ref: 7, ok: false, code: "commit_failed" },
    ]);
  });

  test("[R10, S4] is reported to those who wait for it, and to nobody else", async () => {
    const { hand, storage, sockets } = await gather();
    storage.fails = "appendChange";
    await expect(merge(hand, 2)).rejects.toMatchObject({ code: "commit_failed" });
    storage.fails = null;
    await hand.pass(1000);
    expect(toldAll(sockets)).toEqual([]);
  });

  test("[R10, W1] that was written nevertheless welcomes everybody again, because their state is outdated", async () => {
    const { hand, storage, sockets } = await gather();
    storage.fails = "after appendChange";
    await expect(merge(hand, 2)).rejects.toMatchObject({ code: "commit_failed" });
    storage.fails = null;
    await hand.pass(1000);
    for (const socket of sockets)
      expect(messagesOf(socket)).toMatchObject([{ type: "welcome", version: 2, state: { n: 2 } }]);
  });
});
