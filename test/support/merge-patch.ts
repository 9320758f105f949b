// JSON Merge Patch by the RFC itself: its algorithm by the letter, slow and plain and sharing no code
// with src, and the cases of its appendix.

import type { JsonObject, JsonValue } from "../../src/protocol/json.ts";

const isObject = (value: JsonValue | undefined): value is JsonObject =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** MergePatch of RFC 7396, section 2. */
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

export type MergeCase = {
  readonly before: JsonValue;
  readonly merge: JsonValue;
  readonly after: JsonValue;
};

const cases: [before: JsonValue, merge: JsonValue, after: JsonValue][] = [
  [{ a: "b" }, { a: "c" }, { a: "c" }],
  [{ a: "b" }, { b: "c" }, { a: "b", b: "c" }],
  [{ a: "b" }, { a: null }, {}],
  [{ a: "b", b: "c" }, { a: null }, { b: "c" }],
  [{ a: ["b"] }, { a: "c" }, { a: "c" }],
  [{ a: "c" }, { a: ["b"] }, { a: ["b"] }],
  [{ a: { b: "c" } }, { a: { b: "d", c: null } }, { a: { b: "d" } }],
  [{ a: [{ b: "c" }] }, { a: [1] }, { a: [1] }],
  [
    ["a", "b"],
    ["c", "d"],
    ["c", "d"],
  ],
  [{ a: "b" }, ["c"], ["c"]],
  [{ a: "foo" }, null, null],
  [{ a: "foo" }, "bar", "bar"],
  [{ e: null }, { a: 1 }, { e: null, a: 1 }],
  [[1, 2], { a: "b", c: null }, { a: "b" }],
  [{}, { a: { bb: { ccc: null } } }, { a: { bb: {} } }],
];

/** RFC 7396, appendix A. */
export const mergeAppendix: readonly MergeCase[] = cases.map(([before, merge, after]) => ({
  before,
  merge,
  after,
}));

/** Cases in which the document and what is merged into it are objects, as a state is one. */
export const mergesOfObjects = mergeAppendix.filter(
  (one): one is MergeCase & { before: JsonObject; merge: JsonObject; after: JsonObject } =>
    isObject(one.before) && isObject(one.merge),
);

/**
 * All cases, told apart one level down. A merge that is null removes the member there instead of
 * becoming it.
 */
export const mergesBelow = mergeAppendix.map(({ before, merge, after }) => ({
  before: { doc: before },
  merge: { doc: merge },
  after: after === null ? {} : { doc: after },
}));
