// Determines the user on whose behalf a request is made: the caller's own, or, for an administrator, any user. The
// claims of a token take precedence over the fields in the request.

import { CollabError } from "../protocol/errors.ts";
import type { Caller } from "../protocol/caller.ts";
import { isObject, parseJson, type JsonValue } from "../protocol/json.ts";
import { allows } from "../protocol/scopes.ts";
import { measurePayload } from "./payload.ts";

/** The maximum nesting depth of a user. This is a first check; the room has a lower limit. */
const maxUserDepth = 64;

/**
 * @param claimed the user in the request; `undefined` for the caller's own
 * @returns the user, which must still be checked
 * @throws CollabError `forbidden` for a user other than the caller's own; `invalid_user` if no user is named
 */
export function actingUser({ user, scopes }: Caller, claimed: JsonValue | undefined): JsonValue {
  if (claimed === undefined && user !== null) return user;
  const ofCaller = user !== null && isObject(claimed) && (claimed["id"] ?? user.id) === user.id;
  if (ofCaller) return { ...claimed, ...user };
  if (allows(scopes, "room:admin")) {
    if (claimed !== undefined) return claimed;
    throw new CollabError("invalid_user", {
      detail: "No user is named. Pass a `user`, or a `token` that names one.",
    });
  }
  throw new CollabError("forbidden", {
    detail: `Only an administrator of the room may do this for another user. The caller ${user === null ? "has no user" : `is ${JSON.stringify(user.id)}`}.`,
  });
}

/**
 * Read a user from the query.
 * @param text JSON
 * @throws CollabError `invalid_user`
 */
export function parseUser(text: string): JsonValue {
  try {
    const user = parseJson(text);
    measurePayload(user, maxUserDepth);
    return user;
  } catch {
    throw new CollabError("invalid_user", {
      detail:
        'The query parameter "user" must be URL-encoded JSON of a user, such as {"id":"ada"}.',
    });
  }
}
