// The interface between a room and its document, independent of the kind of document. A change is staged in memory, then
// committed with everything else in its window. Members, sessions and the batch know only this interface; the
// operations on JSON state use JsonDocument.

import type { Change } from "../../protocol/history.ts";

export interface RoomDocument {
  /** The version that storage holds. */
  readonly version: number;
  /** The version after everything that is staged. */
  readonly headVersion: number;
  /** The version that the journal starts from; 0 as long as this instance has truncated none of it. */
  readonly journalStart: number;
  /** Whether something is staged that is not committed. */
  readonly isStaged: boolean;
  /** Characters of the changes that are staged. */
  readonly stagedCharacters: number;
  /**
   * Freeze the content: the author's code is about to get it, and changes must not affect what it got.
   * @returns the cost for the next change: members of the widest object or array, 0 if all are narrow
   */
  freeze(): number;
  /** Write the content that a starting room has loaded. */
  writeInitial(): void;
  /**
   * Write everything that is staged.
   * @param requests the requests that it answers, to be written with it (rule X1)
   * @param at epoch ms, to be written with it (rule V1)
   * @returns what was written; `null` if nothing was staged
   */
  commit(requests?: string, at?: number): Change | null;
  /**
   * The committed content, as new sessions need it.
   * @param sinces the versions that the clients have; `null` for a client that has nothing
   * @returns the content by version
   */
  welcomeContents(sinces: ReadonlySet<number | null>): ReadonlyMap<number | null, WelcomeContent>;
}

/** The part of a `welcome` that comes from the document. */
export type WelcomeContent = {
  /** Whether the journal has all changes since the client's version. */
  readonly isResumed: boolean;
  /** JSON members. */
  readonly members: string;
};
