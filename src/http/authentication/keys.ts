// The keys that tokens are verified with, from the variables of the deployment (rule A1): secrets for HS256, and sets
// of public keys (RFC 7517), given or fetched. Several may be in use at once, so that they can be rotated.

import {
  createLocalJWKSet,
  createRemoteJWKSet,
  type JSONWebKeySet,
  type JWTVerifyGetKey,
} from "jose";
import type { CollabEnv } from "../../cloudflare/env.ts";

/** The keys of a deployment, by the algorithms that they are for. */
export type TokenKeys = {
  readonly secrets: readonly Uint8Array[];
  readonly sets: readonly JWTVerifyGetKey[];
};

export type KeyVariables = Pick<CollabEnv, "AUTH_SECRET" | "AUTH_JWKS" | "AUTH_JWKS_URL">;

/** Bytes that a secret must have: as many as the hash of HS256 (RFC 7518, section 3.2). */
const minSecretBytes = 32;

/** How a set of keys is fetched: again when a token names an unknown one, but not more often than this. Times are ms. */
const fetching = { timeoutDuration: 5000, cooldownDuration: 30_000, cacheMaxAge: 600_000 } as const;

/**
 * Read the keys of a deployment.
 * @returns `null` if none are configured
 * @throws TypeError for a variable that cannot be used; the message says which, and shows nothing of it
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
    // See below.
  }
  throw new TypeError('AUTH_JWKS must be a JSON Web Key Set, such as {"keys":[…]}');
}

function addressOf(text: string): URL {
  const url = URL.parse(text);
  if (url?.protocol === "https:" || url?.hostname === "localhost" || url?.hostname === "127.0.0.1")
    return url;
  throw new TypeError("AUTH_JWKS_URL must be an https address");
}
