// Matches the items of two arrays, so that a patch between them inserts, removes and moves items instead of turning one
// item into another. Concurrent edits then stay with their items.

import { isObject, member, type JsonValue } from "./json.ts";

/** The maximum length of an array whose items are matched. Longer ones are compared index by index. */
const maxItems = 5000;

/**
 * Match each item of `after` with an item of `before`. Items with an `id` match if their ids are equal; others if they
 * are the same JSON, or are at the same place between matching items.
 * @returns by index in `after`, the index in `before`, or -1 for a new item; `null` if there are too many items
 */
export function align(
  before: readonly JsonValue[],
  after: readonly JsonValue[],
): readonly number[] | null {
  if (Math.max(before.length, after.length) > maxItems) return null;
  const found = matchKeys(before, after);
  fillGaps(before, after, found);
  return found;
}

function matchKeys(before: readonly JsonValue[], after: readonly JsonValue[]): number[] {
  // Match items that both arrays share by identity, without looking inside.
  const shared = placesOf(before, (item) => item);
  // Not `map`, which skips the holes of a sparse array.
  const found = Array.from(after, (item) => shared.get(item)?.pop() ?? -1);
  if (!found.includes(-1)) return found;
  const taken = new Set(found);
  const places = placesOf(before, (item, index) => (taken.has(index) ? undefined : keyOf(item)));
  return found.map((source, index) =>
    source < 0 ? ((places.get(keyOf(after[index])) ?? []).pop() ?? -1) : source,
  );
}

/** The indexes of items by key, in descending order, so that `pop` returns the first of several equal items. */
export function placesOf<Item, Key>(
  items: readonly Item[],
  keyOfItem: (item: Item, index: number) => Key,
): Map<Key, number[]> {
  const places = new Map<Key, number[]>();
  for (const [index, item] of items.entries()) {
    const key = keyOfItem(item, index);
    const known = places.get(key);
    if (known) known.push(index);
    else places.set(key, [index]);
  }
  for (const indexes of places.values()) indexes.reverse();
  return places;
}

/** The key of an item. A value that is not JSON gets a unique key. */
function keyOf(item: JsonValue | undefined): string {
  const id = idOf(item);
  if (id !== undefined) return `id ${JSON.stringify(id)}`;
  try {
    return JSON.stringify(item) ?? unique();
  } catch {
    return unique();
  }
}

let uniques = 0;
const unique = (): string => `unique ${uniques++}`;

function idOf(item: JsonValue | undefined): string | number | undefined {
  const id = isObject(item) ? member(item, "id") : undefined;
  return typeof id === "string" || typeof id === "number" ? id : undefined;
}

/** Match unknown items between two matching neighbours if there were as many before: they are taken for changed items. */
function fillGaps(
  before: readonly JsonValue[],
  after: readonly JsonValue[],
  found: number[],
): void {
  const taken = new Set(found);
  let start = 0;
  for (let end = 0; end <= after.length; end++) {
    if (end < after.length && found[end] === -1) continue;
    const last = start === 0 ? -1 : (found[start - 1] ?? -1);
    const next = end < after.length ? (found[end] ?? -1) : before.length;
    if (end > start && next - last - 1 === end - start)
      for (let index = start; index < end; index++) {
        const candidate = last + 1 + index - start;
        const [old, now] = [before[candidate], after[index]];
        if (!taken.has(candidate) && idOf(old) === idOf(now)) {
          found[index] = candidate;
          taken.add(candidate);
        }
      }
    start = end + 1;
  }
}

/** The indexes of a longest increasing subsequence. -1 is skipped. */
export function longestGrowing(numbers: readonly number[]): ReadonlySet<number> {
  // tails[n]: the index of the lowest number that can end a subsequence of n + 1 numbers.
  const tails: number[] = [];
  const previous = new Map<number, number | undefined>();
  for (const [index, number] of numbers.entries()) {
    if (number < 0) continue;
    let [low, high] = [0, tails.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((numbers[tails[middle] as number] as number) < number) low = middle + 1;
      else high = middle;
    }
    previous.set(index, tails[low - 1]);
    tails[low] = index;
  }
  const run = new Set<number>();
  for (let at = tails.at(-1); at !== undefined; at = previous.get(at)) run.add(at);
  return run;
}
