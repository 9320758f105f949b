// How the latest changes have moved positions, so that a patch made on an earlier version can be transformed
// through them (rules E1, E3). After a wake, they are read from the journal when first needed.

import { CollabError } from "../../protocol/errors.ts";
import type { Change } from "../../protocol/history.ts";
import { parsePatch } from "../../protocol/json-patch.ts";
import { effectOf, type Effect } from "../../protocol/effects.ts";

/** The effects of one row of the journal. */
type Row = { readonly from: number; readonly to: number; readonly effects: readonly Effect[] };

/** Effects held in memory. Every base may lie up to 256 KiB of changes back, and those have fewer effects. */
const maxEffects = 20_000;

export class RecentEffects {
  readonly #readChanges: (after: number) => readonly Change[];
  /** In order, without gaps; the last row ends at the committed version. */
  #rows: Row[] = [];
  #count = 0;
  #version: number;
  /** From this version on, memory knows which versions are valid bases. */
  #knownFrom: number;

  constructor(version: number, readChanges: (after: number) => readonly Change[]) {
    this.#version = version;
    this.#knownFrom = version;
    this.#readChanges = readChanges;
  }

  /** Append the effects of a committed change. */
  append(row: Row): void {
    this.#rows.push(row);
    this.#count += row.effects.length;
    this.#version = row.to;
    while (this.#count > maxEffects) this.#forgetOldest();
  }

  /** Forget all versions: another one replaces them. */
  reset(version: number): void {
    this.#rows = [];
    this.#count = 0;
    this.#version = version;
    this.#knownFrom = version;
  }

  /**
   * The effects of all committed changes since a version, in order, as a new array.
   * @throws CollabError `base_too_old`
   */
  since(base: number): Effect[] {
    if (base === this.#version) return [];
    if (base < this.#knownFrom) this.#read(base);
    const index = this.#indexOf(base);
    const around = this.#rows[index];
    if (around?.from === base) {
      const since: Effect[] = [];
      for (let at = index; at < this.#rows.length; at++)
        for (const effect of this.#rows[at]?.effects ?? []) since.push(effect);
      return since;
    }
    throw new CollabError("base_too_old", {
      detail: around
        ? `Clients never had version ${base}: it lies within the change from version ${around.from} to ${around.to}. Use the version of a state or change that you have received.`
        : `The room no longer has the changes since version ${base}. Read the state and create a new patch.`,
    });
  }

  /** The index of the row that starts at or spans a version; -1 if there is none. */
  #indexOf(version: number): number {
    let [low, high] = [0, this.#rows.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#rows[middle] as Row).to <= version) low = middle + 1;
      else high = middle;
    }
    return (this.#rows[low]?.from ?? Infinity) <= version ? low : -1;
  }

  #read(base: number): void {
    const rows: Row[] = [];
    let next = this.#rows[0]?.from ?? this.#version;
    for (const change of this.#readChanges(base).toReversed()) {
      if (change.to > next) continue;
      const effects = effectsOf(change);
      // A gap, or a change with unknown effects: nothing before it connects to the later rows.
      if (change.to < next || effects === null) break;
      rows.push({ from: change.from, to: change.to, effects });
      next = change.from;
    }
    this.#rows = [...rows.toReversed(), ...this.#rows];
    this.#count = this.#rows.reduce((count, { effects }) => count + effects.length, 0);
    // If the journal does not reach back to it now, it never will.
    this.#knownFrom = next <= base ? base : -Infinity;
    while (this.#count > maxEffects) this.#forgetOldest();
  }

  #forgetOldest(): void {
    const oldest = this.#rows.shift();
    if (oldest === undefined) return;
    this.#count -= oldest.effects.length;
    // Not read again, because it would only be forgotten again.
    this.#knownFrom = -Infinity;
  }
}

/**
 * @returns `null` if they are unknown: an earlier release has written the change (`unknownMoves`), or it is
 * unreadable
 */
function effectsOf({ patch, moves = "" }: Change): readonly Effect[] | null {
  if (!/^[0-3]*$/.test(moves)) return null;
  try {
    return parsePatch(JSON.parse(patch), { patchOperations: Infinity }).flatMap(
      (operation, index) => effectOf(operation, Number(moves[index] ?? 0)) ?? [],
    );
  } catch {
    return null;
  }
}
