// The shapes of a state's history: the snapshots and changes that storage holds.

/** One change: the JSON text of the patch that turns version `from` into version `to`. */
export type Change = {
  readonly from: number;
  readonly to: number;
  readonly patch: string;
  /**
   * Which operations of the patch have moved positions (rule E4): a digit for each; see `movesOf`. Left out if none
   * has.
   */
  readonly moves?: string;
  /**
   * The number of operations of each of its versions. Left out if there is only one version, or if each has one
   * operation. It is sent but not stored.
   */
  readonly sizes?: readonly number[];
  /** The clients' requests that were answered with it (rule X1), as JSON text. Left out if none was numbered. */
  readonly requests?: string;
  /** Epoch ms of the commit. Only `readJournal` returns it and the authors. */
  readonly at?: number;
  /** The authors (rule V1), encoded by `model/authors.ts`. Absent in rows of earlier releases. */
  readonly authors?: string;
};

/** The size of a journal. */
export type JournalSize = {
  /** The version at which it starts; `null` if it is empty. */
  readonly start: number | null;
  readonly rows: number;
  /** Total size of the patches. */
  readonly bytes: number;
};

/** The `moves` of a change that an earlier release wrote. */
export const unknownMoves = "?";

/** A state as JSON text. */
export type Snapshot = { readonly version: number; readonly text: string };

export type History = {
  /** Newest first. */
  readonly snapshots: readonly Snapshot[];
  /** In order of version. */
  readonly changes: readonly Change[];
};
