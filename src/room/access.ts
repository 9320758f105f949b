// Who may run an operation (rules A3, A7, A9): the one place that decides it, for all doors.

import type { Caller } from "../protocol/caller.ts";
import { CollabError } from "../protocol/errors.ts";
import { allows, checkScope, type Scope } from "../protocol/scopes.ts";
import type { Members } from "../model/members.ts";
import type { Bans } from "./members/bans.ts";

/** What a room knows of callers. */
type Known = {
  /** `null` while it does not run. */
  readonly room: { readonly members: Pick<Members, "get"> } | null;
  readonly bans: Bans;
};

/** What decides who may run an operation. */
export type Access<Input> = {
  /** The scope that a caller needs; `null` for none. */
  readonly scope: Scope | null;
  /** The scope that is enough if it is about the caller's own user. */
  readonly ownScope?: Scope;
  /** The id of the user whom it is about; `undefined` for nobody in particular. */
  subject?(input: Input): string | undefined;
  /**
   * Whether it lets that user into the room. A caller without scopes of their own may ask for that: then `onJoin` and
   * `authorize` decide (rule B2). A refusal is logged.
   */
  readonly isEntry?: true;
};

/** Whether a caller is trusted with the room: the application's own code, or an administrator by their token. */
export const isTrusted = ({ door, scopes }: Caller): boolean =>
  (door !== "http" && door !== "socket") || allows(scopes, "room:admin");

/**
 * Check that a caller may run an operation. A user who is kept out neither asks for anything nor is let in by
 * somebody else: this check comes before anything is done for them.
 * @returns the caller, with the scopes that they have in this room
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
 * Check that a user may enter. The scopes that the room gives them take the place of those in their token.
 * @param given the scopes that the room gives them; `undefined` if it does not say
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
 * Choose the behaviour to start a room with. A room that has kept its state starts again with the same one, because
 * its hooks guard that state; only an administrator may name another.
 * @param named the one that the caller names
 * @param kept the one of the kept state; empty if that is not known any more
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
 * Check that the behaviour that starts is the one that was named. Only for callers who may enter the room: what it is
 * then is nobody else's business, and which one it is can be read once it runs.
 * @throws CollabError `behaviour_conflict`
 */
export function checkBehaviour(named: string | undefined, chosen: string): void {
  if (named === undefined || named === chosen) return;
  throw new CollabError("behaviour_conflict", {
    detail: `The room has kept its state, which another behaviour guards. Name that one or none; only an administrator may start it as ${JSON.stringify(named)}.`,
  });
}

/**
 * Check that a caller may create a room, or start one that is not running.
 * @param scopes what they have in it
 * @throws CollabError `forbidden`
 */
export function checkCreate(scopes: readonly Scope[]): void {
  if (allows(scopes, "room:create")) return;
  throw new CollabError("forbidden", {
    detail:
      "The room does not exist, and the caller may not create it: that needs the scope room:create.",
  });
}
