// The keys for verifying tokens, from the deployment's variables (rule A1): secrets for HS256, and sets of public keys
// (RFC 7517), given or fetched. Several may be in use at once, so that they can be rotated.

import {
  createLocalJWKSet,
  createRemoteJWKSet,
  type JSONWebKeySet,
  type JWTVerifyGetKey,
} from "jose";
import type { CollabEnv } from "../../cloudflare/env.ts";

/** The keys of a deployment: HS256 secrets, and sets of public keys. */
export type TokenKeys = {
  readonly secrets: readonly Uint8Array[];
  readonly sets: readonly JWTVerifyGetKey[];
};

export type KeyVariables = Pick<CollabEnv, "AUTH_SECRET" | "AUTH_JWKS" | "AUTH_JWKS_URL">;

/** The minimum length of a secret in bytes: that of the HS256 hash (RFC 7518, section 3.2). */
const minSecretBytes = 32;

/** Times in ms for fetching a key set. It is refetched when a token names an unknown key, but at most once per cooldown. */
const fetching = { timeoutDuration: 5000, cooldownDuration: 30_000, cacheMaxAge: 600_000 } as const;

/**
 * Read the keys of a deployment.
 * @returns `null` if none are configured
 * @throws TypeError for an invalid variable; the message names it and does not reveal its value
 */
export function readKeys({
  AUTH_SECRET,
  AUTH_JWKS,
  AUTH_JWKS_URL,
}: KeyVariables): TokenKeys | null {
  const secrets = (AUTH_SECRET ?? "").split(/\s+/).filter(Boolean).map(secretOf);
  const sets = [
    ...(AUTH_JWKS ? [createLocalJWKSet(keySetOf(AUTH_JWKS))] : []),
    ...(AUTH_JWKS_URL ? [createRemoteJWKSet(addressOf(AUTH_JWKS_URL), fetching)] : []),
  ];
  return secrets.length + sets.length === 0 ? null : { secrets, sets };
}

function secretOf(text: string): Uint8Array {
  const bytes = new TextEncoder().encode(text);
  if (bytes.length >= minSecretBytes) return bytes;
  throw new TypeError(
    `AUTH_SECRET must have at least ${minSecretBytes} bytes without white space; this has ${bytes.length}`,
  );
}

function keySetOf(text: string): JSONWebKeySet {
  try {
    const set = JSON.parse(text) as JSONWebKeySet;
    if (Array.isArray(set.keys) && set.keys.length > 0) return set;
  } catch {
    // The error is thrown below.
  }
  throw new TypeError('AUTH_JWKS must be a JSON Web Key Set, such as {"keys":[…]}');
}

function addressOf(text: string): URL {
  const url = URL.parse(text);
  if (url?.protocol === "https:" || url?.hostname === "localhost" || url?.hostname === "127.0.0.1")
    return url;
  throw new TypeError("AUTH_JWKS_URL must be an https address");
}
