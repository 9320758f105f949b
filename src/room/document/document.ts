// What a room needs of its document, whatever the document is made of. A change is staged in memory, then
// committed with everything else of its window. Members, sessions and the batch know only this port; the
// operations on JSON state use JsonDocument.

import type { Change } from "../../protocol/history.ts";

export interface RoomDocument {
  /** The version that storage holds. */
  readonly version: number;
  /** The version after everything that is staged. */
  readonly headVersion: number;
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
   * @returns what was written, `null` when nothing was staged
   */
  commit(): Change | null;
  /**
   * What new sessions need to have the committed content, as JSON members of their `welcome`.
   * @param sinces the versions that the clients have, `null` for a client that has nothing
   * @returns the members by version
   */
  welcomeMembers(sinces: ReadonlySet<number | null>): ReadonlyMap<number | null, string>;
}
