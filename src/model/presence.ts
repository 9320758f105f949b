// Presence as pure functions: the presence of one session, and how the presence of a user's sessions is combined
// (rules P1, P3). Times are epoch ms and are passed in; nothing here sends messages or sets timers.

import { CollabError } from "../protocol/errors.ts";
import { describeValue, isObject, measure, type JsonObject } from "../protocol/json.ts";
import { maxPresenceBytes } from "../protocol/limits.ts";
import { mergePatch } from "../protocol/merge-patch.ts";
import { presenceDefaults, type Presence } from "../protocol/presence.ts";
import { isoTime, isTime } from "../protocol/time.ts";
import type { User } from "../protocol/users.ts";

/** ms after which `typing` expires unless the client sets it again. */
export const typingTimeout = 5000;

/** The maximum nesting depth of presence. */
const presenceDepth = 16;

/** The presence of one session. */
export type SessionPresence = {
  /** All members except those that the room maintains: `typing`, `status`, `idleSince`. */
  readonly data: JsonObject;
  /**
   * When the session last moved; 0 if it has not. It determines the order of a user's sessions, so each move gets a
   * later time than the previous one, even if the clock goes back.
   */
  readonly at: number;
  readonly typingUntil?: number;
  readonly idleSince?: number;
};

/**
 * The initial presence of a session, from fields of the user. It counts as never changed, so a new tab does
 * not replace what the user's other tabs show.
 */
export function initialPresence(user: User): SessionPresence {
  let data: JsonObject = {};
  for (const key of ["name", "color", "avatarUrl"] as const) {
    const value = Object.hasOwn(user, key) ? user[key] : undefined;
    if (typeof value === "string" && fits({ ...data, [key]: value }))
      data = { ...data, [key]: value };
  }
  return { data, at: 0 };
}

/**
 * Change a session's presence.
 * @param patch a JSON Merge Patch (RFC 7396)
 * @param lastMove the latest `at` of the user's sessions
 * @throws CollabError `invalid_presence`
 */
export function changePresence(
  { data: old, at: moved, typingUntil: typed, idleSince: idled }: SessionPresence,
  patch: JsonObject,
  now: number,
  lastMove = moved,
): SessionPresence {
  const { typing, status, ...rest } = patch;
  if (Object.hasOwn(rest, "idleSince"))
    throw invalid(`"idleSince" is set by the room: leave it out`);
  if (typing !== undefined && typing !== null && typeof typing !== "boolean")
    throw invalid(`"typing" must be true or false, got ${describeValue(typing)}`);
  if (status !== undefined && status !== null && status !== "online" && status !== "idle")
    throw invalid(`"status" must be "online" or "idle", got ${describeValue(status)}`);
  for (const key of ["name", "color", "avatarUrl"] as const) {
    const value = Object.hasOwn(rest, key) ? rest[key] : undefined;
    if (value !== undefined && value !== null && typeof value !== "string")
      throw invalid(`"${key}" must be a string, got ${describeValue(value)}`);
  }
  // A patch that is nested too deeply is not merged, because merging is recursive.
  const data = fits(rest, Infinity) ? mergePatch(old, rest) : rest;
  if (!fits(data))
    throw invalid(
      `Presence may have at most ${maxPresenceBytes} bytes of JSON and ${presenceDepth} levels of nesting`,
    );

  const moves = (Object.hasOwn(rest, "cursor") && rest["cursor"] !== null) || typing === true;
  const idle = status === "idle" || (status === undefined && !moves && idled !== undefined);
  // Only a session that has moved determines the presence of its user (rule P1).
  const isMove = Object.keys(rest).length > 0 || typing === true;
  const at = isMove ? Math.max(now, lastMove + 1) : moved;
  if (idle) return { data, at, idleSince: idled ?? now };
  const typingUntil =
    typing === true ? now + typingTimeout : typing === undefined ? typed : undefined;
  return { data, at, ...(typingUntil !== undefined && { typingUntil }) };
}

/** Whether a stored value is the presence of a session. */
export const isSessionPresence = (value: unknown): value is SessionPresence =>
  isObject(value) &&
  isObject(value["data"]) &&
  isTime(value["at"]) &&
  (value["typingUntil"] === undefined || isTime(value["typingUntil"])) &&
  (value["idleSince"] === undefined || isTime(value["idleSince"]));

/**
 * Restore presence when the room wakes. The clock may have been ahead when it was saved, so typing may last no longer
 * than if it had started now.
 */
export function presenceFromStorage(presence: SessionPresence, now: number): SessionPresence {
  const { typingUntil, ...rest } = presence;
  if (typingUntil === undefined) return presence;
  return { ...rest, typingUntil: Math.min(typingUntil, now + typingTimeout) };
}

/**
 * Combine the presence of a user's sessions into the one that everyone sees.
 * @param sessions at least one
 */
export function combinePresence(sessions: readonly SessionPresence[], now: number): Presence {
  const latest = sessions.reduce((a, b) => (b.at >= a.at ? b : a));
  const typing = sessions.some(({ typingUntil = 0 }) => typingUntil > now);
  const idle = sessions.flatMap(({ idleSince }) => (idleSince === undefined ? [] : [idleSince]));
  const base = { ...presenceDefaults, ...latest.data, typing };
  if (idle.length < sessions.length) return { ...base, status: "online" };
  return { ...base, status: "idle", idleSince: isoTime(Math.max(...idle)) };
}

/** Derive the presence of a user who is away from their last one. */
export function awayPresence(presence: Presence): Presence {
  const { cursor: _cursor, idleSince: _idleSince, ...rest } = presence;
  return { ...rest, typing: false, status: "away" } as Presence;
}

/** When the next `typing` expires; `undefined` if nobody is typing. */
export function nextTypingExpiry(
  sessions: Iterable<SessionPresence>,
  now: number,
): number | undefined {
  let next: number | undefined;
  for (const { typingUntil } of sessions)
    if (typingUntil !== undefined && typingUntil > now && typingUntil < (next ?? Infinity))
      next = typingUntil;
  return next;
}

function fits(data: JsonObject, maxBytes = maxPresenceBytes): boolean {
  try {
    return measure(data, presenceDepth).bytes <= maxBytes;
  } catch {
    return false;
  }
}

const invalid = (detail: string): CollabError =>
  new CollabError("invalid_presence", { detail: `${detail}.` });
