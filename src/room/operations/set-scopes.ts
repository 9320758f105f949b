// Set what a user's sessions may do, from their next message on (rule A3).

import { checkScopes, type Scope } from "../../protocol/scopes.ts";
import { runningOperation } from "../operation.ts";

export type ScopesInput = { readonly userId: string; readonly scopes: readonly Scope[] };

/** Returns the user's entry as JSON text. */
export const setScopes = runningOperation({
  scope: "room:admin",
  repeatable: true,
  decode: ({ userId, scopes }: ScopesInput) => ({ userId, scopes: checkScopes(scopes) }),
  run({ membership, members }, { userId, scopes }): string {
    membership.setScopes(userId, scopes);
    return members.text(userId);
  },
});
