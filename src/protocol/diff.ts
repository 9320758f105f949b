// Computes the JSON Patch that leads from one state to another. An object that both states share is
// skipped without a look inside, so after copy-on-write the cost depends on what changed, not on the
// size of the state.

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

// A container with more differences than this is replaced as a whole. A patch of that many operations
// would be larger than the value, and each insertion into an array moves all items after it.
const maxOperations = 1000;

// Every operation repeats the keys above its target, and a key may be as long as a message. If the paths
// have more characters than this, the whole state is replaced.
const maxPathCharacters = 1024 * 1024;

/** Compute the patch from `before` to `after`; empty when they are the same JSON. */
export function diff(before: JsonObject, after: JsonObject): Patch {
  const operations: Operation[] = [];
  compare(before, after, "", operations);
  return pathCharacters(operations) > maxPathCharacters ? replaceAll(after) : operations;
}

/**
 * Convert a JSON Merge Patch (RFC 7396) to the JSON Patch with the same effect on this state; empty when
 * it changes nothing.
 * @throws CollabError `too_large` when the merge patch is nested deeper than `depthLimit`
 */
export function diffMerge(before: JsonObject, merge: JsonObject, depthLimit: number): Patch {
  measure(merge, depthLimit);
  const operations: Operation[] = [];
  compareMerge(before, merge, "", operations);
  return pathCharacters(operations) > maxPathCharacters
    ? replaceAll(mergePatch(before, merge))
    : operations;
}

const pathCharacters = (patch: Patch): number =>
  patch.reduce((sum, { path }) => sum + path.length, 0);

function compare(before: JsonValue, after: JsonValue, path: string, out: Operation[]): void {
  if (before === after) return;
  if (Array.isArray(before) && Array.isArray(after)) return compareArrays(before, after, path, out);
  if (!isObject(before) || !isPlainObject(after)) {
    // The value may not be JSON at all: applying the patch checks it.
    out.push({ op: "replace", path, value: after });
    return;
  }
  const start = out.length;
  let kept = 0;
  // One pass over a wide object, in which most members are the same.
  for (const key of Object.keys(after)) {
    const value = after[key] as JsonValue;
    if (!Object.hasOwn(before, key)) out.push({ op: "add", path: childPointer(path, key), value });
    else {
      kept++;
      const old = before[key] as JsonValue;
      if (old !== value) compare(old, value, childPointer(path, key), out);
    }
    if (out.length - start > maxOperations) return replaceWhole(path, after, start, out);
  }
  if (kept === countOf(before)) return;
  for (const key of Object.keys(before)) {
    if (!Object.hasOwn(after, key)) out.push({ op: "remove", path: childPointer(path, key) });
    if (out.length - start > maxOperations) return replaceWhole(path, after, start, out);
  }
}

function replaceWhole(path: string, value: JsonValue, start: number, out: Operation[]): void {
  out.length = start;
  out.push({ op: "replace", path, value });
}

/**
 * Equal items at both ends are left alone. The items between them are compared index by index; then the
 * rest is removed or added.
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
  const common = shorter - end;
  for (let index = start; index < common; index++) {
    compare(before[index] as JsonValue, after[index] as JsonValue, childPointer(path, index), out);
    if (out.length - first > maxOperations) return replaceWhole(path, after, first, out);
  }
  for (let index = before.length - end - 1; index >= common; index--)
    out.push({ op: "remove", path: childPointer(path, index) });
  for (let index = common; index < after.length - end; index++)
    out.push({ op: "add", path: childPointer(path, index), value: after[index] as JsonValue });
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

/** The value that a merge patch creates at a new key: its objects without their null members. */
function withoutNulls(value: JsonValue): JsonValue {
  if (!isObject(value)) return value;
  // fromEntries defines members, so the key `__proto__` does not set the prototype.
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, item]) => item !== null)
      .map(([key, item]) => [key, withoutNulls(item)]),
  );
}
