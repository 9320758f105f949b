// Journal maths: how a state is rebuilt from a snapshot and the changes after it, what is done about
// records that cannot be read, and when a new snapshot is worth its rows. (Rule S10.)

import type { Change, History, Snapshot } from "../protocol/history.ts";
import { isObject, measure } from "../protocol/json.ts";
import { parsePatch, type Sized } from "../protocol/json-patch.ts";
import { PatchDraft } from "../protocol/patch-draft.ts";

export type Rebuilt = {
  readonly version: number;
  readonly state: Sized;
  /** Bytes and number of the changes since the snapshot, and bytes of the snapshot itself. */
  readonly journalBytes: number;
  readonly journalChanges: number;
  readonly snapshotBytes: number;
  /** How many versions that were there are lost. */
  readonly lost: number;
  /** Versions of the records that could not be used, if any. */
  readonly unreadable: { readonly snapshots: number[]; readonly changes: number[] };
};

// Frozen: states are changed in place, and this one begins many.
export const emptyState: Sized = { value: Object.freeze({}), bytes: 2 };

// What was accepted once is read back whatever today's limits are.
const noLimits = { stateBytes: Infinity, stateDepth: 1024, patchOperations: Infinity };

/**
 * Rebuild the last good version. The newest readable snapshot counts, then every change that follows
 * on without a gap; a snapshot or change that cannot be used, and all changes after it, are reported.
 */
export function rebuild({ snapshots, changes }: History): Rebuilt {
  const base = openSnapshot(snapshots);
  const later = changes.filter((change) => change.to > base.version);
  // Without the state that the history began with, no change has anything to go by.
  const orphaned = base.version === 0 && base.unreadable.includes(0);
  const { version, state, replayed } = replay(base, orphaned ? [] : later);
  const newest = Math.max(0, ...base.unreadable, ...later.map(({ to }) => to));
  return {
    version,
    state,
    journalBytes: later.slice(0, replayed).reduce((bytes, { patch }) => bytes + patch.length, 0),
    journalChanges: replayed,
    lost: Math.max(newest - version, orphaned ? 1 : 0),
    snapshotBytes: base.state.bytes,
    unreadable: {
      snapshots: base.unreadable,
      changes: later.slice(replayed).map(({ to }) => to),
    },
  };
}

type Base = { readonly version: number; readonly state: Sized };

/** The newest snapshot that can be read; before the first one there is `{}` at version 0. */
function openSnapshot(snapshots: readonly Snapshot[]): Base & { unreadable: number[] } {
  const unreadable: number[] = [];
  for (const { version, text } of snapshots) {
    const state = readSnapshot(text);
    if (state !== null) return { version, state, unreadable };
    unreadable.push(version);
  }
  return { version: 0, state: emptyState, unreadable };
}

function readSnapshot(text: string): Sized | null {
  try {
    const value: unknown = JSON.parse(text);
    return isObject(value) ? { value, bytes: measure(value, noLimits.stateDepth).bytes } : null;
  } catch {
    return null;
  }
}

/** Apply changes up to the first that cannot be applied. */
function replay(base: Base, changes: readonly Change[]): Base & { replayed: number } {
  const draft = new PatchDraft(base.state, noLimits);
  let { version } = base;
  for (const [index, change] of changes.entries()) {
    // The draft may hold half of a change that failed: once more, without it.
    if (change.from !== version || !applies(draft, change))
      return replay(base, changes.slice(0, index));
    version = change.to;
  }
  return { version, state: draft.finish(), replayed: changes.length };
}

function applies(draft: PatchDraft, change: Change): boolean {
  try {
    draft.apply(parsePatch(JSON.parse(change.patch), noLimits));
    return true;
  } catch {
    return false;
  }
}

/**
 * A snapshot is due when the journal has outgrown the last one (small states wait for 256 KiB), or has so
 * many changes that waking would take long: each one may cost as much as the object it changes is wide.
 * As the changes since the snapshot before the last are kept, resuming clients find at least 256 KiB or
 * 2,000 of them.
 */
export const snapshotDue = ({
  journalBytes,
  journalChanges,
  snapshotBytes,
}: Pick<Rebuilt, "journalBytes" | "journalChanges" | "snapshotBytes">): boolean =>
  journalBytes > Math.max(snapshotBytes, 256 * 1024) || journalChanges >= 2000;
