// A user as the caller describes them, and as the room keeps and shows them.

import type { JsonObject, JsonValue } from "./json.ts";

/** What a caller says of a user: an id, and fields of the app's own. */
export type User = JsonObject & { readonly id: string };

/** A user in the room: the caller's fields, when they joined (ISO 8601), and what `onJoin` gave. */
export type UserEntry = User & { readonly joinedAt: string; readonly meta: JsonValue };
