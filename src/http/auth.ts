// Who may ask: the one place that decides. Closed by default (rule A2): a deployment that has not said
// how to authenticate serves nobody.

import type { CollabEnv } from "../durable/env.ts";
import { createLog } from "../durable/log.ts";
import { CollabError } from "../protocol/errors.ts";
import { parseJson, type JsonValue } from "../protocol/json.ts";
import { allScopes, type Scope } from "../protocol/scopes.ts";
import { measurePayload } from "../room/payload.ts";

/** Who opens a socket, and what they may do. */
export type Identity = { readonly user: JsonValue; readonly scopes: readonly Scope[] };

/** Levels of nesting in a user: more than they may have. */
const maxUserDepth = 64;

let warned = false;

/**
 * Let a request pass.
 * @throws CollabError `auth_not_configured`
 */
export function authorize(env: Pick<CollabEnv, "AUTH_MODE">): void {
  if (env.AUTH_MODE !== "open") throw new CollabError("auth_not_configured");
  if (warned) return;
  warned = true;
  createLog({})("warn", "auth_open", {
    text: "AUTH_MODE=open: whatever reaches this Worker may read and change every room.",
  });
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
