// Who somebody is, and what they may do, before it is known which room they ask. Authentication makes it of a request
// or a token; it becomes the `Caller` of an operation once the room is known.

import { createCaller, type Caller, type Door } from "./caller.ts";
import { CollabError } from "./errors.ts";
import { allScopes, allows, type Scope } from "./scopes.ts";
import type { User } from "./users.ts";

/**
 * Scopes by room pattern: a room id, or the start of room ids and a trailing `*`. A room has the scopes of all
 * patterns that fit.
 * @example `{ "doc-*": ["room:read", "room:write"], "lobby": ["room:read"] }`
 */
export type Grants = Readonly<Record<string, readonly Scope[]>>;

export type Identity = {
  /** `null` for a program that acts for nobody. */
  readonly user: User | null;
  /**
   * What they may do: in every room, or by room pattern. Left out if they only say who they are: then `authorize` of
   * the room decides (rule B2).
   */
  readonly scopes?: readonly Scope[] | Grants | undefined;
  /** Epoch ms at which this ends; `null` or left out if it does not. */
  readonly expiresAt?: number | null | undefined;
};

/** Somebody with every scope: anybody, while authentication is off. */
export const openIdentity: Identity = { user: null, scopes: allScopes };

/** Somebody without any scope, for routes that are public. */
export const anonymousIdentity: Identity = { user: null, scopes: [] };

const isList = (scopes: readonly Scope[] | Grants): scopes is readonly Scope[] =>
  Array.isArray(scopes);

/** Whether a pattern selects a room. */
const selects = (pattern: string, roomId: string): boolean =>
  pattern.endsWith("*") ? roomId.startsWith(pattern.slice(0, -1)) : pattern === roomId;

/** The scopes that somebody has in a room, without those that the room gives them. */
export function scopesIn({ scopes = [] }: Identity, roomId: string): readonly Scope[] {
  if (isList(scopes)) return scopes;
  const granted = new Set(
    Object.entries(scopes).flatMap(([pattern, some]) => (selects(pattern, roomId) ? some : [])),
  );
  return allScopes.filter((scope) => granted.has(scope));
}

/** Whether somebody has a scope in every room whose id starts with this. */
function allowsEverywhere({ scopes = [] }: Identity, prefix: string, scope: Scope): boolean {
  if (isList(scopes)) return allows(scopes, scope);
  return Object.entries(scopes).some(
    ([pattern, some]) =>
      pattern.endsWith("*") && prefix.startsWith(pattern.slice(0, -1)) && allows(some, scope),
  );
}

/** @throws CollabError `forbidden` unless somebody has a scope in every room whose id starts with this */
export function checkScopeEverywhere(identity: Identity, prefix: string, scope: Scope): void {
  if (allowsEverywhere(identity, prefix, scope)) return;
  const rooms =
    prefix === "" ? "every room" : `every room that starts with ${JSON.stringify(prefix)}`;
  throw new CollabError("forbidden", { detail: `This needs the scope ${scope} in ${rooms}.` });
}

/** Somebody as the caller of an operation on a room. */
export const callerIn = (identity: Identity, roomId: string, door: Door): Caller =>
  createCaller({
    door,
    user: identity.user,
    scopes: scopesIn(identity, roomId),
    hasOwnScopes: identity.scopes !== undefined,
    expiresAt: identity.expiresAt ?? null,
  });
