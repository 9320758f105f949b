// Journal maths: how a state is rebuilt from a snapshot and the changes after it, what is done about
// records that cannot be read, and when a new snapshot is worth its rows. (Rule S10.)

import { isObject, measure, type JsonObject } from "../protocol/json.ts";
import { applyPatch, parsePatch, type Patch, type Sized } from "../protocol/json-patch.ts";

/** One change as the journal keeps it: the patch that leads from version `from` to `to`. */
export type Change = { readonly from: number; readonly to: number; readonly patch: string };

export type Snapshot = { readonly version: number; readonly text: string };

export type History = {
  /** Newest first. */
  readonly snapshots: readonly Snapshot[];
  /** In order of version. */
  readonly changes: readonly Change[];
};

export type Rebuilt = {
  readonly version: number;
  readonly state: Sized;
  /** Bytes of patches since the snapshot, and of the snapshot itself. */
  readonly journalBytes: number;
  readonly snapshotBytes: number;
  /** Versions of the records that could not be used, if any. */
  readonly unreadable: { readonly snapshots: number[]; readonly changes: number[] };
};

export const emptyState: Sized = { value: {}, bytes: 2 };

// What was accepted once is read back whatever today's limits are.
const noLimits = { stateBytes: Infinity, stateDepth: 1024, patchOperations: Infinity };

/**
 * Rebuild the last good version. The newest readable snapshot counts, then every change that follows
 * on without a gap; a snapshot or change that cannot be used, and all changes after it, are reported.
 */
export function rebuild({ snapshots, changes }: History): Rebuilt {
  const badSnapshots: number[] = [];
  let version = 0;
  let state = emptyState;
  for (const snapshot of snapshots) {
    const read = readSnapshot(snapshot.text);
    if (read === null) {
      badSnapshots.push(snapshot.version);
      continue;
    }
    version = snapshot.version;
    state = read;
    break;
  }
  const snapshotBytes = state.bytes;
  let journalBytes = 0;
  const later = changes.filter((change) => change.to > version);
  for (const [index, change] of later.entries()) {
    const next = change.from === version ? replay(state, change) : null;
    if (next === null) {
      const lost = later.slice(index).map(({ to }) => to);
      return {
        version,
        state,
        journalBytes,
        snapshotBytes,
        unreadable: { snapshots: badSnapshots, changes: lost },
      };
    }
    version = change.to;
    state = next;
    journalBytes += change.patch.length;
  }
  return {
    version,
    state,
    journalBytes,
    snapshotBytes,
    unreadable: { snapshots: badSnapshots, changes: [] },
  };
}

function readSnapshot(text: string): Sized | null {
  try {
    const value: unknown = JSON.parse(text);
    return isObject(value) ? { value, bytes: measure(value, noLimits.stateDepth).bytes } : null;
  } catch {
    return null;
  }
}

function replay(state: Sized, change: Change): Sized | null {
  try {
    return applyPatch(state, parsePatch(JSON.parse(change.patch), noLimits), noLimits);
  } catch {
    return null;
  }
}

/** A snapshot is due when the journal has outgrown the last one; small states wait for 64 KiB. */
export const snapshotDue = (journalBytes: number, snapshotBytes: number): boolean =>
  journalBytes > Math.max(snapshotBytes, 64 * 1024);

/** What the journal keeps of a patch: its effect, not its tests. */
export const effect = (patch: Patch): Patch => patch.filter(({ op }) => op !== "test");

/** The patch that replaces the whole state. */
export const replaceAll = (value: JsonObject): Patch => [{ op: "replace", path: "", value }];
