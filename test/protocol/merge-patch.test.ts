// JSON Merge Patch on small values: applying one has the result that RFC 7396 requires, and the one computed
// between two values leads from one to the other.

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { JsonObject, JsonValue } from "../../src/protocol/json.ts";
import { mergeDiff, mergePatch } from "../../src/protocol/merge-patch.ts";
import { canonical, deepFreeze } from "../support/canonical-json.ts";
import { beforeAndAfter, json, prototypeKeys } from "../support/json-arbitraries.ts";
import { mergedByOracle, mergesOfObjects } from "../support/merge-patch.ts";
import { runs } from "../support/runs.ts";

describe("a merge patch", () => {
  test.each(mergesOfObjects)("[S5] has the result of the RFC's appendix, %#", (one) => {
    expect(mergePatch(one.before, one.merge)).toEqual(one.after);
  });

  test("[S5] has the result of the RFC's algorithm and changes neither side", () => {
    fc.assert(
      fc.property(beforeAndAfter, ([before, merge]) => {
        deepFreeze([before, merge]);
        expect(canonical(mergePatch(before, merge))).toBe(canonical(mergedByOracle(before, merge)));
      }),
      { numRuns: runs(1000) },
    );
  });

  test("[S5] shares the values that it does not change", () => {
    const before = { kept: { deep: [1] }, changed: { kept: { n: 1 }, n: 1 } };
    const after = mergePatch(before, { changed: { n: 2 }, more: 1 });
    expect(after).toEqual({ kept: { deep: [1] }, changed: { kept: { n: 1 }, n: 2 }, more: 1 });
    expect(after["kept"]).toBe(before.kept);
    expect((after["changed"] as JsonObject)["kept"]).toBe(before.changed.kept);
  });

  test.each(prototypeKeys)("[S9] treats the key %s like any other", (key) => {
    const one = JSON.parse(`{"${key}":{"n":1}}`) as JsonObject;
    const put = mergePatch({}, one);
    expect(JSON.stringify(put)).toBe(`{"${key}":{"n":1}}`);
    expect(Object.getPrototypeOf(put)).toBe(Object.prototype);
    const more = mergePatch(put, JSON.parse(`{"${key}":{"m":2}}`));
    expect(JSON.stringify(more)).toBe(`{"${key}":{"n":1,"m":2}}`);
    expect(JSON.stringify(mergePatch(more, JSON.parse(`{"${key}":null}`)))).toBe("{}");
    expect("n" in {}).toBe(false);
  });
});

/** A value without null members, because a merge patch cannot create them. Arrays are left as they are. */
function withoutNulls(value: JsonObject): JsonObject;
function withoutNulls(value: JsonValue): JsonValue;
function withoutNulls(value: JsonValue): JsonValue {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, item]) => item !== null)
      .map(([key, item]) => [key, withoutNulls(item)]),
  );
}

describe("the merge patch between two objects", () => {
  test("[P2] leads from one to the other and is null if they are the same", () => {
    let same = 0;
    fc.assert(
      fc.property(beforeAndAfter, ([before, changed]) => {
        const after = withoutNulls(changed);
        deepFreeze([before, after]);
        const patch = mergeDiff(before, after);
        if (patch === null) same++;
        expect(patch === null).toBe(canonical(before) === canonical(after));
        expect(canonical(mergePatch(before, patch ?? {}))).toBe(canonical(after));
        expect(canonical(mergedByOracle(before, patch ?? {}))).toBe(canonical(after));
      }),
      { numRuns: runs(1000) },
    );
    // Both cases occurred.
    expect(same).toBeGreaterThan(0);
  });

  test("[P2] is null for an object and its copy", () => {
    fc.assert(
      fc.property(json.object, (any) => {
        const object = withoutNulls(any);
        expect(mergeDiff(object, object)).toBeNull();
        expect(mergeDiff(object, JSON.parse(JSON.stringify(object)))).toBeNull();
      }),
    );
  });

  test.each<[string, JsonObject, JsonObject, JsonObject]>([
    [
      "only what has changed",
      { a: 1, b: { c: 1, d: 1 } },
      { a: 1, b: { c: 2, d: 1 } },
      { b: { c: 2 } },
    ],
    ["null for a removed member", { a: 1, b: { c: 1 } }, { b: {} }, { a: null, b: { c: null } }],
    ["a whole array", { a: [1, 2, 3] }, { a: [1, 2] }, { a: [1, 2] }],
    ["a whole object in place of another value", { a: 1 }, { a: { b: 1 } }, { a: { b: 1 } }],
    ["a value in place of an object", { a: { b: 1 } }, { a: [] }, { a: [] }],
    ["an empty object for a new empty object", {}, { a: {} }, { a: {} }],
    ["null for a removed null", { a: null }, {}, { a: null }],
  ])("[P2] has %s", (_, before, after, patch) => {
    expect(mergeDiff(before, after)).toEqual(patch);
  });

  test.each(prototypeKeys)("[S9] treats the key %s like any other", (key) => {
    const [one, other] = [1, 2].map((n) => JSON.parse(`{"${key}":{"n":${n},"m":0}}`) as JsonObject);
    expect(JSON.stringify(mergeDiff({}, one ?? {}))).toBe(`{"${key}":{"n":1,"m":0}}`);
    expect(JSON.stringify(mergeDiff(one ?? {}, other ?? {}))).toBe(`{"${key}":{"n":2}}`);
    expect(JSON.stringify(mergeDiff(one ?? {}, {}))).toBe(`{"${key}":null}`);
  });
});
