// Checks users from outside and the `meta` from `onJoin`, and creates entries from them.

import { CollabError } from "../protocol/errors.ts";
import { isIdText } from "../protocol/id-text.ts";
import { describeValue, isObject, measure, member, type JsonValue } from "../protocol/json.ts";
import { maxUserBytes, maxUserIdLength } from "../protocol/limits.ts";
import { isoTime } from "../protocol/time.ts";
import type { User, UserEntry } from "../protocol/users.ts";

/** The maximum nesting depth of a user and of `meta`. */
const userDepth = 16;

/** Whether a text is a valid user id (rule U1). */
export const isUserId = (id: string): boolean =>
  id !== "" && id.length <= maxUserIdLength && isIdText(id);

/**
 * Check a user (rule U1).
 * @throws CollabError `invalid_user`
 */
export function checkUser(input: unknown): User {
  if (!isObject(input))
    throw invalid(`A user must be a JSON object with an "id", got ${describeValue(input)}.`);
  const id = member(input, "id");
  if (typeof id !== "string" || !isUserId(id))
    throw invalid(
      `"id" must be a valid Unicode string of 1 to ${maxUserIdLength} characters, without invisible ones, and not "." or "..", got ${describeValue(id)}.`,
    );
  if (Object.hasOwn(input, "ttl"))
    throw invalid(
      'A user has no field "ttl". It belongs in the body of POST /rooms/:id/users, or in the options of join(); a user with an open socket does not need it.',
    );
  if (jsonBytes(input) > maxUserBytes)
    throw invalid(
      `A user may have at most ${maxUserBytes} bytes of JSON and ${userDepth} levels of nesting.`,
    );
  return { ...input, id };
}

/**
 * Check the `meta` that `onJoin` returned.
 * @returns a copy of it, or `{}` if `onJoin` returned nothing
 * @throws TypeError if it is not JSON of at most 4 KiB
 */
export function checkMeta(meta: unknown = {}): JsonValue {
  if (jsonBytes(meta) > maxUserBytes)
    throw new TypeError(
      `the meta that onJoin returns must be JSON of at most ${maxUserBytes} bytes and ${userDepth} levels of nesting`,
    );
  // A copy, because the author's code may still hold a reference to it.
  return JSON.parse(JSON.stringify(meta)) as JsonValue;
}

/** The entry of a user who joins now. */
export const createEntry = (user: User, meta: JsonValue, now: number, seq: number): UserEntry => ({
  ...user,
  joinedAt: isoTime(now),
  seq,
  meta,
});

/** Bytes of a value as JSON; Infinity if it is not JSON or is nested too deeply. */
function jsonBytes(value: unknown): number {
  try {
    return measure(value, userDepth).bytes;
  } catch {
    return Number.POSITIVE_INFINITY;
  }
}

const invalid = (detail: string): CollabError => new CollabError("invalid_user", { detail });
