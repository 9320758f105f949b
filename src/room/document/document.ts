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
  /** Write the content that a starting room has loaded. */
  writeInitial(): void;
  /**
   * Write everything that is staged.
   * @returns what was written, `null` when nothing was staged
   */
  commit(): Change | null;
  /**
   * What a new session needs to have the committed content, as JSON members of its `welcome`.
   * @param since the version that the client has, `null` for a client that has nothing
   */
  welcomeMembers(since: number | null): string;
}
