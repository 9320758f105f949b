// Validates and orders room ids.

import { CollabError } from "./errors.ts";
import { isIdText } from "./id-text.ts";
import { maxRoomIdBytes } from "./limits.ts";

const encoder = new TextEncoder();

/**
 * Check a room id: 1 to 256 bytes of UTF-8 without control and format characters, and not `.` or `..`.
 * @returns the id
 * @throws CollabError `invalid_room_id`
 */
export function checkRoomId(id: unknown): string {
  if (
    typeof id !== "string" ||
    id === "" ||
    id.length > maxRoomIdBytes ||
    !isIdText(id) ||
    /\p{Cc}/u.test(id) ||
    encoder.encode(id).length > maxRoomIdBytes
  )
    throw new CollabError("invalid_room_id");
  return id;
}

/** Compare ids in code point order, as SQLite orders text; for use with `sort`. */
export function compareIds(a: string, b: string): number {
  const shorter = Math.min(a.length, b.length);
  for (let index = 0; index < shorter; index++)
    if (a[index] !== b[index]) return (a.codePointAt(index) ?? 0) - (b.codePointAt(index) ?? 0);
  return a.length - b.length;
}

/** The lowest text that sorts after every text with this prefix; `null` if there is none. */
export function prefixEnd(prefix: string): string | null {
  const points = Array.from(prefix, (character) => character.codePointAt(0) ?? 0);
  for (let last = points.pop(); last !== undefined; last = points.pop()) {
    if (last === 0x10ffff) continue;
    const next = last === 0xd7ff ? 0xe000 : last + 1; // skips the surrogates, which are not characters
    return String.fromCodePoint(...points, next);
  }
  return null;
}
