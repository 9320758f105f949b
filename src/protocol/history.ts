// The shapes of a state's history: the snapshots and changes that storage holds.

/** One change: the JSON text of the patch that leads from version `from` to `to`. */
export type Change = { readonly from: number; readonly to: number; readonly patch: string };

/** A state as JSON text. */
export type Snapshot = { readonly version: number; readonly text: string };

export type History = {
  /** Newest first. */
  readonly snapshots: readonly Snapshot[];
  /** In order of version. */
  readonly changes: readonly Change[];
};
