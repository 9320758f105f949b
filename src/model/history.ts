// Rebuilds a state from a snapshot and the changes after it, handles unreadable records, and decides when a new
// snapshot is due. (Rule S10.) It neither reads nor writes storage.

import type { Change, History, Snapshot } from "../protocol/history.ts";
import { isObject, measure, utf8Bytes } from "../protocol/json.ts";
import { parsePatch, type Operation, type Sized } from "../protocol/json-patch.ts";
import { applyPatch } from "../protocol/apply-patch.ts";

export type Rebuilt = {
  readonly version: number;
  readonly state: Sized;
  /** Size and number of the changes since the snapshot, and size of the snapshot. Sizes are in bytes. */
  readonly journalBytes: number;
  readonly journalChanges: number;
  readonly snapshotBytes: number;
  /** Number of lost versions. */
  readonly lost: number;
  /** Versions of the records that could not be used. */
  readonly unreadable: { readonly snapshots: number[]; readonly changes: number[] };
};

// Frozen, because states are changed in place and many rooms start with this one.
export const emptyState: Sized = { value: Object.freeze({}), bytes: 2 };

// A stored state must remain readable even if the limits have been lowered since.
const noLimits = { stateBytes: Infinity, stateDepth: 1024, patchOperations: Infinity };

/**
 * Rebuild the last good version from the newest readable snapshot and every change that follows it without a gap.
 * Unusable snapshots and changes are reported, and so are all changes after them.
 */
export function rebuild({ snapshots, changes }: History): Rebuilt {
  const base = openSnapshot(snapshots);
  const later = changes.filter((change) => change.to > base.version);
  // If the initial state cannot be read, the changes have nothing to apply to.
  const orphaned = base.version === 0 && base.unreadable.includes(0);
  const { version, state, replayed } = replay(base, orphaned ? [] : later);
  const newest = Math.max(0, ...base.unreadable, ...later.map(({ to }) => to));
  return {
    version,
    state,
    journalBytes: later
      .slice(0, replayed)
      .reduce(
        (bytes, { patch, requests = "" }) => bytes + utf8Bytes(patch) + utf8Bytes(requests),
        0,
      ),
    journalChanges: replayed,
    lost: Math.max(newest - version, orphaned ? 1 : 0),
    snapshotBytes: base.state.bytes,
    unreadable: {
      snapshots: base.unreadable,
      changes: later.slice(replayed).map(({ to }) => to),
    },
  };
}

/**
 * The state at a version.
 * @returns `null` if it cannot be rebuilt: the version is older than the journal, or in the middle of one of its rows
 */
export function stateAt({ snapshots, changes }: History, version: number): Sized | null {
  const earlier = {
    snapshots: snapshots.filter((snapshot) => snapshot.version <= version),
    changes: changes.filter(({ to }) => to <= version),
  };
  // Without a snapshot, the changes apply only to the empty state with which a room starts.
  const isFromStart = snapshots.length === 0 || changes[0]?.from === 0;
  if (earlier.snapshots.length === 0 && !isFromStart) return null;
  const rebuilt = rebuild(earlier);
  return rebuilt.version === version && rebuilt.lost === 0 ? rebuilt.state : null;
}

type Base = { readonly version: number; readonly state: Sized };

/** The newest readable snapshot; `{}` at version 0 if there is none. */
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

/** Apply changes up to the first one that cannot be applied. */
function replay({ version, state }: Base, changes: readonly Change[]): Base & { replayed: number } {
  let reached: Base = { version, state };
  for (const [replayed, change] of changes.entries()) {
    const next = change.from === reached.version ? applied(reached.state, change) : null;
    if (next === null) return { ...reached, replayed };
    reached = { version: change.to, state: next };
  }
  return { ...reached, replayed: changes.length };
}

function applied(state: Sized, { patch }: Change): Sized | null {
  try {
    return applyPatch(state, parsePatch(JSON.parse(patch), noLimits), noLimits);
  } catch {
    return null;
  }
}

/**
 * Whether a snapshot is due: when the journal is larger than both 256 KiB and the last snapshot, or has so many changes
 * that waking would take long. Storage keeps the last snapshot but one and the changes since, so clients that resume
 * find at least 256 KiB or 2,000 of them.
 */
export const snapshotDue = ({
  journalBytes,
  journalChanges,
  snapshotBytes,
}: Pick<Rebuilt, "journalBytes" | "journalChanges" | "snapshotBytes">): boolean =>
  journalBytes > Math.max(snapshotBytes, 256 * 1024) || journalChanges >= 2000;

/** Whether the text of a patch is readable. Checks rows that a room does not read when it wakes. */
export function isReadable(patch: string): boolean {
  try {
    const operations = JSON.parse(patch) as Partial<Operation>[];
    return operations.every(({ op, path }) => op !== undefined && path !== undefined);
  } catch {
    return false;
  }
}
