// Who sends a request: the one place that decides. Closed by default (rule A2): a deployment that has not said
// how to authenticate serves nobody.

import type { CollabEnv } from "../cloudflare/env.ts";
import { createLog } from "../room/log.ts";
import { workerCaller, type Caller } from "../protocol/caller.ts";
import { CollabError } from "../protocol/errors.ts";
import { parseJson, type JsonValue } from "../protocol/json.ts";
import { allScopes, type Scope } from "../protocol/scopes.ts";
import { measurePayload } from "../model/payload.ts";

/** Who opens a socket, and what they may do. */
export type Identity = { readonly user: JsonValue; readonly scopes: readonly Scope[] };

/** The caller of every request while authentication is off: nobody in particular, who may do everything. */
const openCaller: Caller = { ...workerCaller, door: "http" };

/** Levels of nesting in a user, as a first check; the room has a lower limit. */
const maxUserDepth = 64;

let warned = false;

/**
 * Tell who sends a request.
 * @throws CollabError `auth_not_configured`
 */
export function authenticate(env: Pick<CollabEnv, "AUTH_MODE">): Caller {
  if (env.AUTH_MODE !== "open") throw new CollabError("auth_not_configured");
  if (warned) return openCaller;
  warned = true;
  createLog({})("warn", "auth_open", {
    text: "AUTH_MODE=open: every request that reaches this Worker may read and change every room.",
  });
  return openCaller;
}

/**
 * Tell who opens a socket. With authentication off it is whoever they say, and they may do everything.
 * @param claimed JSON text of a user, from the query
 * @throws CollabError `invalid_user`
 */
export function identify(claimed: string | undefined): Identity {
  try {
    const user = parseJson(claimed ?? "");
    measurePayload(user, maxUserDepth);
    return { user, scopes: allScopes };
  } catch {
    throw new CollabError("invalid_user", {
      detail: 'Say who you are: ?user= takes URL-encoded JSON, such as {"id":"ada"}.',
    });
  }
}
