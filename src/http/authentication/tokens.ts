// Verifies a token (rules A1, A7): its signature, with an algorithm that fits the key; its issuer, audience and times;
// and its claims.

import {
  errors,
  jwtVerify,
  type JWTPayload,
  type JWTVerifyGetKey,
  type JWTVerifyOptions,
  type JWTVerifyResult,
} from "jose";
import type { CollabEnv } from "../../cloudflare/env.ts";
import { CollabError } from "../../protocol/errors.ts";
import type { Grants, Identity } from "../../protocol/identity.ts";
import { isObject } from "../../protocol/json.ts";
import { clockTolerance } from "../../protocol/limits.ts";
import { checkScopes } from "../../protocol/scopes.ts";
import { isTime } from "../../protocol/time.ts";
import type { User } from "../../protocol/users.ts";
import { checkUser } from "../../model/user.ts";
import type { TokenKeys } from "./keys.ts";

export type TokenVariables = Pick<CollabEnv, "AUTH_ISSUER" | "AUTH_AUDIENCE">;

/** The maximum length of a token: a longer one would not fit into a header. */
const maxTokenLength = 8192;
/** The maximum number of room patterns in a token. */
const maxPatterns = 100;
const maxPatternLength = 257;

const secretAlgorithms = ["HS256"];
const publicAlgorithms = ["RS256", "ES256", "EdDSA", "Ed25519"];

/**
 * Verify a token.
 * @returns the user, what they may do, and until when
 * @throws CollabError `invalid_token`, `token_expired`, `auth_unavailable`
 */
export async function verifyToken(
  token: string,
  keys: TokenKeys,
  { AUTH_ISSUER, AUTH_AUDIENCE }: TokenVariables,
): Promise<Identity> {
  if (token.length > maxTokenLength)
    throw invalid(`it has ${token.length} characters; the limit is ${maxTokenLength}`);
  const options: JWTVerifyOptions = {
    clockTolerance: clockTolerance / 1000,
    requiredClaims: ["exp", "sub"],
    ...(AUTH_ISSUER && { issuer: AUTH_ISSUER }),
    ...(AUTH_AUDIENCE && { audience: AUTH_AUDIENCE }),
  };
  return identityOf(await verified(token, keys, options));
}

/** The claims of a token that was signed with one of the keys. The error is that of the key that fits best. */
async function verified(
  token: string,
  { secrets, sets }: TokenKeys,
  options: JWTVerifyOptions,
): Promise<JWTPayload> {
  let refusal: unknown = null;
  const attempts = [
    ...secrets.map(
      (secret) => () => jwtVerify(token, secret, { ...options, algorithms: secretAlgorithms }),
    ),
    ...sets.map(
      (set) => () => verifyBySet(token, set, { ...options, algorithms: publicAlgorithms }),
    ),
  ];
  for (const attempt of attempts)
    try {
      return (await attempt()).payload;
    } catch (error) {
      // The key fits but a claim does not, so no other key will help.
      if (error instanceof errors.JWTExpired || error instanceof errors.JWTClaimValidationFailed)
        throw refusalOf(error);
      if (refusal === null || !isOfOtherKey(error)) refusal = error;
    }
  throw refusalOf(refusal);
}

/** Verify a token with a set. If the keys have no ids, several may match, and each is tried. */
async function verifyBySet(
  token: string,
  set: JWTVerifyGetKey,
  options: JWTVerifyOptions,
): Promise<JWTVerifyResult> {
  try {
    return await jwtVerify(token, set, options);
  } catch (error) {
    if (!(error instanceof errors.JWKSMultipleMatchingKeys)) throw error;
    for await (const key of error)
      try {
        return await jwtVerify(token, key, options);
      } catch (refusal) {
        if (!isOfOtherKey(refusal)) throw refusal;
      }
    throw new errors.JWSSignatureVerificationFailed();
  }
}

const isOfOtherKey = (error: unknown): boolean =>
  error instanceof errors.JOSEAlgNotAllowed ||
  error instanceof errors.JWKSNoMatchingKey ||
  error instanceof errors.JWSSignatureVerificationFailed;

function refusalOf(error: unknown): CollabError {
  if (error instanceof errors.JWTExpired)
    return new CollabError("token_expired", {}, { cause: error });
  if (error instanceof errors.JWTClaimValidationFailed)
    return invalid(`the claim "${error.claim}" ${reasons[error.reason] ?? "is not valid"}`, error);
  if (isOfIssuer(error)) return new CollabError("auth_unavailable", {}, { cause: error });
  if (error instanceof errors.JOSEAlgNotAllowed)
    return invalid("this deployment has no key for its algorithm", error);
  if (error instanceof errors.JWKSNoMatchingKey)
    return invalid("this deployment has no key with its key id", error);
  if (error instanceof errors.JWSSignatureVerificationFailed)
    return invalid("it was not signed with any key of this deployment", error);
  return invalid("it is not a signed JSON Web Token", error);
}

/** Whether the error is not the token's fault: the keys cannot be fetched or used. */
const isOfIssuer = (error: unknown): boolean =>
  !(error instanceof errors.JOSEError) ||
  error instanceof errors.JWKSTimeout ||
  error instanceof errors.JWKSInvalid ||
  error.code === errors.JOSEError.code;

const reasons: Readonly<Record<string, string>> = {
  missing: "is missing",
  check_failed: "does not have the value that this deployment expects",
};

const invalid = (reason: string, cause?: unknown): CollabError =>
  new CollabError("invalid_token", { detail: `The token is not valid: ${reason}.` }, { cause });

/** @throws CollabError `invalid_token` */
function identityOf({ sub, exp = 0, scopes, name, avatarUrl, color }: JWTPayload): Identity {
  return {
    user: userOf({ id: sub, name, avatarUrl, color }),
    ...(scopes !== undefined && { scopes: grantsOf(scopes) }),
    expiresAt: endOf(exp),
  };
}

/** Convert the claim "exp" from seconds to ms. */
function endOf(exp: number): number {
  const end = exp * 1000;
  if (!isTime(end)) throw invalid('the claim "exp" must be a time in seconds since 1970');
  return end;
}

function userOf(claims: Record<string, unknown>): User {
  const fields = Object.entries(claims).filter(([, value]) => value !== undefined);
  for (const [claim, value] of fields)
    if (typeof value !== "string")
      throw invalid(`the claim "${claim === "id" ? "sub" : claim}" must be a string`);
  try {
    return checkUser(Object.fromEntries(fields));
  } catch (error) {
    throw invalid("its claims do not describe a valid user; see the rules for a user's id", error);
  }
}

/** Read scopes by room pattern. @throws CollabError `invalid_token` */
export function grantsOf(scopes: unknown): Grants {
  if (!isObject(scopes))
    throw invalid('the claim "scopes" must be an object, such as {"doc-*":["room:read"]}');
  const patterns = Object.entries(scopes);
  if (patterns.length > maxPatterns)
    throw invalid(
      `the claim "scopes" has ${patterns.length} patterns; the limit is ${maxPatterns}`,
    );
  return Object.fromEntries(
    patterns.map(([pattern, list]) => {
      if (pattern.length > maxPatternLength || pattern.slice(0, -1).includes("*"))
        throw invalid(
          'a pattern in the claim "scopes" must be a room id, or a prefix of room ids followed by one "*"',
        );
      try {
        return [pattern, checkScopes(list)];
      } catch (error) {
        throw invalid('a list in the claim "scopes" has an entry that is not a scope', error);
      }
    }),
  );
}
