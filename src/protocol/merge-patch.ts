// JSON Merge Patch (RFC 7396) for small values such as presence: applies a patch, and computes the one between two
// values. Changes to the state do not use this; they become JSON Patches, see diff.ts.

import { isObject, jsonEqual, setMember, type JsonObject, type JsonValue } from "./json.ts";

/** Apply a merge patch to an object. Neither is modified; the result shares the parts that the patch does not touch. */
export function mergePatch(target: JsonObject, patch: JsonObject): JsonObject {
  const merged: Record<string, JsonValue> = { ...target };
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) delete merged[key];
    else if (isObject(value)) {
      const old = Object.hasOwn(target, key) ? target[key] : undefined;
      setMember(merged, key, mergePatch(isObject(old) ? old : {}, value));
    } else setMember(merged, key, value);
  }
  return merged;
}

/**
 * Compute the merge patch from one object to another; `null` if they are the same JSON. No object in
 * `after` may have a member that is null, because a merge patch cannot express one.
 */
export function mergeDiff(before: JsonObject, after: JsonObject): JsonObject | null {
  const patch: Record<string, JsonValue> = {};
  let differs = false;
  const put = (key: string, value: JsonValue): void => {
    setMember(patch, key, value);
    differs = true;
  };
  for (const key of Object.keys(before)) if (!Object.hasOwn(after, key)) put(key, null);
  for (const [key, value] of Object.entries(after)) {
    const old = Object.hasOwn(before, key) ? before[key] : undefined;
    if (old === value) continue;
    if (isObject(old) && isObject(value)) {
      const inner = mergeDiff(old, value);
      if (inner !== null) put(key, inner);
    } else if (old === undefined || !jsonEqual(old, value)) put(key, value);
  }
  return differs ? patch : null;
}
