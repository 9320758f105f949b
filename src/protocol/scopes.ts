// Scopes: what a caller may do. Operations name the scope that they require; the room checks it in one place.

import { CollabError } from "./errors.ts";

/**
 * All scopes. `room:admin` includes the others, and `room:write` includes `room:act`. `room:create` allows starting a
 * room that does not exist.
 */
export const allScopes = [
  "room:read",
  "room:act",
  "room:write",
  "room:create",
  "presence:write",
  "room:admin",
] as const;

export type Scope = (typeof allScopes)[number];

const isScope = (value: unknown): value is Scope => allScopes.some((scope) => scope === value);

/**
 * Check scopes from outside.
 * @returns the scopes without duplicates, in the order of `allScopes`
 * @throws CollabError `invalid_request` if the input is not an array of scopes
 */
export function checkScopes(input: unknown): Scope[] {
  if (!Array.isArray(input) || !input.every(isScope))
    throw new CollabError("invalid_request", {
      detail: `scopes must be an array of ${allScopes.join(", ")}.`,
    });
  return allScopes.filter((scope) => input.includes(scope));
}

/** Whether these scopes include the required one. */
export const allows = (scopes: readonly Scope[], needed: Scope): boolean =>
  scopes.includes(needed) ||
  scopes.includes("room:admin") ||
  (needed === "room:act" && scopes.includes("room:write"));

/** @throws CollabError `forbidden` if these scopes do not include the required one */
export function checkScope(scopes: readonly Scope[], needed: Scope): void {
  if (allows(scopes, needed)) return;
  throw new CollabError("forbidden", {
    detail: `This needs the scope ${needed}; the caller has ${scopes.join(", ") || "none"}.`,
  });
}
