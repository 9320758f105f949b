// Turns one list into another by the operations that somebody would use: items are removed, moved and inserted, and
// none becomes another one. Positions that others have in mind then stay with their items.

import { longestGrowing } from "../../protocol/align.ts";
import type { Operation } from "../../protocol/json-patch.ts";
import type { JsonValue } from "../../protocol/json.ts";
import { childPointer } from "../../protocol/pointer.ts";

/**
 * The operations from a list, or a part of it, to another one: as few moves as there can be.
 * @param path of the list
 * @param length of the part
 * @param items that are wanted there
 * @param places for each of them, the index in the part that it has now; -1 for a new one
 * @param start of the part, in the list
 * @param isEnd whether the list ends with the part
 */
export function arrange(
  path: string,
  length: number,
  items: readonly unknown[],
  places: readonly number[],
  start = 0,
  isEnd = true,
): readonly Operation[] {
  const operations: Operation[] = [];
  const at = (index: number): string => childPointer(path, start + index);
  const kept = new Set(places);
  // The list after the operations so far: items by the index that they had; new ones as negative numbers.
  const current = Array.from({ length }, (_, index) => index);
  for (let index = length - 1; index >= 0; index--)
    if (!kept.has(index)) {
      operations.push({ op: "remove", path: at(index) });
      current.splice(index, 1);
    }
  const staying = longestGrowing(places);
  let before: number | null = null;
  for (const [item, place] of places.entries()) {
    const name = place < 0 ? -1 - item : place;
    if (place < 0 || !staying.has(item)) {
      const from = place < 0 ? -1 : current.indexOf(place);
      if (from >= 0) current.splice(from, 1);
      const index = before === null ? 0 : current.indexOf(before) + 1;
      // Items for the end are appended, even if others append concurrently. The end of an empty list is also its front.
      const isAppended = isEnd && start + length > 0 && index === current.length;
      if (from < 0) {
        const value = items[item] as JsonValue;
        operations.push({ op: "add", path: isAppended ? `${path}/-` : at(index), value });
      } else if (from !== index) operations.push({ op: "move", from: at(from), path: at(index) });
      current.splice(index, 0, name);
    }
    before = name;
  }
  return operations;
}
