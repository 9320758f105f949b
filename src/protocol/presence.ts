// Presence on the wire: what everybody in a room sees of a user who is there, beside their entry. It is
// not part of the state, and gone when they are.

import type { JsonObject, JsonValue } from "./json.ts";

/**
 * A user's presence. Members of the app's own stand beside these.
 * It rolls up all sessions of the user: the data is of the one that moved last, `typing` is true if any
 * types, and the status is the liveliest.
 */
export type Presence = JsonObject & {
  readonly name: string;
  readonly color: string;
  readonly avatarUrl?: string;
  readonly cursor?: JsonValue;
  readonly typing: boolean;
  /** `away`: all sockets are gone, and the user may still come back. */
  readonly status: "online" | "idle" | "away";
  /** ISO 8601; while the status is `idle`. */
  readonly idleSince?: string;
};

/** By user id. */
export type PresenceMap = Readonly<Record<string, Presence>>;

/** A JSON Merge Patch (RFC 7396) on a presence. */
export type PresenceUpdate = JsonObject;

export const presenceDefaults = { name: "Anonymous", color: "#6366F1" } as const;
