// Tokens for development. Each has passed the check that the Worker makes, so a token that would be refused is
// an error here, which says why.

import { SignJWT } from "jose";
import { readKeys } from "../src/http/authentication/keys.ts";
import { verifyToken } from "../src/http/authentication/tokens.ts";
import type { Grants } from "../src/protocol/identity.ts";
import type { DevVars } from "./dev-vars.ts";

export type TokenRequest = {
  /** The user's id. */
  readonly sub: string;
  readonly name?: string | undefined;
  /** Left out for a token that only says who somebody is. */
  readonly scopes?: Grants | undefined;
  /** Seconds. */
  readonly expiresIn: number;
};

/**
 * Make a token.
 * @param variables of the deployment that it is for; the first of its secrets signs
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
      "There is no secret to sign with. Set AUTH_SECRET, or run `npm run dev -- --auth` once, which writes one into .dev.vars.",
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
