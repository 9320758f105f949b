// JSON values as plain data: types, equality, exact size. Keys such as `__proto__` are ordinary keys, so read and write
// members with the functions here, which never touch a prototype.

import { CollabError } from "./errors.ts";

export type JsonValue = null | boolean | number | string | JsonArray | JsonObject;
export type JsonArray = readonly JsonValue[];
export type JsonObject = { readonly [key: string]: JsonValue };

export const isObject = (value: unknown): value is JsonObject =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** Whether a value is an array of strings. */
export const isTextList = (value: unknown): value is readonly string[] =>
  Array.isArray(value) && value.every((item) => typeof item === "string");

/** Whether a value is an object that JSON could contain: not an array, not a class instance. */
export function isPlainObject(value: unknown): value is JsonObject {
  if (!isObject(value)) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

/**
 * Describe a value for an error message without repeating its content.
 * @returns for example "a string of 3 characters", "an object", "-1"; "nothing" for `undefined`
 */
export function describeValue(value: unknown): string {
  if (value === undefined) return "nothing";
  if (typeof value === "string") return `a string of ${value.length} characters`;
  if (Array.isArray(value)) return `an array of ${value.length} items`;
  if (typeof value === "object" && value !== null) return "an object";
  return typeof value === "function" ? "a function" : String(value);
}

/**
 * Parse JSON text.
 * @throws CollabError `malformed` if the text is not JSON
 */
export function parseJson(text: string): JsonValue {
  try {
    return JSON.parse(text) as JsonValue;
  } catch (error) {
    // Anchored at the end, because the message may quote a piece of the text that mentions a position.
    const [, position] =
      / JSON at position (\d+) \(line \d+ column \d+\)$/.exec(String(error)) ?? [];
    const where = position === undefined ? "" : `: check position ${position}`;
    throw new CollabError("malformed", { detail: `The text is not valid JSON${where}.` });
  }
}

/** Read an own member. Inherited ones are ignored. */
export const member = (object: JsonObject, key: string): JsonValue | undefined =>
  Object.hasOwn(object, key) ? object[key] : undefined;

/** Write an own member of an object that the caller created. */
export function setMember(object: Record<string, JsonValue>, key: string, value: JsonValue): void {
  // Assigning to this key would change the prototype instead.
  if (key === "__proto__")
    Object.defineProperty(object, key, {
      value,
      enumerable: true,
      configurable: true,
      writable: true,
    });
  else object[key] = value;
}

/**
 * Whether two values are the same JSON. A value that is not JSON equals only itself. An object that both
 * sides share is not compared member by member.
 * @param countOf returns the number of members of an object within `a`. If it does not have to count them, the cost
 * depends only on `b`.
 */
export function jsonEqual(
  a: JsonValue | undefined,
  b: JsonValue | undefined,
  countOf: (object: JsonObject) => number = (object) => Object.keys(object).length,
): boolean {
  if (a === b) return true;
  if (Array.isArray(a)) {
    if (!Array.isArray(b) || a.length !== b.length) return false;
    return a.every((item, index) => jsonEqual(item, b[index], countOf));
  }
  if (!isPlainObject(a) || !isPlainObject(b)) return false;
  const keys = Object.keys(b);
  if (keys.length !== countOf(a)) return false;
  return keys.every(
    (key) => Object.hasOwn(a, key) && jsonEqual(a[key] as JsonValue, b[key] as JsonValue, countOf),
  );
}

/** Bytes of a value as compact JSON in UTF-8, and its nesting depth (0 for a leaf, 1 for `{}`). */
export type Size = { readonly bytes: number; readonly depth: number };

/** `nested[n]` is the number of members with a depth of `n + 1`; the last entry is not 0. */
export type ContainerSize = Size & { readonly nested: readonly number[] };

/** Sizes of containers that have been measured. An entry is valid until its container changes. */
export type SizeCache = WeakMap<object, ContainerSize>;

// Shared, because most containers have only leaves.
const nothingNested: readonly number[] = [];

/**
 * Measure a value.
 * @param depthLimit the maximum number of levels
 * @throws CollabError `too_large` if the value has more levels, `invalid_state` if it is not JSON
 */
export function measure(value: unknown, depthLimit: number, cache?: SizeCache): Size {
  switch (typeof value) {
    case "string":
      return { bytes: stringBytes(value), depth: 0 };
    case "boolean":
      return { bytes: value ? 4 : 5, depth: 0 };
    case "number":
      if (!Number.isFinite(value)) throw notJson(String(value));
      return { bytes: String(value).length, depth: 0 };
    case "object":
      return value === null ? { bytes: 4, depth: 0 } : measureContainer(value, depthLimit, cache);
    default:
      throw notJson(typeof value);
  }
}

function measureContainer(value: object, depthLimit: number, cache?: SizeCache): Size {
  const known = cache?.get(value);
  if (known !== undefined) {
    if (known.depth > depthLimit) throw tooDeep();
    return known;
  }
  if (depthLimit < 1) throw tooDeep();
  let bytes = 2;
  let nested: number[] | undefined;
  const add = (item: unknown): void => {
    const size = measure(item, depthLimit - 1, cache);
    bytes += size.bytes;
    if (size.depth === 0) return;
    nested ??= [];
    while (nested.length < size.depth) nested.push(0);
    nested[size.depth - 1] = (nested[size.depth - 1] ?? 0) + 1;
  };
  if (Array.isArray(value)) {
    bytes += Math.max(0, value.length - 1);
    // By index, because iteration methods skip the holes of a sparse array, which are not JSON.
    for (let index = 0; index < value.length; index++) add(value[index]);
  } else {
    if (!isPlainObject(value)) throw notJson("a class instance");
    const keys = Object.keys(value);
    bytes += Math.max(0, keys.length - 1);
    for (const key of keys) {
      bytes += stringBytes(key) + 1;
      add(value[key]);
    }
  }
  const size = { bytes, depth: (nested?.length ?? 0) + 1, nested: nested ?? nothingNested };
  cache?.set(value, size);
  return size;
}

const notJson = (found: string): CollabError =>
  new CollabError("invalid_state", { detail: `Every value must be JSON, got ${found}.` });

const tooDeep = (): CollabError =>
  new CollabError("too_large", {
    detail: "The value has more levels of nesting than the limit allows. Flatten it.",
  });

/** Text whose characters take one byte each and need no escape. */
const plain = /^[ !#-[\]-\x7f]*$/;

/** Bytes of a string as JSON text, including quotes and escapes. */
export function stringBytes(text: string): number {
  // The regular expression is several times as fast as the loop, and most long strings are plain.
  if (text.length > 32 && plain.test(text)) return text.length + 2;
  let bytes = 2;
  for (let index = 0; index < text.length; index++) {
    const unit = text.charCodeAt(index);
    if (unit >= 0x80) {
      if (unit < 0x800) bytes += 2;
      else if (unit < 0xd800 || unit > 0xdfff) bytes += 3;
      else if (isPair(unit, text.charCodeAt(index + 1))) {
        bytes += 4;
        index++;
      } else bytes += 6; // a lone surrogate is written as an escape
    } else if (unit === 0x22 || unit === 0x5c) bytes += 2;
    else if (unit >= 0x20) bytes += 1;
    else bytes += shortEscapes.has(unit) ? 2 : 6;
  }
  return bytes;
}

const shortEscapes = new Set([0x08, 0x09, 0x0a, 0x0c, 0x0d]);

const isPair = (high: number, low: number): boolean =>
  high < 0xdc00 && low >= 0xdc00 && low <= 0xdfff;

const ascii = /^\p{ASCII}*$/u;

/** Bytes of a text in UTF-8. */
export function utf8Bytes(text: string): number {
  if (ascii.test(text)) return text.length;
  let bytes = text.length;
  for (let index = 0; index < text.length; index++) {
    const unit = text.charCodeAt(index);
    if (unit < 0x80) continue;
    bytes++;
    if (unit < 0x800) continue;
    // Each half of a surrogate pair takes two bytes. A lone surrogate becomes U+FFFD, which takes three.
    if (unit >= 0xd800 && unit <= 0xdfff && isPair(unit, text.charCodeAt(index + 1))) {
      bytes++;
      index++;
    } else bytes++;
  }
  return bytes;
}
