// The wire, held still: golden frames of every message, and the shapes of all messages as they are in
// this version of the protocol. Whoever changes a shape finds out here that clients will notice.

import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { decodeMessage } from "../../src/protocol/decode-message.ts";
import {
  protocolVersion,
  subprotocol,
  type ClientMessageType,
  type RoomMessageType,
} from "../../src/protocol/messages.ts";
import { framesFolder, goldenFrames } from "../support/frames.ts";
import type { SameType } from "../support/same-type.ts";
import { clientMessage, roomMessage, sameAsTypes, shapes } from "../support/wire.ts";

const client = goldenFrames("client");
const room = goldenFrames("room");

// Records, for `tsc` holds them to name each type.
const clientTypes: Record<ClientMessageType, true> = {
  update: true,
  action: true,
  presence: true,
  broadcast: true,
  touch: true,
  leave: true,
  ack: true,
};
const roomTypes: Record<RoomMessageType, true> = {
  welcome: true,
  change: true,
  reply: true,
  users: true,
  presence: true,
  event: true,
  scopes: true,
  mark: true,
  error: true,
};

const howToChange = `The shape of a message has changed, and clients of version ${protocolVersion} do not know it.
If that was meant, raise protocolVersion in src/protocol/messages.ts, and write the shapes of the new version:
  npx vitest run --project node test/protocol/frames.test.ts -u && npx oxfmt test/protocol/frames
(While nobody has deployed version ${protocolVersion}, delete shapes.v${protocolVersion}.json instead, and write it anew by the same.)`;

describe("golden frames", () => {
  test.each(client)("[W3] $name is decoded to itself", ({ json }) => {
    expect(decodeMessage(json)).toEqual(json);
  });

  test.each(client)("[W3] $name fits the schema of client messages", ({ json }) => {
    expect(clientMessage.safeParse(json)).toEqual({ success: true, data: json });
  });

  test.each(room)("[W1] $name fits the schema of room messages", ({ json }) => {
    expect(roomMessage.safeParse(json)).toEqual({ success: true, data: json });
  });

  test.each([...client, ...room])("[W3] $name with a member more fits no schema", (frame) => {
    const more = { ...(frame.json as object), more: 1 };
    expect(clientMessage.safeParse(more).success || roomMessage.safeParse(more).success).toBe(
      false,
    );
  });

  test("[W1, W3] there is one of every message", () => {
    const typesOf = (frames: typeof client) =>
      new Set(frames.map(({ json }) => (json as { type: string }).type));
    expect(typesOf(client)).toEqual(new Set(Object.keys(clientTypes)));
    expect(typesOf(room)).toEqual(new Set(Object.keys(roomTypes)));
  });
});

describe("the version of the protocol", () => {
  const fileOf = (version: number): string => join(framesFolder, `shapes.v${version}.json`);
  const file = fileOf(protocolVersion);

  test("is in the name of the subprotocol", () => {
    expect(subprotocol).toBe(`collab-room.v${protocolVersion}`);
  });

  test("names one set of shapes, which does not change", async () => {
    if (!existsSync(file)) {
      // A new version. What is there already is never written over, by `vitest -u` neither.
      const text = `${JSON.stringify(shapes(), null, 2)}\n`;
      await expect(text, howToChange).toMatchFileSnapshot(file);
      return;
    }
    const kept: unknown = JSON.parse(readFileSync(file, "utf8"));
    expect(shapes(), howToChange).toEqual(kept);
  });

  test("comes after others whose shapes are still there", () => {
    const before = Array.from({ length: protocolVersion - 1 }, (_, index) => fileOf(index + 1));
    expect(before.filter((each) => !existsSync(each))).toEqual([]);
  });
});

describe("the schemas", () => {
  test("are the types of the source, which tsc would tell apart", () => {
    expect(sameAsTypes).toEqual([true, true]);
    const parted: [
      SameType<{ a: string }, { a: string; b?: number }>,
      SameType<{ a: string }, { a?: string }>,
      SameType<{ list: readonly { a: 1 }[] }, { list: { a: 1; b?: 2 }[] }>,
      SameType<"a" | "b", "a">,
    ] = [false, false, false, false];
    expect(parted).not.toContain(true);
  });

  test.each([
    ["idle without since when", { status: "idle" }],
    ["since when, without being idle", { status: "away", idleSince: "2026-11-22T10:00:00.000Z" }],
    ["a status that is none", { status: "busy" }],
    ["no status", {}],
  ])("[P1] take no presence with %s", (_, rest) => {
    const ada = { name: "Ada", color: "#6366F1", typing: false, ...rest };
    expect(roomMessage.safeParse({ type: "presence", joins: { ada } }).success).toBe(false);
  });

  test.each([
    ["users", { type: "users" }],
    ["users", { type: "users", joins: [] }],
    ["presence", { type: "presence" }],
    ["presence", { type: "presence", joins: {}, leaves: ["ada"] }],
    ["change", { type: "change", from: 1, to: 2, patch: [] }],
  ])("[W2] take no message %s that says nothing: %j", (_, message) => {
    expect(roomMessage.safeParse(message).success).toBe(false);
  });

  test.each([
    ["a code that is none", { type: "error", code: "oops", detail: "Oops." }],
    ["an error without a detail", { type: "error", code: "internal" }],
    ["a reply that is ok and has a code", { type: "reply", ref: 1, ok: true, code: "internal" }],
    ["a welcome with both", { ...(room[0]?.json as object), state: {}, patch: [] }],
    [
      "an event of a session without a user",
      { type: "event", event: "e", payload: 1, from: null, session: "s" },
    ],
    ["nothing", null],
  ])("[W1] take no %s", (_, message) => {
    expect(roomMessage.safeParse(message).success).toBe(false);
  });
});
