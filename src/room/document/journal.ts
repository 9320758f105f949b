// Reads the journal backwards and forwards: the changes from an earlier version to the committed one.

import type { Change } from "../../protocol/history.ts";
import { isReadable } from "../../model/history.ts";
import type { RoomPorts } from "../ports.ts";

type Journal = Pick<RoomPorts["storage"], "readChanges">;

/**
 * The patches from earlier versions to the committed one, as text. The journal is read once, from the oldest of
 * these versions on.
 * @param committed the version that storage holds
 * @returns by version, without versions that the journal does not have or reach back to
 */
export function patchesSince(
  journal: Journal,
  committed: number,
  versions: readonly number[],
): ReadonlyMap<number, string> {
  const patches = new Map<number, string>();
  const earlier = new Set(versions.filter((version) => version < committed));
  if (versions.includes(committed)) patches.set(committed, "[]");
  if (earlier.size === 0) return patches;
  let next = committed;
  let operations = "";
  for (const { from, to, patch } of journal.readChanges(Math.min(...earlier)).toReversed()) {
    // A gap or an unreadable patch: nothing before it connects to the committed version.
    if (to !== next || !isReadable(patch)) break;
    next = from;
    operations = joined(patch.slice(1, -1), operations);
    if (earlier.has(from)) patches.set(from, `[${operations}]`);
  }
  return patches;
}

/** The committed changes after a version, in order; `null` if the journal has a gap between it and `committed`. */
export function changesSince(
  journal: Journal,
  committed: number,
  version: number,
): readonly Change[] | null {
  if (version > committed) return null;
  const changes = version === committed ? [] : journal.readChanges(version);
  let reached = version;
  for (const { from, to, patch } of changes) {
    if (from !== reached || !isReadable(patch)) return null;
    reached = to;
  }
  return reached === committed ? changes : null;
}

/** Join the operations of two patches, as text. */
const joined = (first: string, second: string): string =>
  first === "" || second === "" ? first + second : `${first},${second}`;
