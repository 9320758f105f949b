// The shapes of users: as a caller sends them, and as the room stores and shows them.

import type { JsonObject, JsonValue } from "./json.ts";

/** A user from outside: an id, and any fields of the application. */
export type User = JsonObject & { readonly id: string };

/** A user in the room: the fields from outside, the time of joining (ISO 8601), and the `meta` from `onJoin`. */
export type UserEntry = User & { readonly joinedAt: string; readonly meta: JsonValue };
