// A room id is 1 to 256 bytes of UTF-8 without control characters and invisible format characters, and not
// `.` or `..`. Everything else is refused.

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { CollabError } from "../../src/protocol/errors.ts";
import { checkRoomId } from "../../src/protocol/room-id.ts";
import { anyString, prototypeKeys } from "../support/json-arbitraries.ts";
import { runs } from "../support/runs.ts";

const isRoomId = (id: unknown): boolean => {
  try {
    return checkRoomId(id) === id;
  } catch (error) {
    if (error instanceof CollabError && error.code === "invalid_room_id") return false;
    throw error;
  }
};

/** Characters that show nothing, or change what is shown of others. */
const invisible = [
  ..."\u200b\u200c\u200d\u2060\ufeff", // zero-width
  ..."\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200e\u200f\u061c", // bidirectional
  ..."\u00ad\u180e\u2061\u2064\u206a\u206f\ufff9\u{e0001}\u{e0041}", // others of their kind
];

/** The rule, implemented differently: the text survives UTF-8, and no character is a control or invisible. */
function byTheRule(id: string): boolean {
  const bytes = Buffer.from(id);
  const controls = [...id].some((character) => {
    const point = character.codePointAt(0) ?? 0;
    return (
      point < 0x20 ||
      (point >= 0x7f && point <= 0x9f) ||
      /\p{General_Category=Format}/u.test(character)
    );
  });
  const isLong = bytes.length >= 1 && bytes.length <= 256;
  return isLong && bytes.toString() === id && !controls && !/^\.\.?$/.test(id);
}

test("a string is a room id exactly when the rule allows it", () => {
  const text = fc.string({ unit: "binary", maxLength: 300, size: "max" });
  const seen = new Set<boolean>();
  fc.assert(
    fc.property(fc.oneof(text, anyString, fc.string()), (id) => {
      expect(isRoomId(id)).toBe(byTheRule(id));
      seen.add(isRoomId(id));
    }),
    { numRuns: runs(2000) },
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

test.each([
  "a",
  " ",
  "/",
  "%00",
  "...",
  ". ",
  ".a",
  "a..",
  "doc:1",
  "комната",
  "עברית",
  "👩🏽❤️",
  "\u2028",
  ...prototypeKeys,
])("%j is a room id and is returned unchanged", (id) => {
  expect(checkRoomId(id)).toBe(id);
});

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
  ".",
  "..",
  ...invisible.map((character) => `a${character}b`),
])("%j is not a room id", (id) => {
  expect(isRoomId(id)).toBe(false);
});

test.each([undefined, null, 1, true, {}, { length: 1 }, ["room"], Object("room"), Symbol("room")])(
  "a value that is not a string is not a room id, %#",
  (id) => {
    expect(isRoomId(id)).toBe(false);
  },
);
