// The JSON Patch that leads from one state to another. What is the same object on both sides is
// skipped unseen, so a state made by copy on write costs what was changed, not what was kept.

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

// A container that differs in more places than this is replaced whole: a patch of so many operations
// would be larger than what it changes, and adding to an array one by one moves all that follows.
const mostOperations = 1000;

// Every operation repeats the keys above it, and a key may be as long as a message: with more characters
// of paths than this, the state is replaced whole.
const mostPathCharacters = 1024 * 1024;

/** The patch from `before` to `after`; empty when they are the same JSON. */
export function diff(before: JsonObject, after: JsonObject): Patch {
  const operations: Operation[] = [];
  compare(before, after, "", operations);
  return pathCharacters(operations) > mostPathCharacters ? replaceAll(after) : operations;
}

/**
 * The patch that an RFC 7396 merge patch amounts to on this state; empty when it changes nothing.
 * @throws CollabError `too_large` when the merge patch nests deeper than `depthLimit`
 */
export function diffMerge(before: JsonObject, merge: JsonObject, depthLimit: number): Patch {
  measure(merge, depthLimit);
  const operations: Operation[] = [];
  compareMerge(before, merge, "", operations);
  return pathCharacters(operations) > mostPathCharacters
    ? replaceAll(mergePatch(before, merge))
    : operations;
}

const pathCharacters = (patch: Patch): number =>
  patch.reduce((sum, { path }) => sum + path.length, 0);

function compare(before: JsonValue, after: JsonValue, path: string, out: Operation[]): void {
  if (before === after) return;
  if (Array.isArray(before) && Array.isArray(after)) return compareArrays(before, after, path, out);
  if (!isObject(before) || !isPlainObject(after)) {
    // Not JSON, perhaps: applying the patch tells.
    out.push({ op: "replace", path, value: after });
    return;
  }
  const start = out.length;
  for (const key of Object.keys(before)) {
    if (!Object.hasOwn(after, key)) out.push({ op: "remove", path: childPointer(path, key) });
    if (out.length - start > mostOperations) return replaceWhole(path, after, start, out);
  }
  for (const [key, value] of Object.entries(after)) {
    const child = childPointer(path, key);
    if (Object.hasOwn(before, key)) compare(before[key] as JsonValue, value, child, out);
    else out.push({ op: "add", path: child, value });
    if (out.length - start > mostOperations) return replaceWhole(path, after, start, out);
  }
}

function replaceWhole(path: string, value: JsonValue, start: number, out: Operation[]): void {
  out.length = start;
  out.push({ op: "replace", path, value });
}

/** Items kept at both ends stay; between them items are compared in place, then cut or added. */
function compareArrays(
  before: readonly JsonValue[],
  after: readonly JsonValue[],
  path: string,
  out: Operation[],
): void {
  const first = out.length;
  if (Math.abs(after.length - before.length) > mostOperations)
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
    if (out.length - first > mostOperations) return replaceWhole(path, after, first, out);
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

/** What a merge patch leaves where there was nothing: its objects without their null members. */
function withoutNulls(value: JsonValue): JsonValue {
  if (!isObject(value)) return value;
  // fromEntries defines members, so a key `__proto__` stays a key.
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, item]) => item !== null)
      .map(([key, item]) => [key, withoutNulls(item)]),
  );
}
