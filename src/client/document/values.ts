// Values that an application puts into the state: checked and copied, so that nobody else holds them.

import { setMember, type JsonValue } from "../../protocol/json.ts";

/** Levels that a value may have. A room has a limit of its own, which is lower. */
const maxDepth = 500;

/**
 * Copy a value as JSON. Members that are `undefined` are left out, as `JSON.stringify` does.
 * @param at where it goes, for errors
 * @param unwrap what a draft stands for
 * @throws TypeError for what JSON cannot hold
 */
export function copyValue(
  value: unknown,
  at: string,
  unwrap: (value: object) => object = (each) => each,
  depth = 0,
): JsonValue {
  switch (typeof value) {
    case "string":
    case "boolean":
      return value;
    case "number":
      if (!Number.isFinite(value)) throw invalid(at, String(value));
      return value || 0; // JSON has no negative zero
    case "object":
      break;
    default:
      throw invalid(at, value === undefined ? "undefined" : `a ${typeof value}`);
  }
  if (value === null) return null;
  if (depth >= maxDepth) throw invalid(at, "a value that contains itself, or is nested too deep");
  const source = unwrap(value);
  const copy = (each: unknown, key: string | number): JsonValue =>
    copyValue(each, `${at}/${key}`, unwrap, depth + 1);
  if (Array.isArray(source)) return Array.from(source, copy);
  const prototype: unknown = Object.getPrototypeOf(source);
  if (prototype !== null && Object.getPrototypeOf(prototype) !== null)
    throw invalid(at, `a ${source.constructor?.name ?? "class instance"}`);
  const object: Record<string, JsonValue> = {};
  for (const [key, each] of Object.entries(source))
    if (each !== undefined) setMember(object, key, copy(each, key));
  return object;
}

const invalid = (at: string, what: string): TypeError =>
  new TypeError(`The state holds JSON only: ${at || "it"} would be ${what}.`);
