// Tokens of tests that are not about tokens: the JSON of who they name.

import type { Identity } from "../../src/protocol/identity.ts";
import { CollabError } from "../../src/protocol/errors.ts";

export const testToken = (identity: Identity): string => JSON.stringify(identity);

/** Who a token of `testToken` names. @throws CollabError (rejects) `invalid_token` */
export async function identifyTestToken(token: string): Promise<Identity> {
  try {
    return JSON.parse(token) as Identity;
  } catch {
    throw new CollabError("invalid_token");
  }
}
