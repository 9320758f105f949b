// Computes the JSON Patch between two states. Objects that both states share are skipped, so after copy-on-write the
// cost depends on what changed, not on the size of the state.

import { align, longestGrowing } from "./align.ts";
import {
  isObject,
  isPlainObject,
  jsonEqual,
  measure,
  type JsonObject,
  type JsonValue,
} from "./json.ts";
import { replaceAll, type Operation, type Patch } from "./json-patch.ts";
import { mergePatch } from "./merge-patch.ts";
import { childPointer } from "./pointer.ts";
import { countOf } from "./sizes.ts";

// A container with more differences than this is replaced as a whole. A patch of that many operations would be larger
// than the value, and each insertion into an array moves all items after it. The root is exempt, because replacing it
// would invalidate all positions (rule E7).
const maxOperations = 1000;

// Every operation repeats the keys above its target, and a key may be as long as a message. If the operations have more
// characters than this, not counting their values, the whole state is replaced.
const maxCharacters = 1024 * 1024;
const charactersPerOperation = 30;

/** Compute the patch from `before` to `after`; empty if they are the same JSON. */
export function diff(before: JsonObject, after: JsonObject): Patch {
  const operations: Operation[] = [];
  compare(before, after, "", operations);
  return characters(operations) > maxCharacters ? replaceAll(after) : operations;
}

/**
 * Convert a JSON Merge Patch (RFC 7396) to the JSON Patch with the same effect on this state; empty if it changes
 * nothing.
 * @throws CollabError `too_large` if the merge patch is nested deeper than `depthLimit`
 */
export function diffMerge(before: JsonObject, merge: JsonObject, depthLimit: number): Patch {
  measure(merge, depthLimit);
  const operations: Operation[] = [];
  compareMerge(before, merge, "", operations);
  return characters(operations) > maxCharacters
    ? replaceAll(mergePatch(before, merge))
    : operations;
}

const characters = (patch: Patch): number =>
  patch.reduce((sum, { path }) => sum + path.length + charactersPerOperation, 0);

function compare(before: JsonValue, after: JsonValue, path: string, out: Operation[]): void {
  if (before === after) return;
  if (Array.isArray(before) && Array.isArray(after)) return compareArrays(before, after, path, out);
  if (!isObject(before) || !isPlainObject(after)) {
    // The value may not be JSON; applying the patch checks that.
    out.push({ op: "replace", path, value: after });
    return;
  }
  const start = out.length;
  const most = path === "" ? Infinity : maxOperations;
  let kept = 0;
  // A single pass, because in a wide object most members are the same.
  for (const key of Object.keys(after)) {
    const value = after[key] as JsonValue;
    if (!Object.hasOwn(before, key)) out.push({ op: "add", path: childPointer(path, key), value });
    else {
      kept++;
      const old = before[key] as JsonValue;
      if (old !== value) compare(old, value, childPointer(path, key), out);
    }
    if (out.length - start > most) return replaceWhole(path, after, start, out);
  }
  if (kept === countOf(before)) return;
  for (const key of Object.keys(before)) {
    if (!Object.hasOwn(after, key)) out.push({ op: "remove", path: childPointer(path, key) });
    if (out.length - start > most) return replaceWhole(path, after, start, out);
  }
}

function replaceWhole(path: string, value: JsonValue, start: number, out: Operation[]): void {
  out.length = start;
  out.push({ op: "replace", path, value });
}

/**
 * Equal items at both ends are skipped. `align` matches the items between them: missing items are removed, new ones
 * added, reordered ones moved, and matching ones compared.
 */
function compareArrays(
  before: readonly JsonValue[],
  after: readonly JsonValue[],
  path: string,
  out: Operation[],
): void {
  const first = out.length;
  if (Math.abs(after.length - before.length) > maxOperations)
    return replaceWhole(path, after, first, out);
  const shorter = Math.min(before.length, after.length);
  const same = (a: number, b: number): boolean =>
    jsonEqual(before[a] as JsonValue, after[b] as JsonValue);
  let start = 0;
  while (start < shorter && same(start, start)) start++;
  let end = 0;
  while (end < shorter - start && same(before.length - 1 - end, after.length - 1 - end)) end++;
  const old = before.slice(start, before.length - end);
  const now = after.slice(start, after.length - end);
  const found = align(old, now) ?? byIndex(old.length, now.length);
  rearrange(old.length, now, found, { path, start }, out);
  for (const [index, source] of found.entries()) {
    if (out.length - first > maxOperations) return replaceWhole(path, after, first, out);
    if (source < 0) continue;
    const item = childPointer(path, start + index);
    compare(old[source] as JsonValue, now[index] as JsonValue, item, out);
  }
  if (out.length - first > maxOperations) replaceWhole(path, after, first, out);
}

/** Match each item with the one at the same index. */
const byIndex = (before: number, after: number): readonly number[] =>
  Array.from({ length: after }, (_, index) => (index < before ? index : -1));

/**
 * Remove, move and add items, so that each is in its final place. Their contents are not compared.
 * @param found the previous index of each item of `after`
 */
function rearrange(
  length: number,
  after: readonly JsonValue[],
  found: readonly number[],
  { path, start }: { readonly path: string; readonly start: number },
  out: Operation[],
): void {
  const at = (index: number): string => childPointer(path, start + index);
  const kept = new Set(found);
  /** The items in their current order, by their previous indexes; -1 for a new one. */
  const items = Array.from({ length }, (_, index) => index);
  for (let index = length - 1; index >= 0; index--) {
    if (kept.has(index)) continue;
    out.push({ op: "remove", path: at(index) });
    items.splice(index, 1);
    if (out.length > 2 * maxOperations) return;
  }
  const staying = longestGrowing(found);
  let previous = -1;
  for (const [index, source] of found.entries()) {
    if (source < 0) {
      out.push({ op: "add", path: at(previous + 1), value: after[index] as JsonValue });
      items.splice(++previous, 0, -1);
    } else if (staying.has(index)) previous = items.indexOf(source);
    else {
      const from = items.indexOf(source);
      items.splice(from, 1);
      if (from > previous) previous++;
      items.splice(previous, 0, source);
      out.push({ op: "move", from: at(from), path: at(previous) });
    }
    if (out.length > 2 * maxOperations) return;
  }
}

function compareMerge(before: JsonObject, merge: JsonObject, path: string, out: Operation[]): void {
  for (const [key, value] of Object.entries(merge)) {
    const child = childPointer(path, key);
    if (!Object.hasOwn(before, key)) {
      if (value !== null) out.push({ op: "add", path: child, value: withoutNulls(value) });
      continue;
    }
    const old = before[key] as JsonValue;
    if (value === null) out.push({ op: "remove", path: child });
    else if (isObject(value) && isObject(old)) compareMerge(old, value, child, out);
    else {
      const next = withoutNulls(value);
      if (!jsonEqual(old, next)) out.push({ op: "replace", path: child, value: next });
    }
  }
}

/** The value that a merge patch creates at a new key: without the null members of its objects. */
function withoutNulls(value: JsonValue): JsonValue {
  if (!isObject(value)) return value;
  // fromEntries defines members, so the key `__proto__` does not set the prototype.
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, item]) => item !== null)
      .map(([key, item]) => [key, withoutNulls(item)]),
  );
}
