// Turns one list into another by the operations that somebody would use: items are removed, moved and inserted, and
// none becomes another one. Positions that others have in mind then stay with their items.

import { longestGrowing } from "../../protocol/align.ts";

/** What is done to a list, in order. */
export type ListStep =
  | { readonly kind: "remove"; readonly index: number }
  /** `to` counts after the item was taken out. */
  | { readonly kind: "move"; readonly index: number; readonly to: number }
  /** Puts item `item` of the list that is wanted at `index`. */
  | { readonly kind: "insert"; readonly index: number; readonly item: number };

/**
 * The steps from a list to another one: as few moves as there can be.
 * @param length of the list
 * @param wanted for each item of the list that is wanted, the index that it has now; -1 for a new one
 */
export function stepsBetween(length: number, wanted: readonly number[]): readonly ListStep[] {
  const steps: ListStep[] = [];
  const kept = new Set(wanted);
  // What the list is after the steps so far: items by the index that they had; new ones as negative numbers.
  const current = Array.from({ length }, (_, index) => index);
  for (let index = length - 1; index >= 0; index--)
    if (!kept.has(index)) {
      steps.push({ kind: "remove", index });
      current.splice(index, 1);
    }
  const staying = longestGrowing(wanted);
  let before: number | null = null;
  for (const [item, source] of wanted.entries()) {
    const name = source < 0 ? -1 - item : source;
    if (source < 0 || !staying.has(item)) {
      const from = source < 0 ? -1 : current.indexOf(source);
      if (from >= 0) current.splice(from, 1);
      const index = before === null ? 0 : current.indexOf(before) + 1;
      current.splice(index, 0, name);
      if (from < 0) steps.push({ kind: "insert", index, item });
      else if (from !== index) steps.push({ kind: "move", index: from, to: index });
    }
    before = name;
  }
  return steps;
}
