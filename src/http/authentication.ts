// Authentication: the only place that decides who sends a request. It is closed by default (rule A2): a
// deployment without any authentication configured serves nobody.

import type { CollabEnv } from "../cloudflare/env.ts";
import { createLog } from "../room/log.ts";
import { workerCaller, type Caller } from "../protocol/caller.ts";
import { CollabError } from "../protocol/errors.ts";
import { parseJson, type JsonValue } from "../protocol/json.ts";
import type { User } from "../protocol/users.ts";
import { measurePayload } from "../model/payload.ts";
import { checkUser } from "../model/user.ts";

/** A caller who opens a socket. They have no session yet. */
export type SocketCaller = Caller & { readonly door: "socket"; readonly user: User };

/** The caller of every request while authentication is off: without an identity, with every scope. */
const openCaller: Caller = { ...workerCaller, door: "http" };

/** The most levels of nesting in a user. This is a first check; the room has a lower limit. */
const maxUserDepth = 64;

let warned = false;

/**
 * Authenticate a request.
 * @throws CollabError `auth_not_configured`
 */
export function authenticate(env: Pick<CollabEnv, "AUTH_MODE">): Caller {
  if (env.AUTH_MODE !== "open") throw new CollabError("auth_not_configured");
  if (warned) return openCaller;
  warned = true;
  createLog()("auth_open", {
    text: "AUTH_MODE=open: every request that reaches this Worker can read and change every room.",
  });
  return openCaller;
}

/**
 * Identify the caller who opens a socket, and whose session gets the same scopes. With authentication off the
 * claim is trusted, and they get every scope.
 * @param claimed JSON text of a user, from the query
 * @throws CollabError `invalid_user`
 */
export const identify = (claimed: string | undefined): SocketCaller => ({
  ...openCaller,
  door: "socket",
  user: checkUser(parseUser(claimed)),
});

function parseUser(claimed: string | undefined): JsonValue {
  try {
    const user = parseJson(claimed ?? "");
    measurePayload(user, maxUserDepth);
    return user;
  } catch {
    throw new CollabError("invalid_user", {
      detail:
        'The query parameter "user" must be URL-encoded JSON of a user, such as {"id":"ada"}.',
    });
  }
}
