// Presence as pure functions: what a session says of itself, and what the room makes of all sessions of
// a user (rules P1, P3). Times are epoch ms.

import { CollabError } from "../protocol/errors.ts";
import { measure, type JsonObject } from "../protocol/json.ts";
import { maxPresenceBytes } from "../protocol/limits.ts";
import { mergePatch } from "../protocol/merge-patch.ts";
import { presenceDefaults, type Presence } from "../protocol/presence.ts";
import { isoTime } from "../protocol/time.ts";
import type { User } from "../protocol/users.ts";

/** ms after which typing lapses unless it is said again. */
export const typingLasts = 5000;

/** Levels of nesting in presence. */
const presenceDepth = 16;

/** What one session shows of itself. */
export type SessionPresence = {
  /** Everything but the members that the room itself keeps: `typing`, `status`, `idleSince`. */
  readonly data: JsonObject;
  /** When it last moved. */
  readonly at: number;
  readonly typingUntil?: number;
  readonly idleSince?: number;
};

/**
 * The presence a session begins with: what its user says of themselves. It has never moved, so a new tab
 * does not hide what the others show.
 */
export function firstPresence(user: User): SessionPresence {
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
 * @param patch a merge patch
 * @throws CollabError `invalid_presence`
 */
export function changePresence(
  { data: old, typingUntil: typed, idleSince: idled }: SessionPresence,
  patch: JsonObject,
  now: number,
): SessionPresence {
  const { typing, status, ...rest } = patch;
  if (Object.hasOwn(rest, "idleSince")) throw invalid(`"idleSince" is kept by the room`);
  if (typing !== undefined && typing !== null && typeof typing !== "boolean")
    throw invalid(`"typing" is true or false`);
  if (status !== undefined && status !== null && status !== "online" && status !== "idle")
    throw invalid(`"status" is "online" or "idle"`);
  for (const key of ["name", "color", "avatarUrl"] as const) {
    const value = Object.hasOwn(rest, key) ? rest[key] : undefined;
    if (value !== undefined && value !== null && typeof value !== "string")
      throw invalid(`"${key}" is a string`);
  }
  // What nests too deep is not even merged.
  const data = fits(rest, Infinity) ? mergePatch(old, rest) : rest;
  if (!fits(data))
    throw invalid(`presence has at most ${maxPresenceBytes} bytes, ${presenceDepth} levels deep`);

  const moves = (Object.hasOwn(rest, "cursor") && rest["cursor"] !== null) || typing === true;
  const idle = status === "idle" || (status === undefined && !moves && idled !== undefined);
  if (idle) return { data, at: now, idleSince: idled ?? now };
  const typingUntil =
    typing === true ? now + typingLasts : typing === undefined ? typed : undefined;
  return { data, at: now, ...(typingUntil !== undefined && { typingUntil }) };
}

/**
 * What everybody sees of a user, made of all their sessions.
 * @param sessions at least one
 */
export function rollUp(sessions: readonly SessionPresence[], now: number): Presence {
  const latest = sessions.reduce((a, b) => (b.at >= a.at ? b : a));
  const typing = sessions.some(({ typingUntil = 0 }) => typingUntil > now);
  const idle = sessions.flatMap(({ idleSince }) => (idleSince === undefined ? [] : [idleSince]));
  const base = { ...presenceDefaults, ...latest.data, typing };
  if (idle.length < sessions.length) return { ...base, status: "online" };
  return { ...base, status: "idle", idleSince: isoTime(Math.max(...idle)) };
}

/** What is left of a presence while its user is away. */
export function awayPresence(presence: Presence): Presence {
  const { cursor: _cursor, idleSince: _idleSince, ...rest } = presence;
  return { ...rest, typing: false, status: "away" } as Presence;
}

/** When the next typing lapses, if anybody types. */
export function nextLapse(sessions: Iterable<SessionPresence>, now: number): number | undefined {
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

const invalid = (detail: string): CollabError => new CollabError("invalid_presence", { detail });
