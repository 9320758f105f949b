// Observers follow the state of a room without joining it. Their HTTP side is tested in test/http/changes.test.ts.

import { describe, expect, onTestFinished, test } from "vitest";
import type { RoomChange } from "collab-room";
import { RoomStub } from "../../../src/cloudflare/room-stub.ts";
import { decodeFrame } from "../../../src/model/observer.ts";
import { workerCaller } from "../../../src/protocol/caller.ts";
import { changeState } from "../../../src/room/operations/change-state.ts";
import { getRoomInfo } from "../../../src/room/operations/get-room-info.ts";
import { isAlive } from "../../../src/room/operations/is-alive.ts";
import { startRoom } from "../../../src/room/operations/start-room.ts";
import {
  breakWrites,
  env,
  failureCode,
  hibernate,
  mendWrites,
  newId,
  redeploy,
  rooms,
  sql,
} from "../../support/core/rooms.ts";
import { connect } from "../../support/core/socket-client.ts";
import { RoomByHand, settle, type SocketByHand } from "../../support/room-by-hand.ts";

const set = (hand: RoomByHand, json: object) =>
  hand.call(changeState, { kind: "merge", source: { text: JSON.stringify(json) } });

/** Change the state, and let the commit window end. */
const changeTo = async (hand: RoomByHand, json: object): Promise<void> => {
  await Promise.all([set(hand, json), hand.pass(20)]);
};

/** What an observer received. */
const told = ({ frames }: SocketByHand) =>
  frames.map(decodeFrame).map((frame) => (frame.kind === "mark" ? "mark" : frame.kind));

/** The versions that its changes lead to. */
const versionsTo = ({ frames }: SocketByHand): number[] =>
  frames
    .map(decodeFrame)
    .flatMap((frame) => (frame.kind === "change" ? [Number(frame.tag.split(".")[1])] : []));

/** The last mark, in the form in which it is returned. */
const lastMark = ({ frames }: SocketByHand): string =>
  frames.findLast((frame) => frame.startsWith("mark")) ?? "none";

const quarter = 256 * 1024;

describe("an observer", () => {
  test("[H10, S4] that opens in a commit window gets staged changes in its state, and only once", async () => {
    const hand = new RoomByHand();
    await hand.connect("ada");
    await hand.connect("bob");
    await hand.pass(1000);
    await set(hand, { n: 0 });
    const changes = [set(hand, { n: 1 }), set(hand, { n: 2 })];
    const opening = hand.observe();
    await settle();
    expect(hand.sockets).toHaveLength(2);
    await hand.pass(100);
    await Promise.all(changes);
    const observer = await opening;
    expect(observer.frames).toEqual([
      expect.stringMatching(/^state\n\S+\.3\n.*"state":\{"n":2\}\}$/),
    ]);
    await Promise.all([set(hand, { n: 3 }), set(hand, { n: 4 }), hand.pass(100)]);
    expect(versionsTo(observer).at(-1)).toBe(5);
  });

  test("[H10] gets the changes of one window as one", async () => {
    const hand = new RoomByHand();
    await hand.connect("ada");
    await hand.connect("bob");
    const observer = await hand.observe();
    await hand.pass(1000);
    await set(hand, { n: 0 });
    await Promise.all([
      set(hand, { n: 1 }),
      set(hand, { n: 2 }),
      set(hand, { n: 3 }),
      hand.pass(100),
    ]);
    expect(versionsTo(observer)).toEqual([1, 4]);
    const last = decodeFrame(observer.frames.at(-1) ?? "");
    expect("data" in last && JSON.parse(last.data)).toMatchObject({ from: 1, to: 4 });
  });

  test("[H10, N4] counts as a socket of the room, and none opens beyond the room's maximum", async () => {
    const hand = new RoomByHand({ behaviour: { maxSockets: 2 } });
    await hand.connect("ada");
    const observer = await hand.observe();
    expect(await hand.call(getRoomInfo, undefined)).toMatchObject({ sockets: 2, users: 1 });
    await expect(hand.observe()).rejects.toMatchObject({ code: "room_full" });
    await expect(hand.connect("bob")).rejects.toMatchObject({ code: "room_full" });
    expect(hand.sockets).toHaveLength(2);
    await hand.room.socketClosed(observer);
    await hand.observe();
  });

  test("[H10, T2] does not keep an empty room from stopping, and is closed with it", async () => {
    const hand = new RoomByHand({ behaviour: { idleTimeout: 60_000 } });
    await hand.call(startRoom, {});
    const observer = await hand.observe();
    await hand.pass(60_001);
    await hand.room.ring();
    expect(await hand.call(isAlive, undefined)).toBe(false);
    expect(observer.closed).toEqual({ code: 4002, reason: "room_stopped" });
    expect(observer.attachment).toBeNull();
  });

  test("[H10, L1] that reads nothing is closed with 4291 once 4 MiB are waiting", async () => {
    const hand = new RoomByHand();
    await hand.call(startRoom, {});
    const [deaf, reader] = [await hand.observe(), await hand.observe()];
    for (let n = 0; n < 20; n++) {
      await changeTo(hand, { text: String(n % 10).repeat(quarter) });
      if (n === 14) expect(deaf.closed).toBeNull();
      await hand.room.receive(reader, lastMark(reader));
    }
    expect(deaf.closed).toEqual({ code: 4291, reason: "too_slow" });
    expect(reader.closed).toBeNull();
    expect(versionsTo(reader)).toHaveLength(20);
    expect(await hand.call(getRoomInfo, undefined)).toMatchObject({ sockets: 1 });
  });

  test("[H10, N3] is never too slow for its initial state", async () => {
    const limits = { stateBytes: 8 * 1024 * 1024 };
    const hand = new RoomByHand({ behaviour: { limits } });
    await hand.call(startRoom, {});
    for (let n = 0; n < 7; n++) await changeTo(hand, { [`key-${n}`]: "x".repeat(4 * quarter) });
    const observer = await hand.observe();
    await changeTo(hand, { n: 1 });
    expect(told(observer)).toEqual(["state", "change"]);
    expect(observer.closed).toBeNull();
  });

  test.each([
    "",
    "ping!",
    "mark",
    "mark\n-1",
    "mark\n1e300",
    "mark\nNaN",
    "mark\n9007199254740991",
    '{"type":"ack","n":1}',
    new ArrayBuffer(8),
  ])("[H10, L1] gains nothing by sending %j", async (frame) => {
    const hand = new RoomByHand();
    await hand.call(startRoom, {});
    const observer = await hand.observe();
    await hand.room.receive(observer, frame);
    for (let n = 0; n < 18; n++) await changeTo(hand, { text: String(n % 10).repeat(quarter) });
    expect(observer.closed).toEqual({ code: 4291, reason: "too_slow" });
  });

  test("[H10, N4] that reads nothing is closed when 64 MiB are waiting for all together", async () => {
    const hand = new RoomByHand();
    await hand.call(startRoom, {});
    const deaf: SocketByHand[] = [];
    for (let n = 0; n < 20; n++) deaf.push(await hand.observe());
    const reader = await hand.observe();
    for (let n = 0; n < 15; n++) {
      await changeTo(hand, { text: String(n % 10).repeat(quarter) });
      await hand.room.receive(reader, lastMark(reader));
    }
    // These are 75 MiB, but the observers may still be reading.
    expect(deaf.filter(({ closed }) => closed !== null)).toHaveLength(0);
    await hand.pass(5001);
    await changeTo(hand, { n: 1 });
    expect(deaf.filter(({ closed }) => closed?.code === 4291)).toHaveLength(3);
    expect(reader.closed).toBeNull();
  });

  test("[H10, A3] needs room:read", async () => {
    const id = newId();
    await rooms.joinOrCreateRoom(id);
    const stub = new RoomStub(env.ROOMS, id, { ...workerCaller, scopes: ["room:write"] });
    expect(await failureCode(stub.observe({}))).toBe("forbidden");
    expect(await failureCode(stub.call("getChanges", { epoch: "e", since: 0 }))).toBe("forbidden");
  });
});

describe("changes() of a room handle", () => {
  /** A room, and a reader of its changes. */
  async function follow(behaviour = "patient") {
    const room = await rooms.joinOrCreateRoom(newId(), { behaviour });
    const reader = room.changes();
    onTestFinished(async () => void (await reader.return()));
    const next = async (): Promise<RoomChange | undefined> =>
      (await reader.next()).value ?? undefined;
    const { epoch } = await room.info();
    expect(await next()).toEqual({ type: "state", epoch, version: 0, state: {} });
    return { room, reader, next, epoch };
  }

  test("[H10] returns the state and then each change, until the room stops", async () => {
    const { room, next } = await follow();
    await room.updateState(() => ({ a: "-".repeat(100) }));
    await room.patchState([{ op: "add", path: "/b", value: 2 }]);
    expect(await next()).toMatchObject({ type: "change", from: 0, to: 1 });
    const patch = [{ op: "add", path: "/b", value: 2 }];
    expect(await next()).toEqual({ type: "change", from: 1, to: 2, patch });
    await room.stop();
    expect(await next()).toBeUndefined();
  });

  test("[H10] is cleaned up when its reader stops", async () => {
    const { room } = await follow();
    for await (const change of room.changes()) {
      expect(change.type).toBe("state");
      expect((await room.info()).sockets).toBe(2);
      break;
    }
    await expect.poll(async () => (await room.info()).sockets, { timeout: 20_000 }).toBe(1);
  });

  test("[H10] continues from the reader's version", async () => {
    const { room, epoch } = await follow();
    for (let n = 1; n <= 3; n++) await room.updateState(() => ({ n }));
    const seen: number[] = [];
    for await (const change of room.changes({ epoch, since: 1 })) {
      if (change.type === "change") seen.push(change.to);
      if (seen.length === 2) break;
    }
    expect(seen).toEqual([2, 3]);
    for await (const change of room.changes({ epoch: "another", since: 1 })) {
      expect(change).toMatchObject({ type: "reset", version: 3, state: { n: 3 } });
      break;
    }
  });

  test("[H10, R6] continues after the room has slept, and remembers what was not read", async () => {
    const { room, next } = await follow();
    for (let n = 1; n <= 3; n++) {
      await hibernate(room.id);
      await room.updateState(() => ({ n }));
      expect(await next()).toMatchObject({ from: n - 1, to: n });
    }
    const socket = await new RoomStub(env.ROOMS, room.id, workerCaller).observe({});
    const closed = new Promise<number>((resolve) =>
      socket.addEventListener("close", ({ code }) => resolve(code)),
    );
    socket.accept();
    for (let n = 0; n < 18; n++) {
      await room.updateState(() => ({ text: String(n % 10).repeat(quarter) }));
      await hibernate(room.id);
    }
    expect(await closed).toBe(4291);
  });

  test("[H10, R10] returns committed changes only", async () => {
    const { room, next } = await follow();
    await room.updateState(() => ({ n: 1 }));
    expect(await next()).toMatchObject({ to: 1 });
    await breakWrites(room.id, "changes");
    expect(await failureCode(room.updateState(() => ({ n: 2 })))).toBe("commit_failed");
    await mendWrites(room.id, "changes");
    await room.updateState(() => ({ n: 3 }));
    const patch = [{ op: "replace", path: "/n", value: 3 }];
    expect(await next()).toEqual({ type: "change", from: 1, to: 2, patch });
  });

  test("[H10, S10] starts over on the same socket when versions were lost", async () => {
    const { room, next, epoch } = await follow();
    await room.updateState(() => ({ n: 1 }));
    await room.updateState(() => ({ n: 2 }));
    expect([await next(), await next()]).toMatchObject([{ to: 1 }, { to: 2 }]);
    await sql(room.id, "UPDATE changes SET patch = 'x' WHERE version = 2");
    await hibernate(room.id);
    const info = await room.info();
    expect(info.epoch).not.toBe(epoch);
    const reset = { type: "reset", epoch: info.epoch, version: 1, state: { n: 1 } };
    expect(await next()).toEqual(reset);
  });

  test("[H10] ends with session_lost when the room's object is lost", async () => {
    const { room, reader } = await follow();
    await redeploy(room.id);
    expect(await failureCode(reader.next())).toBe("session_lost");
  });

  test("[H10, R4] fails for an absent room, and for an incomplete or invalid version", async () => {
    const room = rooms.room(newId());
    expect(await failureCode(room.changes().next())).toBe("room_not_running");
    for (const options of [
      { since: 1 },
      { epoch: "e" },
      { epoch: "e", since: -1 },
      { epoch: "e", since: 0.5 },
    ])
      expect(await failureCode(room.changes(options).next())).toBe("invalid_request");
  });

  test("[H10] is invisible to users, and does not affect their sessions", async () => {
    const { room, next } = await follow();
    const ada = await connect(room.id, { id: "ada" });
    await room.updateState(() => ({ n: 1 }));
    await ada.until(({ state }) => state["n"] === 1);
    expect(await next()).toMatchObject({ to: 1 });
    expect(Object.keys(ada.presence)).toEqual(["ada"]);
    await hibernate(room.id);
    await room.broadcast("wave");
    await ada.next("event");
    await room.updateState(() => ({ n: 2 }));
    expect(await next()).toMatchObject({ to: 2 });
  });
});
