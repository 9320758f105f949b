// What a session may do.

import { CollabError } from "./errors.ts";

/** `room:admin` includes the others. */
export const allScopes = ["room:read", "room:write", "presence:write", "room:admin"] as const;

export type Scope = (typeof allScopes)[number];

const isScope = (value: unknown): value is Scope => allScopes.some((scope) => scope === value);

/**
 * Check scopes that come from outside.
 * @returns them, each once, in the order of `allScopes`
 * @throws CollabError `invalid_request`
 */
export function checkScopes(input: unknown): Scope[] {
  if (!Array.isArray(input) || !input.every(isScope))
    throw new CollabError("invalid_request", {
      detail: `scopes must be an array of these: ${allScopes.join(", ")}.`,
    });
  return allScopes.filter((scope) => input.includes(scope));
}

/** Whether these scopes allow what needs that one. */
export const allows = (scopes: readonly Scope[], needed: Scope): boolean =>
  scopes.includes(needed) || scopes.includes("room:admin");
