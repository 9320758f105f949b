// The shapes of a state's history: the snapshots and changes that storage holds.

/** One change: the JSON text of the patch that leads from version `from` to `to`. */
export type Change = {
  readonly from: number;
  readonly to: number;
  readonly patch: string;
  /**
   * Which operations of the patch have moved positions (rule E4): a digit for each, see `movesOf`. Left out if
   * none has.
   */
  readonly moves?: string;
  /**
   * How many operations of the patch each of its versions has. Left out if there is one version, or if each has one
   * operation. Sent, and not stored.
   */
  readonly sizes?: readonly number[];
  /** The requests of clients that it answers (rule X1), as JSON text. Left out if none was numbered. */
  readonly requests?: string;
  /** Epoch ms of the commit. Only `readJournal` tells it, and who the authors are. */
  readonly at?: number;
  /** Who has made it (rule V1), as `model/authors.ts` writes it. Absent in rows of earlier releases. */
  readonly authors?: string;
};

/** What a journal holds. */
export type JournalSize = {
  /** The version that it begins with; `null` if it holds nothing. */
  readonly start: number | null;
  readonly rows: number;
  /** Of the patches. */
  readonly bytes: number;
};

/** The `moves` of a change that an earlier release has written. */
export const unknownMoves = "?";

/** A state as JSON text. */
export type Snapshot = { readonly version: number; readonly text: string };

export type History = {
  /** Newest first. */
  readonly snapshots: readonly Snapshot[];
  /** In order of version. */
  readonly changes: readonly Change[];
};
