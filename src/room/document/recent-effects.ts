// What the latest changes have done to positions, so that a patch made on an earlier version can be moved
// through them (rules E1, E3). After a wake it is read from the journal when it is first asked for.

import { CollabError } from "../../protocol/errors.ts";
import type { Change } from "../../protocol/history.ts";
import { parsePatch } from "../../protocol/json-patch.ts";
import { effectOf, type Effect } from "../../protocol/effects.ts";

/** The effects of one row of the journal. */
type Row = { readonly from: number; readonly to: number; readonly effects: readonly Effect[] };

/** Effects that are held in memory. 256 KiB of changes, which every base may lie behind, have fewer. */
const maxEffects = 20_000;

export class RecentEffects {
  readonly #readChanges: (after: number) => readonly Change[];
  /** In order, without a gap; the last one leads to the committed version. */
  #rows: Row[] = [];
  #count = 0;
  #version: number;
  /** The oldest version that is known to be a base or not. */
  #knownFrom: number;

  constructor(version: number, readChanges: (after: number) => readonly Change[]) {
    this.#version = version;
    this.#knownFrom = version;
    this.#readChanges = readChanges;
  }

  /** A change has been committed. */
  append(row: Row): void {
    this.#rows.push(row);
    this.#count += row.effects.length;
    this.#version = row.to;
    while (this.#count > maxEffects) this.#forgetOldest();
  }

  /** All versions have been given up for another one. */
  reset(version: number): void {
    this.#rows = [];
    this.#count = 0;
    this.#version = version;
    this.#knownFrom = version;
  }

  /**
   * The effects of all committed changes since a version, in order, as an array of their own.
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
        ? `Version ${base} was never sent to anybody: the change around it leads from ${around.from} to ${around.to}. Give the version of a state or change that you have received.`
        : `The room no longer has the changes since version ${base}. Read the state and make the patch again.`,
    });
  }

  /** The index of the row that leads from a version or over it; -1 if no row does. */
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
      // A gap, or a change of which nobody knows what it has moved: nothing before it leads here.
      if (change.to < next || effects === null) break;
      rows.push({ from: change.from, to: change.to, effects });
      next = change.from;
    }
    this.#rows = [...rows.toReversed(), ...this.#rows];
    this.#count = this.#rows.reduce((count, { effects }) => count + effects.length, 0);
    // A journal that does not reach back to it never will.
    this.#knownFrom = next <= base ? base : -Infinity;
    while (this.#count > maxEffects) this.#forgetOldest();
  }

  #forgetOldest(): void {
    const oldest = this.#rows.shift();
    if (oldest === undefined) return;
    this.#count -= oldest.effects.length;
    // Not read again: it would be forgotten again.
    this.#knownFrom = -Infinity;
  }
}

/** @returns `null` if they are not known: an earlier release has written the change (`unknownMoves`), or it cannot be read */
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
