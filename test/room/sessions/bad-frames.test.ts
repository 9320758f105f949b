// Frames that no client should send. Each gets a typed answer, changes nothing and does not affect others. A stream of
// them ends the session.

import { beforeEach, describe, expect, test } from "vitest";
import type { RoomHandle } from "collab-room";
import type { ErrorCode } from "../../../src/protocol/errors.ts";
import { pass, useFakeDate } from "../../support/fake-date.ts";
import { evict, rowsWritten } from "../../support/core/rooms.ts";
import { expectFailed, expectOk, type TestSession } from "../../support/session.ts";
import { gather, messagesOf, set } from "../../support/core/sessions.ts";

useFakeDate();

let [id, room, ada, bob] = ["", {} as RoomHandle, {} as TestSession, {} as TestSession];

beforeEach(async () => {
  const gathered = await gather("swift", "ada", "bob");
  [id, room] = [gathered.id, gathered.room];
  [ada, bob] = gathered.sessions as [TestSession, TestSession];
  await room.updateState(() => ({ n: 1 }));
  await Promise.all([ada.fence(), bob.fence()]);
});

const update = '"type":"update","ref":"r"';
const nested = (open: string, close: string, depth: number): string =>
  open.repeat(depth) + close.repeat(depth);
const deep = nested("[", "]", 100_000);
const deepObject = `${'{"a":'.repeat(40_000)}1${"}".repeat(40_000)}`;

type Frame = string | Uint8Array<ArrayBuffer>;

/** Frames that get an `error`, because nothing in them could name a reply. */
const errors: [string, Frame, ErrorCode?][] = [
  ["nothing", ""],
  ["text", "hello"],
  ["half a message", '{"type":"touch"'],
  ["two messages without an array", '{"type":"touch"}{"type":"touch"}'],
  ["bytes", new Uint8Array(new TextEncoder().encode('{"type":"touch"}'))],
  ["no bytes", new Uint8Array()],
  ["null", "null"],
  ["a number", "1"],
  ["a string", '"touch"'],
  ["an empty array", "[]"],
  ["an array in an array", '[[{"type":"touch"}]]'],
  ["101 messages", `[${Array.from({ length: 101 }, () => '{"type":"touch"}').join()}]`],
  ["10,000 arrays", `[${Array.from({ length: 10_000 }, () => "[]").join()}]`],
  ["100,000 levels of arrays", deep],
  ["40,000 levels of objects", deepObject],
  ["a huge frame", `{${update},"patch":[],"x":"${"x".repeat(256 * 1024)}"}`, "too_large"],
  ["a huge frame of bytes", new Uint8Array(300_000)],
  ["no type", "{}"],
  ["an unknown type", '{"type":"subscribe"}'],
  ["a type of a prototype", '{"type":"constructor"}'],
  ["a type in a prototype", '{"__proto__":{"type":"touch"}}'],
  ["a message that only the room sends", '{"type":"change","from":0,"to":1,"patch":[]}'],
  ["an update without a ref", '{"type":"update","patch":[]}'],
  ["an update with an empty ref", '{"type":"update","ref":"","patch":[]}'],
  ["an update with a long ref", `{"type":"update","ref":"${"r".repeat(65)}","patch":[]}`],
  ["an update with a fractional ref", '{"type":"update","ref":1.5,"patch":[]}'],
  ["an update with a ref in a prototype", '{"type":"update","__proto__":{"ref":1},"patch":[]}'],
  ["an action without a ref", '{"type":"action","name":"look"}'],
  ["a touch whose ref is null", '{"type":"touch","ref":null}'],
  ["an ack without a number", '{"type":"ack"}'],
  ["an ack of a fraction", '{"type":"ack","n":0.5}'],
  ["an ack of a negative number", '{"type":"ack","n":-1}'],
  ["an ack of an unknown mark", '{"type":"ack","n":1}'],
  ["an ack of the largest possible mark", `{"type":"ack","n":${Number.MAX_SAFE_INTEGER}}`],
];

/** Frames that name a request of the client, which gets a reply. */
const replies: [string, string, ErrorCode?][] = [
  ["an unknown type", '{"type":"subscribe","ref":"r"}'],
  ["an update without a change", `{${update}}`],
  ["an update with two changes", `{${update},"patch":[],"merge":{}}`],
  ["an update with an object as the patch", `{${update},"patch":{}}`],
  ["an update that merges an array", `{${update},"merge":[]}`],
  ["an update for a fractional version", `{${update},"patch":[],"ifVersion":0.5}`],
  ["an update for a version as text", `{${update},"patch":[],"ifVersion":"1"}`],
  ["an update with a null operation", `{${update},"patch":[null]}`, "malformed"],
  ["an update with an unknown operation", `{${update},"patch":[{"op":"explode"}]}`, "malformed"],
  ["an update of 100,000 levels", `{${update},"merge":{"a":${deep}}}`, "too_large"],
  ["a merge of 40,000 levels", `{${update},"merge":${deepObject}}`, "too_large"],
  [
    "a patch of 100,000 levels",
    `{${update},"patch":[{"op":"add","path":"/a","value":${deep}}]}`,
    "too_large",
  ],
  [
    "a path of 100,000 steps",
    `{${update},"patch":[{"op":"add","path":"${"/a".repeat(100_000)}","value":1}]}`,
    "patch_failed",
  ],
  ["a merge with a number out of range", `{${update},"merge":{"a":1e999}}`, "invalid_state"],
  ["an action without a name", '{"type":"action","ref":"r"}'],
  ["an action of a prototype", '{"type":"action","ref":"r","name":"toString"}', "unknown_action"],
  ["an action named __proto__", '{"type":"action","ref":"r","name":"__proto__"}', "unknown_action"],
  [
    "an action with 100,000 levels",
    `{"type":"action","ref":"r","name":"nothing","payload":${deep}}`,
    "too_large",
  ],
  ["presence without data", '{"type":"presence","ref":"r"}'],
  ["presence that is an array", '{"type":"presence","ref":"r","data":[]}'],
  [
    "presence of 40,000 levels",
    `{"type":"presence","ref":"r","data":${deepObject}}`,
    "invalid_presence",
  ],
  [
    "presence of 3 KiB",
    `{"type":"presence","ref":"r","data":{"x":"${"x".repeat(3000)}"}}`,
    "invalid_presence",
  ],
  ["an event without a name", '{"type":"broadcast","ref":"r"}'],
  ["an event with an empty name", '{"type":"broadcast","ref":"r","event":""}', "invalid_request"],
  ["an event with an invalid echo", '{"type":"broadcast","ref":"r","event":"e","echo":1}'],
  [
    "an event of 100,000 levels",
    `{"type":"broadcast","ref":"r","event":"e","payload":${deep}}`,
    "too_large",
  ],
];

/** Check that nothing has changed, nothing was written, and everybody can continue. */
async function expectNoHarm(rows: number): Promise<void> {
  for (const session of [ada, bob]) {
    await session.fence();
    expect([session.state, session.version]).toEqual([{ n: 1 }, 1]);
    expect(messagesOf(session, "welcome")).toHaveLength(1);
  }
  expect(await rowsWritten(id)).toBe(rows);
  expect(await room.getState()).toEqual({ n: 1 });
  expect(messagesOf(bob, "error")).toEqual([]);
  expect(expectOk(await ada.update(set("n", 2))).version).toBe(2);
}

describe("a bad frame", () => {
  test.for(errors)("[W3] with %s gets an error, and does no harm", async ([, frame, code]) => {
    const rows = await rowsWritten(id);
    ada.sendRaw(frame);
    const error = await ada.next("error");
    expect(error).toMatchObject({ code: code ?? "bad_message", detail: expect.any(String) });
    expect(error.detail).not.toMatch(/secret|\bat \S+:\d/);
    await expectNoHarm(rows);
  });

  test.for(replies)("[W3] with %s gets a reply, and does no harm", async ([, frame, code]) => {
    const rows = await rowsWritten(id);
    ada.sendRaw(frame);
    expectFailed(await ada.next("reply", ({ ref }) => ref === "r"), code ?? "bad_message");
    await expectNoHarm(rows);
  });

  test("[W3] is answered with what was expected", async () => {
    ada.sendRaw("{}");
    expect((await ada.next("error")).detail).toMatch(/^"type" must be update, action/);
    ada.sendRaw('{"type":"ack","n":"x"}');
    expect((await ada.next("error")).detail).toMatch(/^"n" must be/);
  });

  test("[W3] among good messages fails alone", async () => {
    ada.sendRaw(
      `[{"type":"update","ref":1,"patch":[{"op":"add","path":"/a","value":1}]},{"type":"bad"},null,
        {"type":"update","ref":2},{"type":"update","ref":3,"merge":{"b":2}}]`,
    );
    expectOk(await ada.next("reply", ({ ref }) => ref === 3));
    expectOk(await ada.next("reply", ({ ref }) => ref === 1));
    expectFailed(await ada.next("reply", ({ ref }) => ref === 2), "bad_message");
    expect(messagesOf(ada, "error")).toHaveLength(2);
    expect(await room.getState()).toEqual({ n: 1, a: 1, b: 2 });
  });

  test("[W3] with 10,000 bad messages counts as one bad frame", async () => {
    for (let n = 0; n < 5; n++) {
      ada.sendRaw(`[${Array.from({ length: 10_000 }, () => "{}").join()}]`);
      expect((await ada.next("error")).detail).toContain("not 10000");
    }
    await ada.fence();
  });

  test.for<[string, Frame]>([
    ["text", "x".repeat(1024 * 1024 + 1)],
    ["bytes", new Uint8Array(1024 * 1024 + 1)],
  ])("[W3, L1] of four times the limit in %s is closed at once with 4413", async ([, frame]) => {
    ada.sendRaw(frame);
    expect(await ada.closed).toEqual({ code: 4413, reason: "too_large" });
    expect(messagesOf(ada, "error")).toEqual([]);
    await bob.fence();
    expect((await room.info()).sockets).toBe(1);
    expect(await room.getState()).toEqual({ n: 1 });
  });

  test("[W3, R6] that wakes the room is answered like any other", async () => {
    await evict(id);
    ada.sendRaw("?");
    expect((await ada.next("error")).code).toBe("bad_message");
  });
});

describe("a stream of bad frames", () => {
  test("[W3] is closed with 4400, and nobody else is", async () => {
    for (let n = 0; n < 30; n++) ada.sendRaw("?");
    expect(await ada.closed).toEqual({ code: 4400, reason: "bad_message" });
    const told = messagesOf(ada, "error").length;
    expect(told).toBeGreaterThanOrEqual(10);
    expect(told).toBeLessThan(15);
    await bob.fence();
    expect((await room.info()).sockets).toBe(1);
  });

  test("[W3] in one frame is closed as well", async () => {
    ada.sendRaw(`[${Array.from({ length: 100 }, () => "1").join()}]`);
    expect(await ada.closed).toEqual({ code: 4400, reason: "bad_message" });
  });

  test("[W3] at a low rate is only answered", async () => {
    for (let n = 0; n < 30; n++) {
      pass(10_000);
      ada.sendRaw("?");
      await ada.next("error");
    }
    await ada.fence();
  });
});
