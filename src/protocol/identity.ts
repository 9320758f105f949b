// The identity behind a request and its permissions, independent of a room. Authentication creates it from a request or
// a token; it becomes the `Caller` of an operation once the room is known.

import { createCaller, type Caller, type Door } from "./caller.ts";
import { CollabError } from "./errors.ts";
import { allScopes, allows, type Scope } from "./scopes.ts";
import type { User } from "./users.ts";

/**
 * Scopes by room pattern: a room id, or a prefix of room ids followed by `*`. The scopes of all matching patterns are
 * combined.
 * @example `{ "doc-*": ["room:read", "room:write"], "lobby": ["room:read"] }`
 */
export type Grants = Readonly<Record<string, readonly Scope[]>>;

export type Identity = {
  /** `null` for a program that does not act for a user. */
  readonly user: User | null;
  /**
   * The scopes of the caller: in every room, or by room pattern. If left out, the room decides, in `onJoin` and
   * `authorize` (rule B2).
   */
  readonly scopes?: readonly Scope[] | Grants | undefined;
  /** Epoch ms at which the identity expires; `null` or left out if it does not. */
  readonly expiresAt?: number | null | undefined;
};

/** The identity of every request while authentication is off. It has all scopes. */
export const openIdentity: Identity = { user: null, scopes: allScopes };

/** The identity of requests to public routes. It has no scopes. */
export const anonymousIdentity: Identity = { user: null, scopes: [] };

const isList = (scopes: readonly Scope[] | Grants): scopes is readonly Scope[] =>
  Array.isArray(scopes);

/** Whether a pattern matches a room. */
const selects = (pattern: string, roomId: string): boolean =>
  pattern.endsWith("*") ? roomId.startsWith(pattern.slice(0, -1)) : pattern === roomId;

/** The scopes of an identity in a room, without those that the room itself grants. */
export function scopesIn({ scopes = [] }: Identity, roomId: string): readonly Scope[] {
  if (isList(scopes)) return scopes;
  const granted = new Set(
    Object.entries(scopes).flatMap(([pattern, some]) => (selects(pattern, roomId) ? some : [])),
  );
  return allScopes.filter((scope) => granted.has(scope));
}

/** Whether an identity has a scope in every room whose id starts with `prefix`. */
function allowsEverywhere({ scopes = [] }: Identity, prefix: string, scope: Scope): boolean {
  if (isList(scopes)) return allows(scopes, scope);
  return Object.entries(scopes).some(
    ([pattern, some]) =>
      pattern.endsWith("*") && prefix.startsWith(pattern.slice(0, -1)) && allows(some, scope),
  );
}

/** @throws CollabError `forbidden` unless the identity has a scope in every room whose id starts with `prefix` */
export function checkScopeEverywhere(identity: Identity, prefix: string, scope: Scope): void {
  if (allowsEverywhere(identity, prefix, scope)) return;
  const rooms =
    prefix === "" ? "every room" : `every room that starts with ${JSON.stringify(prefix)}`;
  throw new CollabError("forbidden", { detail: `This needs the scope ${scope} in ${rooms}.` });
}

/** Convert an identity to the caller of an operation on a room. */
export const callerIn = (identity: Identity, roomId: string, door: Door): Caller =>
  createCaller({
    door,
    user: identity.user,
    scopes: scopesIn(identity, roomId),
    hasOwnScopes: identity.scopes !== undefined,
    expiresAt: identity.expiresAt ?? null,
  });
