// The shapes of users: as callers send them, and as the room stores and shows them.

import type { JsonObject, JsonValue } from "./json.ts";
import type { Scope } from "./scopes.ts";

/** A user as a caller sends it: an id, and any fields of the application. */
export type User = JsonObject & { readonly id: string };

/** A user in the room: the caller's fields, and those that the room adds. */
export type UserEntry = User & {
  /** ISO 8601. */
  readonly joinedAt: string;
  /** Position in the join order: later joins have higher numbers, even if the clock goes back. */
  readonly seq: number;
  /** The `meta` that `onJoin` returned. */
  readonly meta: JsonValue;
};

/** A user in the room, with information about their sessions. */
export type UserInfo = {
  readonly user: UserEntry;
  /** Number of open sessions. */
  readonly sessions: number;
  /**
   * The scopes that were set for the user; otherwise the combined scopes of the open sessions. Absent if there are
   * neither.
   */
  readonly scopes?: readonly Scope[];
};
