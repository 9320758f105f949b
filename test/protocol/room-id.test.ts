// A room id is 1 to 256 bytes of UTF-8 without control characters. Everything else is refused.

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { CollabError } from "../../src/protocol/errors.ts";
import { checkRoomId } from "../../src/protocol/room-id.ts";
import { anyString, prototypeKeys } from "../support/json-arbitraries.ts";

const isRoomId = (id: unknown): boolean => {
  try {
    return checkRoomId(id) === id;
  } catch (error) {
    if (error instanceof CollabError && error.code === "invalid_room_id") return false;
    throw error;
  }
};

/** The rule, implemented differently: the text survives UTF-8 and has no control characters. */
function byTheRule(id: string): boolean {
  const bytes = Buffer.from(id);
  const controls = [...id].some((character) => {
    const point = character.codePointAt(0) ?? 0;
    return point < 0x20 || (point >= 0x7f && point <= 0x9f);
  });
  return bytes.length >= 1 && bytes.length <= 256 && bytes.toString() === id && !controls;
}

test("a string is a room id exactly when the rule allows it", () => {
  const text = fc.string({ unit: "binary", maxLength: 300, size: "max" });
  const seen = new Set<boolean>();
  fc.assert(
    fc.property(fc.oneof(text, anyString, fc.string()), (id) => {
      expect(isRoomId(id)).toBe(byTheRule(id));
      seen.add(isRoomId(id));
    }),
    { numRuns: 2000 },
  );
  expect(seen.size).toBe(2);
});

describe("the length limit of room ids", () => {
  test.each([
    ["ASCII", "a", 256],
    ["two bytes a character", "é", 128],
    ["three bytes a character", "€", 85],
    ["four bytes a character", "🙂", 64],
  ])("is 256 bytes: %s", (_, character, most) => {
    expect(isRoomId(character.repeat(most))).toBe(true);
    expect(isRoomId(character.repeat(most + 1))).toBe(false);
  });

  test("holds for a text of megabytes", () => {
    expect(isRoomId("a".repeat(10_000_000))).toBe(false);
  });
});

test.each(["a", " ", "/", "%00", "..", "doc:1", "комната", "👩‍👩‍👧", "\u2028", ...prototypeKeys])(
  "%j is a room id and is returned unchanged",
  (id) => {
    expect(checkRoomId(id)).toBe(id);
  },
);

test.each([
  "",
  "\0",
  "a\n",
  "\tb",
  "\u007f",
  "\u0080",
  "\u009f",
  "\ud800",
  "a\udc00b",
  "\udc00\ud800",
])("%j is not a room id", (id) => {
  expect(isRoomId(id)).toBe(false);
});

test.each([undefined, null, 1, true, {}, { length: 1 }, ["room"], Object("room"), Symbol("room")])(
  "a value that is not a string is not a room id, %#",
  (id) => {
    expect(isRoomId(id)).toBe(false);
  },
);
