// Read one user of a room, with their sessions and the scopes of these (rule N2).

import { CollabError } from "../../protocol/errors.ts";
import { allScopes } from "../../protocol/scopes.ts";
import { runningOperation } from "../operation.ts";

export type UserInput = { readonly userId: string };

/** Returns a `UserInfo` as JSON text. */
export const getUser = runningOperation({
  scope: "room:read",
  repeatable: true,
  decode: (input: UserInput) => input,
  run({ members, sessions }, { userId }): string {
    const member = members.get(userId);
    if (member === undefined) throw new CollabError("user_not_found");
    const open = sessions.of(userId);
    const ofSessions = allScopes.filter((scope) =>
      open.some((session) => session.scopes.includes(scope)),
    );
    const scopes = member.scopes ?? (open.length > 0 ? ofSessions : null);
    const told = JSON.stringify({ sessions: open.length, ...(scopes && { scopes }) });
    // The entry is already text, and its fields belong to the application: they are kept apart from the room's.
    return `{"user":${members.text(userId)},${told.slice(1)}`;
  },
});
