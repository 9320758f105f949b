// Checks of users, and how an entry is made.

import { CollabError } from "../protocol/errors.ts";
import { isObject, measure, member, type JsonValue } from "../protocol/json.ts";
import { maxUserBytes, maxUserIdLength } from "../protocol/limits.ts";
import { isoTime } from "../protocol/time.ts";
import type { User, UserEntry } from "../protocol/users.ts";

/** Levels of nesting in a user's fields and in `meta`. */
const userDepth = 16;

/**
 * Check a user, see rule U1.
 * @throws CollabError `invalid_user`
 */
export function checkUser(input: unknown): User {
  if (!isObject(input)) throw invalid("A user is a JSON object with an id.");
  const id = member(input, "id");
  if (typeof id !== "string" || id === "" || id.length > maxUserIdLength || !id.isWellFormed())
    throw invalid(`"id" must be a string of 1 to ${maxUserIdLength} characters.`);
  if (jsonBytes(input) > maxUserBytes)
    throw invalid(
      `A user may have at most ${maxUserBytes} bytes of JSON, ${userDepth} levels deep.`,
    );
  return { ...input, id };
}

/**
 * Check what `onJoin` gave for the entry.
 * @returns it, or `{}` when it gave nothing
 * @throws TypeError when it is not JSON of at most 4 KiB
 */
export function checkMeta(meta: unknown = {}): JsonValue {
  if (jsonBytes(meta) > maxUserBytes)
    throw new TypeError(`what onJoin gives must be JSON of at most ${maxUserBytes} bytes`);
  // A copy: the author may still hold what they gave.
  return JSON.parse(JSON.stringify(meta)) as JsonValue;
}

/** The entry of a user who joins now. */
export const createEntry = (user: User, meta: JsonValue, now: number): UserEntry => ({
  ...user,
  joinedAt: isoTime(now),
  meta,
});

/** Bytes of a value as JSON; infinite when it is not JSON or nests too deep. */
function jsonBytes(value: unknown): number {
  try {
    return measure(value, userDepth).bytes;
  } catch {
    return Number.POSITIVE_INFINITY;
  }
}

const invalid = (detail: string): CollabError => new CollabError("invalid_user", { detail });
