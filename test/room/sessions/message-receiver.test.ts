// Converts a frame into messages to handle, and refusals for its session. Invalid frames are never thrown as errors,
// and too many of them end the session.

import { describe, expect, test } from "vitest";
import { maxFrameMessages, resolveLimits, type Limits } from "../../../src/protocol/limits.ts";
import type { SessionAttachment } from "../../../src/model/session-attachment.ts";
import { receiveFrame, type ReceivedFrame } from "../../../src/room/sessions/message-receiver.ts";
import { sessionByHand } from "../../support/room-by-hand.ts";

const start = 1_000_000;

/** A session, and the frames it sends. */
function createSession(limits: Partial<Limits> = {}, attachment: Partial<SessionAttachment> = {}) {
  const resolved = resolveLimits(limits);
  const { session, socket } = sessionByHand(attachment, { limits, now: start });
  const receive = (frame: string | ArrayBuffer, now = start): ReceivedFrame =>
    receiveFrame(session, frame, resolved, now);
  return {
    session,
    socket,
    receive,
    send: (json: unknown, now = start) => receive(JSON.stringify(json), now),
  };
}

const nothing: ReceivedFrame = { requests: [], refusals: [], end: null };
const touch = { type: "touch" };

describe("a valid frame", () => {
  test("[W2] with one message yields that message", () => {
    const { send } = createSession();
    const message = { type: "presence", data: { cursor: { x: 1 } }, ref: 7 };
    expect(send(message)).toEqual({ ...nothing, requests: [message] });
  });

  test("[R1] with several messages yields them in order", () => {
    const { send } = createSession();
    const frame = [1, 2, 3].map((ref) => ({ type: "touch", ref }));
    expect(send(frame)).toEqual({ ...nothing, requests: frame });
  });

  test("[W3] of the maximum size and with the maximum number of messages is accepted", () => {
    const { receive, send } = createSession({ frameBytes: 2048 });
    const text = JSON.stringify(touch);
    expect(receive(text.padEnd(2048)).requests).toHaveLength(1);
    expect(send(Array.from({ length: maxFrameMessages }, () => touch)).requests).toHaveLength(
      maxFrameMessages,
    );
  });

  test("[W3] that acknowledges a mark is handled at once", () => {
    const flow = { sent: 30, acked: 0, marks: [10, 20, 30].map((n) => ({ n, at: n, sentAt: 0 })) };
    const { send, socket } = createSession({}, { flow });
    expect(send({ type: "ack", n: 20 })).toEqual(nothing);
    expect(socket.attachment).toMatchObject({
      flow: { sent: 30, acked: 20, marks: [{ n: 30, at: 30, sentAt: 0 }] },
    });
  });
});

describe("a bad frame", () => {
  const long = { type: "broadcast", event: "e", payload: "é".repeat(200) };
  const frames: [string, string | ArrayBuffer, string][] = [
    ["binary", new ArrayBuffer(2), "bad_message"],
    ["invalid JSON", "{", "bad_message"],
    ["empty", "", "bad_message"],
    ["an empty array", "[]", "bad_message"],
    [
      "one message too many",
      JSON.stringify(Array.from({ length: maxFrameMessages + 1 }, () => 1)),
      "bad_message",
    ],
    ["not a message", "null", "bad_message"],
    ["of an unknown type", '{"type":"shout"}', "bad_message"],
    ["too large in bytes, but not in characters", JSON.stringify(long), "too_large"],
    ["an acknowledgement of an unknown mark", '{"type":"ack","n":5}', "bad_message"],
  ];

  test.each(frames)(
    "[W3] that is %s is refused, and nothing in it is handled",
    (_, frame, code) => {
      const { receive } = createSession({ frameBytes: 300 });
      const { requests, refusals, end } = receive(frame);
      expect(refusals).toMatchObject([{ type: "error", code, detail: expect.any(String) }]);
      expect({ requests, end }).toEqual({ requests: [], end: null });
    },
  );

  test("[W3] is answered by a reply if the message has a valid ref", () => {
    const { send } = createSession();
    expect(send({ type: "update", ref: "r-1" }).refusals).toMatchObject([
      { type: "reply", ref: "r-1", ok: false, code: "bad_message" },
    ]);
    expect(send({ type: "update", ref: {} }).refusals).toMatchObject([{ type: "error" }]);
  });

  test("[W3] between good ones is refused alone", () => {
    const { send } = createSession();
    const { requests, refusals, end } = send([touch, { type: "shout" }, touch]);
    expect([requests, refusals, end]).toMatchObject([[touch, touch], [{ type: "error" }], null]);
  });

  test("[W3] is tolerated ten times, and the next one ends the session after its error", () => {
    const { receive } = createSession();
    for (let time = 0; time < 10; time++) expect(receive("{").end).toBeNull();
    const { refusals, end } = receive("{");
    expect([refusals, end]).toMatchObject([[{ code: "bad_message" }], "bad_message"]);
  });

  test("[W3] repeated in one frame ends the session at the limit", () => {
    const { send } = createSession();
    const { requests, refusals, end } = send([
      touch,
      ...Array.from({ length: 20 }, () => 1),
      touch,
    ]);
    expect([requests.length, refusals.length, end]).toEqual([1, 11, "bad_message"]);
  });
});

describe("a frame far above the limit", () => {
  const frameBytes = 1000;
  const receiveIn = (frame: string | ArrayBuffer): ReceivedFrame =>
    createSession({ frameBytes }).receive(frame);

  test.each<[string, string | ArrayBuffer]>([
    ["text", "{".padEnd(4 * frameBytes + 1)],
    ["a valid message", JSON.stringify(touch).padEnd(4 * frameBytes + 1)],
    ["binary", new ArrayBuffer(4 * frameBytes + 1)],
  ])("[W3, L1] of %s ends the session at once", (_, frame) => {
    expect(receiveIn(frame)).toEqual({ ...nothing, end: "too_large" });
  });

  test.each<[string, string | ArrayBuffer, string]>([
    ["text", "{".padEnd(4 * frameBytes), "too_large"],
    ["binary", new ArrayBuffer(4 * frameBytes), "bad_message"],
  ])(
    "[W3] is one above four times the limit: %s of exactly that size is only refused",
    (_, frame, code) => {
      expect(receiveIn(frame)).toMatchObject({ requests: [], refusals: [{ code }], end: null });
    },
  );
});

describe("a session that sends too much", () => {
  const update = (ref: number) => ({ type: "update", ref, merge: {} });

  test("[L1] learns when the same message will be accepted", () => {
    const { send } = createSession({ messagesPerSecond: 10 });
    for (let ref = 0; ref < 20; ref++) expect(send(update(ref)).requests).toHaveLength(1);
    expect(send(update(20))).toEqual({
      requests: [],
      refusals: [
        {
          type: "reply",
          ref: 20,
          ok: false,
          code: "rate_limited",
          retryAfter: 100,
          retry: true,
          detail: expect.any(String),
        },
      ],
      end: null,
    });
    expect(send(update(20), start + 100).requests).toHaveLength(1);
  });

  test("[L1] gets an error if the message has no ref", () => {
    const { send } = createSession({ messagesPerSecond: 1 });
    send([touch, touch]);
    expect(send(touch).refusals).toMatchObject([{ type: "error", code: "rate_limited" }]);
  });

  test("[L1] in bytes gets every message of such a frame refused", () => {
    const { send } = createSession({ bytesPerSecond: 1000, frameBytes: 1000 });
    const fill = { type: "broadcast", event: "e", payload: "x".repeat(900) };
    expect([send(fill), send(fill)].map(({ requests }) => requests.length)).toEqual([1, 1]);
    const { requests, refusals, end } = send([1, 2, 3, 4].map(update));
    expect([requests, end]).toEqual([[], null]);
    expect(refusals).toMatchObject([1, 2, 3, 4].map((ref) => ({ ref, code: "rate_limited" })));
  });

  const parsedBeyondRate = 16 * 1024;

  /** A session that has used up its byte rate of 20,000 a second. */
  function createGreedy() {
    const session = createSession({ bytesPerSecond: 20_000, frameBytes: 40_000 });
    session.receive(JSON.stringify(touch).padEnd(40_000));
    return session;
  }

  test("[L1] in bytes gets large frames refused without parsing: no refs are named and no mistakes counted", () => {
    const { receive } = createGreedy();
    const frames = ["{".padEnd(parsedBeyondRate + 1), JSON.stringify(update(1)).padEnd(20_000)];
    for (const frame of frames) {
      const { requests, refusals, end } = receive(frame);
      expect([requests, end]).toEqual([[], null]);
      expect(refusals).toMatchObject([{ type: "error", code: "rate_limited" }]);
      expect(refusals[0]).toMatchObject({ retryAfter: Math.ceil(frame.length / 20) });
    }
  });

  test("[L1, P1] in bytes can still show its presence, in a frame small enough to be parsed", () => {
    const { receive } = createGreedy();
    const presence = { type: "presence", data: {} };
    const text = JSON.stringify([presence, update(1)]);
    expect(receive(text.padEnd(parsedBeyondRate))).toMatchObject({
      requests: [presence],
      refusals: [{ ref: 1, code: "rate_limited" }],
    });
    expect(receive(text.padEnd(parsedBeyondRate + 1)).requests).toEqual([]);
  });

  test("[L1] in bytes and does not stop is ended, however few its messages are", () => {
    const { receive } = createGreedy();
    const frame = JSON.stringify(touch).padEnd(40_000);
    const ends = Array.from({ length: 11 }, () => receive(frame).end);
    expect(ends).toEqual([...Array.from({ length: 10 }, () => null), "rate_limited"]);
  });

  test("[L1, P1] can still show its presence, acknowledge and leave", () => {
    const flow = { sent: 10, acked: 0, marks: [{ n: 10, at: 10, sentAt: 0 }] };
    const { send, socket } = createSession({ messagesPerSecond: 1 }, { flow });
    send([touch, touch]);
    const presence = { type: "presence", data: {} };
    expect(send([presence, { type: "ack", n: 10 }, { type: "leave" }])).toEqual({
      ...nothing,
      requests: [presence, { type: "leave" }],
    });
    expect(socket.attachment).toMatchObject({ flow: { acked: 10 } });
  });

  test("[L1] and does not stop is ended, whatever it sends", () => {
    const { send } = createSession({ messagesPerSecond: 1 });
    send([touch, touch]);
    for (let excess = 0; excess < 10; excess++) expect(send(touch).end).toBeNull();
    for (const type of ["touch", "leave"])
      expect(send([{ type }, { type }])).toEqual({ ...nothing, end: "rate_limited" });
  });

  test("[L1, W3] is not counted as making mistakes", () => {
    const { send } = createSession({ messagesPerSecond: 10 });
    for (let n = 0; n < 100; n++) expect(send(touch).end).toBeNull();
  });
});
