// The shapes of users: as a caller sends them, and as the room stores and shows them.

import type { JsonObject, JsonValue } from "./json.ts";

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
