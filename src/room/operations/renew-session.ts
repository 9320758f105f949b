// Renew the token of the calling session (rule A8): it lasts longer, and may do what the new token allows.

import { CollabError } from "../../protocol/errors.ts";
import { scopesIn, type Identity } from "../../protocol/identity.ts";
import { allows } from "../../protocol/scopes.ts";
import { isoTime } from "../../protocol/time.ts";
import { attempt, outputOf } from "../outcome.ts";
import { runningOperation } from "../operation.ts";

export type RenewInput = {
  /** The identity in the new token. */
  readonly identity: Identity;
};

/** Returns when the session ends unless it is renewed again: ISO 8601, `null` for never. */
export const renewSession = runningOperation({
  scope: null,
  repeatable: true,
  decode: (input: RenewInput) => input,
  async run(room, { identity }, caller): Promise<string | null> {
    const { sessions, membership, ports } = room;
    const session = sessions.withId(caller.session);
    if (session === undefined) throw new CollabError("session_lost");
    const { user, expiresAt = null } = identity;
    if (user?.id !== session.userId)
      throw new CollabError("invalid_token", {
        detail:
          "The token names another user than the session's. Open another socket for another user.",
      });
    const own = scopesIn(identity, ports.id);
    const asking = {
      ...caller,
      scopes: own,
      hasOwnScopes: identity.scopes !== undefined,
      expiresAt,
    };
    // The room cannot let in a user whom the token excludes.
    const isExcluded = asking.hasOwnScopes && !allows(own, "room:read");
    const renewed = isExcluded ? { ok: own } : await attempt(() => membership.renew(user, asking));
    // A user whom the room no longer lets in must not stay until their old token expires, either.
    if ("error" in renewed && renewed.error.code === "not_authorized")
      room.hub.end(session, "not_authorized");
    const scopes = outputOf(renewed);
    room.renewSession(session, { scopes, expiresAt });
    if (!allows(scopes, "room:read")) throw new CollabError("forbidden");
    return expiresAt === null ? null : isoTime(expiresAt);
  },
});
