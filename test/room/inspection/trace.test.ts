// The trace of frames: what an administrator sees, what nobody sees, and what it costs the room.

import { describe, expect, test } from "vitest";
import type { TracedFrame } from "collab-room/protocol";
import { decodeFrame } from "../../../src/model/observer.ts";
import { createCaller, type Caller } from "../../../src/protocol/caller.ts";
import { allScopes, type Scope } from "../../../src/protocol/scopes.ts";
import { getRoomInfo } from "../../../src/room/operations/get-room-info.ts";
import { inspectRoom } from "../../../src/room/operations/inspect-room.ts";
import { joinRoom } from "../../../src/room/operations/join-room.ts";
import { leaveRoom } from "../../../src/room/operations/leave-room.ts";
import { setScopes } from "../../../src/room/operations/set-scopes.ts";
import { startRoom } from "../../../src/room/operations/start-room.ts";
import { stopRoom } from "../../../src/room/operations/stop-room.ts";
import { resolveLimits } from "../../../src/protocol/limits.ts";
import { Sessions } from "../../../src/room/sessions/sessions.ts";
import { Traces } from "../../../src/room/sessions/traces.ts";
import { RoomByHand, sessionByHand, settle, SocketByHand } from "../../support/room-by-hand.ts";

/** What a trace has received, without its marks. */
function told({ frames }: SocketByHand): { kind: string; data: Record<string, unknown> }[] {
  return frames
    .map(decodeFrame)
    .flatMap((frame) =>
      frame.kind === "mark"
        ? []
        : [{ kind: frame.kind, data: JSON.parse(frame.data) as Record<string, unknown> }],
    );
}

const framesOf = (trace: SocketByHand): TracedFrame[] =>
  told(trace).flatMap(({ kind, data }) => (kind === "frame" ? [data as TracedFrame] : []));

const typesOf = (trace: SocketByHand): string[] =>
  framesOf(trace).map(({ direction, types }) => `${direction} ${types.join()}`);

/** Acknowledge everything that a trace has received, by returning its last mark. */
async function readAll(hand: RoomByHand, trace: SocketByHand): Promise<void> {
  const mark = trace.frames.findLast((frame) => frame.startsWith("mark")) ?? "none";
  await hand.room.receive(trace, mark);
}

const say = async (hand: RoomByHand, socket: SocketByHand, message: unknown): Promise<void> => {
  const text = typeof message === "string" ? message : JSON.stringify(message);
  await Promise.all([hand.room.receive(socket, text), hand.pass(100)]);
};

const update = (value: unknown) => ({
  type: "update",
  ref: 1,
  patch: [{ op: "add", path: "/n", value }],
});

describe("a trace", () => {
  test("[V6] shows each incoming and outgoing frame with its session, user, size and text", async () => {
    const hand = new RoomByHand();
    const ada = await hand.connect("ada");
    const bob = await hand.connect("bob");
    await hand.pass(1000);
    const trace = await hand.trace();
    const [before, sent] = [ada.frames.length, JSON.stringify(update("ü"))];
    await say(hand, ada, sent);
    const frames = framesOf(trace);
    expect(typesOf(trace)).toEqual(["in update", "out change,reply", "out change"]);
    expect(frames[0]).toEqual({
      at: new Date(hand.now - 100).toISOString(),
      direction: "in",
      session: expect.any(String),
      user: "ada",
      types: ["update"],
      bytes: new TextEncoder().encode(sent).length,
      text: sent,
    });
    expect(frames[1]?.text).toBe(ada.frames[before]);
    expect(frames.map(({ user }) => user)).toEqual(["ada", "ada", "bob"]);
    expect(frames[2]?.text).toBe(bob.frames.at(-1));
  });

  test("[V6, W1] shows the welcome of a new session, and how the session ends", async () => {
    const hand = new RoomByHand();
    await hand.call(startRoom, {});
    const trace = await hand.trace();
    const ada = await hand.connect("ada");
    await hand.pass(100);
    expect(typesOf(trace)[0]).toBe("out welcome");
    await hand.room.socketClosed(ada, 1001);
    expect(told(trace).at(-1)).toMatchObject({
      kind: "closed",
      data: { user: "ada", code: 1001, reason: "socket_closed" },
    });
  });

  test("[V6] shows what its filter selects, and nothing else", async () => {
    const hand = new RoomByHand();
    const ada = await hand.connect("ada");
    await hand.connect("bob");
    await hand.pass(1000);
    const [ofBob, ofUpdates, all] = [
      await hand.trace({ user: "bob" }),
      await hand.trace({ type: "update" }),
      await hand.trace(),
    ];
    await say(hand, ada, update(1));
    expect(typesOf(ofBob)).toEqual(["out change"]);
    expect(typesOf(ofUpdates)).toEqual(["in update"]);
    const { session } = framesOf(all)[0] ?? {};
    const ofSession = await hand.trace({ session });
    await say(hand, ada, update(2));
    expect(framesOf(ofSession).map(({ user }) => user)).toEqual(["ada", "ada"]);
  });

  test("[V6] truncates a long text, and shows the full size of the frame", async () => {
    const hand = new RoomByHand();
    const ada = await hand.connect("ada");
    const trace = await hand.trace();
    const long = JSON.stringify(update("x".repeat(100_000)));
    await say(hand, ada, long);
    const [frame] = framesOf(trace);
    expect(frame).toMatchObject({ bytes: long.length, isCut: true, text: long.slice(0, 4096) });
  });

  test.each([
    ["an auth", { type: "auth", token: "s3cret-token", ref: 1 }, ["auth"]],
    [
      "an auth among other messages",
      [{ type: "touch" }, { type: "auth", token: "s3cret-token" }],
      ["touch", "auth"],
    ],
    ["an auth with escapes", '{"type":"\\u0061uth","token":"s3cret-token"}', ["auth"]],
    [
      "an auth with a second type",
      '{"type":"auth","token":"s3cret-token","type":"touch"}',
      ["touch"],
    ],
    ["an unknown type", { type: "Auth", token: "s3cret-token" }, ["?"]],
    ["a type that is a token", { type: "s3cret-token" }, ["?"]],
    [
      "a type that is a property of every object",
      { type: "constructor", token: "s3cret-token" },
      ["?"],
    ],
    ["a bare string", '"s3cret-token"', ["?"]],
    ["a list in a list", [[{ type: "auth", token: "s3cret-token" }]], ["?"]],
    ["invalid JSON", '{"type":"auth","token":"s3cret-token"', []],
    ["a frame that is too large", `{"type":"touch","x":"s3cret-token${"x".repeat(300_000)}"}`, []],
  ])("[V6, A8] never shows a token: %s", async (_, message, types) => {
    const hand = new RoomByHand();
    const ada = await hand.connect("ada");
    const trace = await hand.trace();
    await say(hand, ada, message);
    const [frame] = framesOf(trace);
    expect(frame?.types).toEqual(types);
    expect(frame?.bytes).toBeGreaterThan(0);
    expect(trace.frames.join("\n")).not.toContain("s3cret");
  });

  test("[V6, L1] that is not read gets at most 256 KiB, and learns how many frames it has missed", async () => {
    const hand = new RoomByHand();
    const ada = await hand.connect("ada");
    const trace = await hand.trace();
    for (let n = 0; n < 300; n++) {
      await say(hand, ada, update("y".repeat(3000)));
      if (n === 200) expect(trace.closed).toBeNull();
    }
    const characters = trace.frames.join("").length;
    expect(characters).toBeLessThan(300 * 1024);
    const seen = framesOf(trace).length;
    await readAll(hand, trace);
    expect(told(trace).at(-1)).toMatchObject({ kind: "dropped", data: { frames: 600 - seen } });
    await say(hand, ada, update("z"));
    expect(framesOf(trace).at(-1)?.text).toContain('"z"');
  });

  test("[V6, R6] continues after the room has slept, and keeps its count", async () => {
    const hand = new RoomByHand();
    const ada = await hand.connect("ada");
    const trace = await hand.trace({ user: "ada" });
    for (let n = 0; n < 100; n++) await say(hand, ada, update("y".repeat(3000)));
    const seen = framesOf(trace).length;
    const woken = new RoomByHand({ storage: hand.storage, sockets: hand.sockets, now: hand.now });
    expect(trace.closed).toBeNull();
    await say(woken, ada, update(1));
    expect(framesOf(trace).length).toBe(seen);
    await readAll(woken, trace);
    expect(told(trace).at(-1)).toMatchObject({ kind: "dropped", data: { frames: 202 - seen } });
    await say(woken, ada, update(2));
    expect(typesOf(trace).slice(-2)).toEqual(["in update", "out change,reply"]);
  });

  test("[V6, R10] continues after the room has restarted because of a failed commit", async () => {
    const hand = new RoomByHand();
    const ada = await hand.connect("ada");
    const trace = await hand.trace();
    const { appendChange } = hand.storage;
    hand.storage.appendChange = () => {
      throw new Error("the disk is full");
    };
    await say(hand, ada, update(1));
    hand.storage.appendChange = appendChange;
    expect(framesOf(trace).at(-1)?.text).toContain("commit_failed");
    await say(hand, ada, update(2));
    expect(typesOf(trace).slice(-2)).toEqual(["in update", "out change,reply"]);
    expect(trace.closed).toBeNull();
  });

  test("[V6, W3] does not block a frame, however deep or invalid it is", async () => {
    const hand = new RoomByHand();
    const ada = await hand.connect("ada");
    const trace = await hand.trace();
    const deep = `{"type":"broadcast","event":"e","payload":${"[".repeat(60_000)}${"]".repeat(60_000)}}`;
    for (const frame of [deep, "", "[", "\ud800", "null", "[null]", '{"type":7}'])
      await say(hand, ada, frame);
    await hand.room.receive(ada, new ArrayBuffer(9));
    await say(hand, ada, update(1));
    expect(typesOf(trace).at(-1)).toBe("out change,reply");
    expect(framesOf(trace).filter(({ direction }) => direction === "in")).toHaveLength(9);
  });

  test("[V6, T2, U1] is neither a user nor a session nor activity, and ends with the room", async () => {
    const hand = new RoomByHand({ behaviour: { idleTimeout: 60_000 } });
    await hand.call(startRoom, {});
    const trace = await hand.trace();
    expect(await hand.call(getRoomInfo, undefined)).toMatchObject({ users: 0, sockets: 0 });
    expect((await hand.call(inspectRoom, undefined)).sockets.traces).toBe(1);
    await hand.call(stopRoom, { purge: false });
    expect(trace.closed).toEqual({ code: 4002, reason: "room_stopped" });
    expect(trace.attachment).toBeNull();
  });

  test("[V6, L1] is limited to eight per room", async () => {
    const hand = new RoomByHand();
    await hand.call(startRoom, {});
    const traces = [];
    for (let n = 0; n < 8; n++) traces.push(await hand.trace());
    await expect(hand.trace()).rejects.toMatchObject({ code: "room_full" });
    await hand.room.socketClosed(traces[0] as SocketByHand);
    await hand.trace();
  });
});

describe("permission to trace", () => {
  const withScopes = (scopes: readonly Scope[], hasOwnScopes = true): Caller =>
    createCaller({ door: "http", user: { id: "eve" }, scopes, hasOwnScopes });

  test("[V6, A3, O1] requires room:admin, and a trace is logged when it opens", async () => {
    const hand = new RoomByHand();
    await hand.call(startRoom, {});
    const scopes = allScopes.filter((scope) => scope !== "room:admin");
    await expect(hand.trace({}, withScopes(scopes))).rejects.toMatchObject({ code: "forbidden" });
    expect(hand.sockets).toEqual([]);
    expect(hand.logged).not.toContain("trace_opened");
    await hand.trace({}, withScopes(["room:admin"]));
    expect(hand.logged).toContain("trace_opened");
  });

  /** A trace of Eve's, whose scopes come from the room. */
  async function given(): Promise<{ hand: RoomByHand; trace: SocketByHand }> {
    const hand = new RoomByHand();
    await hand.call(joinRoom, { user: { text: '{"id":"eve"}' } });
    await hand.call(setScopes, { userId: "eve", scopes: ["room:read", "room:admin"] });
    return { hand, trace: await hand.trace({}, withScopes([], false)) };
  }

  test("[V6, A3] ends with the scope that the room takes back", async () => {
    const { hand, trace } = await given();
    await hand.call(setScopes, { userId: "eve", scopes: ["room:read", "room:write"] });
    expect(trace.closed).toEqual({ code: 4003, reason: "forbidden" });
    const ada = await hand.connect("ada");
    await say(hand, ada, update(1));
    expect(framesOf(trace)).toEqual([]);
  });

  test("[V6, A9] ends when its user leaves, even if the room wakes before the trace was closed", async () => {
    const { hand, trace } = await given();
    await settle();
    const [attachment] = [structuredClone(trace.attachment)];
    await hand.call(leaveRoom, { userId: "eve" });
    expect(trace.closed).toEqual({ code: 4003, reason: "forbidden" });
    // As if the object had crashed before it could close the socket.
    trace.closed = null;
    trace.attachment = attachment;
    const woken = new RoomByHand({ storage: hand.storage, sockets: hand.sockets, now: hand.now });
    expect(trace.closed).toEqual({ code: 4003, reason: "forbidden" });
    expect((await woken.call(inspectRoom, undefined)).sockets.traces).toBe(0);
  });
});

describe("a room without a trace", () => {
  test("[V6] has no tap on its sessions, before the first trace and after the last", () => {
    const sessions = new Sessions();
    const { session } = sessionByHand();
    sessions.add(session);
    const traces = new Traces({
      ports: { sockets: () => [], now: () => 0 },
      behaviour: { limits: resolveLimits() },
      members: { get: () => undefined },
      sessions,
    });
    expect(session.tap).toBeNull();
    const sockets = [new SocketByHand(), new SocketByHand()] as const;
    for (const socket of sockets) traces.open({ filter: {} }, () => socket);
    const { session: later } = sessionByHand({ id: "s-2" });
    sessions.add(later);
    expect([session.tap, later.tap]).toEqual([traces, traces]);
    traces.socketClosed(sockets[0]);
    expect(session.tap).toBe(traces);
    traces.socketClosed(sockets[1]);
    expect([session.tap, later.tap]).toEqual([null, null]);
  });

  test("[V6, S3] sends and writes the same frames and rows as one with a trace", async () => {
    async function run(isTraced: boolean) {
      const hand = new RoomByHand();
      const ada = await hand.connect("ada");
      const bob = await hand.connect("bob");
      await hand.pass(1000);
      const trace = isTraced ? await hand.trace() : null;
      for (const n of [1, 2, 3]) await say(hand, ada, update(n));
      await say(hand, bob, { type: "presence", data: { typing: true } });
      const { changes } = hand.storage.readHistory();
      if (trace !== null) {
        expect(framesOf(trace).length).toBeGreaterThan(6);
        const { length } = trace.frames;
        await hand.room.socketClosed(trace);
        await say(hand, ada, { type: "touch" });
        expect(trace.frames).toHaveLength(length);
      } else await say(hand, ada, { type: "touch" });
      const frames = [ada, bob].map((socket) =>
        socket.frames.slice(1).map((frame) => frame.replaceAll(/[\da-f-]{36}/g, "id")),
      );
      return { frames, changes };
    }
    expect(await run(true)).toEqual(await run(false));
  });
});
