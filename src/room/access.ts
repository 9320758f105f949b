// Decides who may run an operation (rules A3, A7, A9). This is the only place that decides it, for all doors.

import type { Caller } from "../protocol/caller.ts";
import { CollabError } from "../protocol/errors.ts";
import { allows, checkScope, type Scope } from "../protocol/scopes.ts";
import type { Members } from "../model/members.ts";
import type { Bans } from "./members/bans.ts";

/** The room's knowledge about callers. */
type Known = {
  /** `null` while the room is not running. */
  readonly room: { readonly members: Pick<Members, "get"> } | null;
  readonly bans: Bans;
};

/** The access rule of an operation. */
export type Access<Input> = {
  /** The scope that a caller needs; `null` for none. */
  readonly scope: Scope | null;
  /** The scope that suffices for the caller's own user. */
  readonly ownScope?: Scope;
  /** The id of the user that the operation is about; `undefined` if it is about none in particular. */
  subject?(input: Input): string | undefined;
  /**
   * Whether it lets that user into the room. A caller without scopes of their own may ask for that; `onJoin` and
   * `authorize` then decide (rule B2). A refusal is logged.
   */
  readonly isEntry?: true;
};

/** Whether a caller is trusted with the room: the application's own code, or an administrator's token. */
export const isTrusted = ({ door, scopes }: Caller): boolean =>
  (door !== "http" && door !== "socket") || allows(scopes, "room:admin");

/**
 * Check that a caller may run an operation. A banned user may run none, and nobody else may let them in. This check
 * comes before anything is done for the caller.
 * @returns the caller, with the scopes they have in this room
 * @throws CollabError `forbidden`, `kicked`
 */
export function admit<Input>(
  { room, bans }: Known,
  { scope, ownScope, subject, isEntry }: Access<Input>,
  input: Input,
  caller: Caller,
): Caller {
  const { user } = caller;
  const given = user === null ? undefined : room?.members.get(user.id)?.scopes;
  const scopes = caller.hasOwnScopes ? caller.scopes : (given ?? []);
  if (user !== null && !allows(scopes, "room:admin")) bans.check(user.id);
  const about = subject?.(input);
  const isOwn = user !== null && about === user.id;
  const isForHooks = isOwn && isEntry === true && !caller.hasOwnScopes;
  const needed = isOwn && ownScope !== undefined ? ownScope : scope;
  if (needed !== null && !isForHooks) checkScope(scopes, needed);
  if (isEntry && about !== undefined) bans.check(about);
  return { ...caller, scopes };
}

/**
 * Check that a user may enter. The scopes that the room gives them replace those in their token.
 * @param given the scopes that the room gives them; `undefined` if it does not decide
 * @throws CollabError `forbidden`
 */
export function checkEntry({ hasOwnScopes }: Caller, given: readonly Scope[] | undefined): void {
  if (given === undefined ? hasOwnScopes : allows(given, "room:read")) return;
  throw new CollabError("forbidden", {
    detail: given
      ? "The scopes that the room gives this user do not include room:read."
      : "Nothing gives this user the scope room:read: the token has no scopes, and the room's onJoin and authorize give none.",
  });
}

/**
 * Choose the behaviour to start a room with. A room that has kept its state starts with the same one again, because
 * its hooks guard that state; only an administrator may name another.
 * @param named the behaviour that the caller names
 * @param kept the behaviour of the kept state; empty if it is no longer known
 */
export function chooseBehaviour(
  { scopes }: Caller,
  named: string | undefined,
  kept: string | undefined,
): string {
  if (kept && !allows(scopes, "room:admin")) return kept;
  return named ?? (kept || "default");
}

/**
 * Check that the behaviour that starts is the one that was named. Call this only for callers who may enter the
 * room: nobody else may learn which behaviours it could be. Those who enter can read it once the room runs.
 * @throws CollabError `behaviour_conflict`
 */
export function checkBehaviour(named: string | undefined, chosen: string): void {
  if (named === undefined || named === chosen) return;
  throw new CollabError("behaviour_conflict", {
    detail: `The room has kept the state of another behaviour. Name that behaviour or none; only an administrator may start the room as ${JSON.stringify(named)}.`,
  });
}

/**
 * Check that a caller may create a room, or start one that is not running.
 * @param scopes the scopes they have in the room
 * @throws CollabError `forbidden`
 */
export function checkCreate(scopes: readonly Scope[]): void {
  if (allows(scopes, "room:create")) return;
  throw new CollabError("forbidden", {
    detail:
      "The room does not exist, and the caller may not create it: that needs the scope room:create.",
  });
}
