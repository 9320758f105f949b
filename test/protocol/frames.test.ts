// Pins the wire format: golden frames of every message, and the shapes of all messages in this version of
// the protocol. A change of a shape fails here, because clients would notice it.

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

// Records, so that `tsc` requires every type.
const clientTypes: Record<ClientMessageType, true> = {
  update: true,
  action: true,
  presence: true,
  broadcast: true,
  touch: true,
  watch: true,
  auth: true,
  leave: true,
  ack: true,
};
const roomTypes: Record<RoomMessageType, true> = {
  welcome: true,
  change: true,
  reply: true,
  users: true,
  presence: true,
  people: true,
  everybody: true,
  event: true,
  scopes: true,
  mark: true,
  part: true,
  error: true,
};

const howToChange = `The shape of a message has changed, and clients of version ${protocolVersion} do not know the new shape.
If the change is intended, raise protocolVersion in src/protocol/messages.ts and write the shapes of the new version:
  npx vitest run test/protocol/frames.test.ts -u && npx oxfmt test/protocol/frames
(If version ${protocolVersion} was never deployed, delete shapes.v${protocolVersion}.json instead and run the same command.)`;

describe("golden frames", () => {
  test.each(client)("[W3] $name decodes to itself", ({ json }) => {
    expect(decodeMessage(json)).toEqual(json);
  });

  test.each(client)("[W3] $name matches the schema of client messages", ({ json }) => {
    expect(clientMessage.safeParse(json)).toEqual({ success: true, data: json });
  });

  test.each(room)("[W1] $name matches the schema of room messages", ({ json }) => {
    expect(roomMessage.safeParse(json)).toEqual({ success: true, data: json });
  });

  test.each([...client, ...room])("[W3] $name with an extra member matches no schema", (frame) => {
    const more = { ...(frame.json as object), more: 1 };
    expect(clientMessage.safeParse(more).success || roomMessage.safeParse(more).success).toBe(
      false,
    );
  });

  test("[W1, W3] exist for every type of message", () => {
    const typesOf = (frames: typeof client) =>
      new Set(frames.map(({ json }) => (json as { type: string }).type));
    expect(typesOf(client)).toEqual(new Set(Object.keys(clientTypes)));
    expect(typesOf(room)).toEqual(new Set(Object.keys(roomTypes)));
  });
});

describe("the protocol version", () => {
  const fileOf = (version: number): string => join(framesFolder, `shapes.v${version}.json`);
  const file = fileOf(protocolVersion);

  test("is part of the subprotocol's name", () => {
    expect(subprotocol).toBe(`collab-room.v${protocolVersion}`);
  });

  test("has one set of shapes that does not change", async () => {
    if (!existsSync(file)) {
      // A new version. An existing file is never overwritten, not even by `vitest -u`.
      const text = `${JSON.stringify(shapes(), null, 2)}\n`;
      await expect(text, howToChange).toMatchFileSnapshot(file);
      return;
    }
    const kept: unknown = JSON.parse(readFileSync(file, "utf8"));
    expect(shapes(), howToChange).toEqual(kept);
  });

  test("follows versions whose shapes still exist", () => {
    // Version 1 was never published.
    const before = Array.from({ length: protocolVersion - 2 }, (_, index) => fileOf(index + 2));
    expect(before.filter((each) => !existsSync(each))).toEqual([]);
  });
});

describe("the wire schemas", () => {
  test("have the types of the source, as checked by tsc", () => {
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
    ["status idle without idleSince", { status: "idle" }],
    ["idleSince without status idle", { status: "away", idleSince: "2026-11-22T10:00:00.000Z" }],
    ["an unknown status", { status: "busy" }],
    ["no status", {}],
  ])("[P1] refuse presence with %s", (_, rest) => {
    const ada = { name: "Ada", color: "#6366F1", typing: false, ...rest };
    expect(roomMessage.safeParse({ type: "presence", joins: { ada } }).success).toBe(false);
  });

  test.each([
    ["users", { type: "users" }],
    ["users", { type: "users", joins: [] }],
    ["presence", { type: "presence" }],
    ["presence", { type: "presence", joins: {}, leaves: ["ada"] }],
    ["change", { type: "change", from: 1, to: 2, patch: [] }],
  ])("[W2] refuse an empty %s message: %j", (_, message) => {
    expect(roomMessage.safeParse(message).success).toBe(false);
  });

  test.each([
    ["an unknown code", { type: "error", code: "oops", detail: "Oops." }],
    ["an error without a detail", { type: "error", code: "internal" }],
    ["an ok reply with a code", { type: "reply", ref: 1, ok: true, code: "internal" }],
    ["a welcome with both state and patch", { ...(room[0]?.json as object), state: {}, patch: [] }],
    [
      "an event of a session without a user",
      { type: "event", event: "e", payload: 1, from: null, session: "s" },
    ],
    ["null", null],
  ])("[W1] refuse %s", (_, message) => {
    expect(roomMessage.safeParse(message).success).toBe(false);
  });
});
