// Presence on the wire: what everyone in a room sees of a user besides the user's entry. It is not part of the state and
// disappears when the user leaves.

import type { JsonObject, JsonValue } from "./json.ts";

/**
 * A user's presence: these members and any others that the application adds.
 * It combines all sessions of the user: the data comes from the session that changed it last, `typing` is true if it is
 * true in any session, and `status` is the most active one.
 */
export type Presence = JsonObject & KnownPresence;

/** The members that every presence may have. */
export type KnownPresence = {
  readonly name: string;
  readonly color: string;
  readonly avatarUrl?: string;
  readonly cursor?: JsonValue;
  readonly typing: boolean;
  /** `away`: the user has no socket left and the grace period is running. */
  readonly status: "online" | "idle" | "away";
  /** ISO 8601; present while the status is `idle`. */
  readonly idleSince?: string;
};

/** Presence by user id. */
export type PresenceMap = Readonly<Record<string, Presence>>;

/** A JSON Merge Patch (RFC 7396) on a presence. */
export type PresenceUpdate = JsonObject;

export const presenceDefaults = { name: "Anonymous", color: "#6366F1" } as const;
