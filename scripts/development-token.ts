// Creates tokens for development. Each is verified with the same check as in the Worker, so a token that it would
// refuse is an error here, which says why.

import { SignJWT } from "jose";
import { readKeys } from "../src/http/authentication/keys.ts";
import { verifyToken } from "../src/http/authentication/tokens.ts";
import type { Grants } from "../src/protocol/identity.ts";
import type { DevVars } from "./dev-vars.ts";

export type TokenRequest = {
  /** The user's id. */
  readonly sub: string;
  readonly name?: string | undefined;
  /** Left out for a token that only identifies the user. */
  readonly scopes?: Grants | undefined;
  /** Seconds. */
  readonly expiresIn: number;
};

/**
 * Create a token.
 * @param variables of the target deployment; its first secret signs the token
 * @throws Error whose message says what to do
 */
export async function createToken(
  { sub, name, scopes, expiresIn }: TokenRequest,
  variables: DevVars,
): Promise<string> {
  const { AUTH_SECRET = "", AUTH_ISSUER, AUTH_AUDIENCE } = variables;
  const keys = readKeys({ AUTH_SECRET });
  const [secret] = keys?.secrets ?? [];
  if (keys === null || secret === undefined)
    throw new Error(
      "There is no secret to sign with. Set AUTH_SECRET, or run `npm run dev -- --auth` once to create one in .dev.vars.",
    );
  const token = await new SignJWT({
    sub,
    exp: Math.floor(Date.now() / 1000) + expiresIn,
    ...(name !== undefined && { name }),
    ...(scopes && { scopes }),
    ...(AUTH_ISSUER && { iss: AUTH_ISSUER }),
    ...(AUTH_AUDIENCE && { aud: AUTH_AUDIENCE }),
  })
    .setProtectedHeader({ alg: "HS256" })
    .sign(secret);
  await verifyToken(token, keys, {
    ...(AUTH_ISSUER && { AUTH_ISSUER }),
    ...(AUTH_AUDIENCE && { AUTH_AUDIENCE }),
  });
  return token;
}
