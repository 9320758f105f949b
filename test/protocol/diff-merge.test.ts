// A merge patch, converted to a JSON Patch, has the result that RFC 7396 requires: every case of its
// appendix, and its own algorithm on random merges.

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { diff, diffMerge } from "../../src/protocol/diff.ts";
import type { JsonObject } from "../../src/protocol/json.ts";
import { applyPatch } from "../../src/protocol/apply-patch.ts";
import { defaultLimits } from "../../src/protocol/limits.ts";
import { canonical, deepFreeze, jsonBytes } from "../support/canonical-json.ts";
import { mergedByOracle, mergesBelow, mergesOfObjects } from "../support/merge-patch.ts";
import { beforeAndAfter, json, prototypeKeys } from "../support/json-arbitraries.ts";
import { runs } from "../support/runs.ts";

const { stateDepth } = defaultLimits;

function merged(before: JsonObject, merge: JsonObject): JsonObject {
  const patch = diffMerge(before, merge, stateDepth);
  return applyPatch({ value: before, bytes: jsonBytes(before) }, patch, defaultLimits).value;
}

describe("the cases of RFC 7396, appendix A", () => {
  test.each([...mergesOfObjects, ...mergesBelow])(
    "[S5] $before merged with $merge is $after",
    ({ before, merge, after }) => {
      expect(merged(before, merge)).toEqual(after);
    },
  );
});

describe("any merge", () => {
  const cases = fc.oneof(beforeAndAfter, fc.tuple(json.object, json.object));

  test("[S5] has the result of the RFC's algorithm", () => {
    fc.assert(
      fc.property(cases, ([before, merge]) => {
        const after = merged(deepFreeze(before), deepFreeze(merge));
        expect(canonical(after)).toBe(canonical(mergedByOracle(before, merge)));
      }),
      { numRuns: runs(2000) },
    );
  });

  test("[S3] is an empty patch exactly when it changes nothing", () => {
    fc.assert(
      fc.property(cases, ([before, merge]) => {
        const same = canonical(mergedByOracle(before, merge)) === canonical(before);
        expect(diffMerge(before, merge, stateDepth).length === 0).toBe(same);
      }),
      { numRuns: runs(1000) },
    );
  });

  test("[S3] changes nothing when it is applied a second time", () => {
    fc.assert(
      fc.property(cases, ([before, merge]) => {
        expect(diffMerge(merged(before, merge), merge, stateDepth)).toEqual([]);
      }),
    );
  });

  test.each<[JsonObject, JsonObject]>([
    [{ a: 1 }, {}],
    [{ a: 1 }, { a: 1 }],
    [{ a: { b: [1, { c: 2 }] } }, { a: { b: [1, { c: 2 }] } }],
    [{ a: 1 }, { gone: null }],
    [{ a: { b: 1 } }, { a: {} }],
    [{ a: {} }, { a: { gone: null } }],
  ])("[S3] leaves %j unchanged if it is %j", (before, merge) => {
    expect(diffMerge(before, merge, stateDepth)).toEqual([]);
  });
});

test.each(prototypeKeys)("[S9] the key %s is merged and removed like any other", (key) => {
  const parse = (text: string): JsonObject => JSON.parse(text) as JsonObject;
  const one = parse(`{"${key}":{"x":1}}`);
  expect(canonical(merged({}, one))).toBe(canonical(one));
  expect(canonical(merged(one, parse(`{"${key}":{"y":{"${key}":null,"z":2}}}`)))).toBe(
    `{"${key}":{"x":1,"y":{"z":2}}}`,
  );
  expect(canonical(merged(one, parse(`{"${key}":null}`)))).toBe("{}");
  expect(diffMerge({}, parse(`{"${key}":null}`), stateDepth)).toEqual([]);
  expect("x" in {}).toBe(false);
});

test("[S9, S5] many changes below a long key do not repeat the key each time", () => {
  const key = "k".repeat(100_000);
  const members = Object.fromEntries(Array.from({ length: 900 }, (_, n) => [`m${n}`, n]));
  const before = deepFreeze({ [key]: { m0: "old", gone: 1, stays: [1] }, a: 1 });
  const merge = { [key]: { ...members, gone: null } };
  const after = { [key]: { ...members, stays: [1] }, a: 1 };
  expect(merged(before, merge)).toEqual(after);
  for (const patch of [diffMerge(before, merge, stateDepth), diff(before, after)])
    expect(jsonBytes(patch as never)).toBeLessThan(1024 * 1024);
});

describe("an invalid merge", () => {
  const nested = (open: string, close: string): JsonObject =>
    JSON.parse(`{"a":${open.repeat(100_000)}1${close.repeat(100_000)}}`) as JsonObject;

  test.each([
    ["objects", nested('{"a":', "}")],
    ["arrays", nested("[", "]")],
  ])("[S9] with 100,000 levels of %s is too_large", (_, merge) => {
    const tooLarge = expect.objectContaining({ code: "too_large" });
    expect(() => diffMerge({}, merge, stateDepth)).toThrow(tooLarge);
    expect(() => diffMerge({ a: { a: { a: [[]] } } }, merge, stateDepth)).toThrow(tooLarge);
  });

  test.each([undefined, Number.NaN, new Date(0), new Map(), () => 1, [undefined]])(
    "[S2] with a member that is not JSON is invalid_state, %#",
    (value) => {
      const merge = { a: value } as unknown as JsonObject;
      expect(() => diffMerge({ a: {} }, merge, stateDepth)).toThrow(
        expect.objectContaining({ code: "invalid_state" }),
      );
    },
  );
});
