// JSON Merge Patch by the letter of RFC 7396, section 2: slow, plain, and sharing no code with src.

import type { JsonObject, JsonValue } from "../../src/protocol/json.ts";

const isObject = (value: JsonValue | undefined): value is JsonObject =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** The target after a merge patch. */
export function mergedByOracle(target: JsonValue | undefined, patch: JsonValue): JsonValue {
  if (!isObject(patch)) return patch;
  const members = new Map(Object.entries(isObject(target) ? target : {}));
  for (const [name, value] of Object.entries(patch)) {
    if (value === null) members.delete(name);
    else members.set(name, mergedByOracle(members.get(name), value));
  }
  // fromEntries defines members, so that a key `__proto__` stays a key.
  return Object.fromEntries(members);
}
