// The shapes of users: as a caller sends them, and as the room stores and shows them.

import type { JsonObject, JsonValue } from "./json.ts";
import type { Scope } from "./scopes.ts";

/** A user from outside: an id, and any fields of the application. */
export type User = JsonObject & { readonly id: string };

/** A user in the room: the caller's fields, and what the room adds to them. */
export type UserEntry = User & {
  /** ISO 8601. */
  readonly joinedAt: string;
  /** Place in the join order: later joins have higher numbers, whatever the clock says. */
  readonly seq: number;
  /** What `onJoin` gave. */
  readonly meta: JsonValue;
};

/** A user in the room, with what the room knows of their sessions. */
export type UserInfo = {
  readonly user: UserEntry;
  /** Number of open sessions. */
  readonly sessions: number;
  /**
   * What the user's sessions may do, as it was set for the user; else what any of the open sessions may do.
   * Absent if neither says so.
   */
  readonly scopes?: readonly Scope[];
};
