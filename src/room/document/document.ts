// What a room needs of its document, whatever the document is made of. A change is staged in memory, then
// committed with everything else of its window. Members, sessions and the batch know only this port; the
// operations on JSON state use JsonDocument.

import type { Change } from "../../protocol/history.ts";

export interface RoomDocument {
  /** The version that storage holds. */
  readonly version: number;
  /** The version after everything that is staged. */
  readonly headVersion: number;
  /** The version that the journal leads from; 0 as long as this instance has dropped none of it. */
  readonly journalStart: number;
  /** Whether something is staged that is not committed. */
  readonly isStaged: boolean;
  /** Characters of the changes that are staged. */
  readonly stagedCharacters: number;
  /**
   * Freeze the content: the author's code is about to get it, and a change must not reach what it got.
   * @returns what that costs the next change: members of the widest object or array, 0 if all are narrow
   */
  freeze(): number;
  /** Write the content that a starting room has loaded. */
  writeInitial(): void;
  /**
   * Write everything that is staged.
   * @param requests what it answers, to be written with it (rule X1)
   * @param at epoch ms, to be written with it (rule V1)
   * @returns what was written, `null` when nothing was staged
   */
  commit(requests?: string, at?: number): Change | null;
  /**
   * What new sessions need to have the committed content.
   * @param sinces the versions that the clients have, `null` for a client that has nothing
   * @returns by version
   */
  welcomeContents(sinces: ReadonlySet<number | null>): ReadonlyMap<number | null, WelcomeContent>;
}

/** What a `welcome` says of the document. */
export type WelcomeContent = {
  /** Whether the journal has all changes since the version that the client has. */
  readonly isResumed: boolean;
  /** JSON members. */
  readonly members: string;
};
