// The patch between two states leads from one to the other and skips objects that both share. Values that
// are not JSON are refused when it is applied.

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { diff } from "../../src/protocol/diff.ts";
import { CollabError } from "../../src/protocol/errors.ts";
import type { JsonObject, JsonValue } from "../../src/protocol/json.ts";
import type { Operation } from "../../src/protocol/json-patch.ts";
import { applyPatch } from "../../src/protocol/apply-patch.ts";
import { defaultLimits } from "../../src/protocol/limits.ts";
import { canonical, deepFreeze, jsonBytes } from "../support/canonical-json.ts";
import { beforeAndAfter, json, prototypeKeys } from "../support/json-arbitraries.ts";
import { runs } from "../support/runs.ts";

/** The state after a patch; the one before is left as it is. */
const patched = (before: JsonObject, after: unknown): JsonObject =>
  applyPatch(
    { value: JSON.parse(JSON.stringify(before)) as JsonObject, bytes: jsonBytes(before) },
    diff(before, after as JsonObject),
    defaultLimits,
  ).value;

/** A deep copy with the keys in another order. */
function reordered(value: JsonValue): JsonValue {
  if (Array.isArray(value)) return value.map(reordered);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .toReversed()
      .map(([key, item]) => [key, reordered(item)]),
  );
}

/** Fails the test when its members are accessed. */
const untouchable = (): JsonValue => {
  const fail = (): never => expect.unreachable("a shared value was accessed");
  return new Proxy({}, { get: fail, has: fail, ownKeys: fail, getOwnPropertyDescriptor: fail });
};

describe("any two states", () => {
  test("[S1] the patch between two states leads from one to the other", () => {
    fc.assert(
      fc.property(beforeAndAfter, ([before, after]) => {
        expect(canonical(patched(deepFreeze(before), deepFreeze(after)))).toBe(canonical(after));
      }),
      { numRuns: runs(2000) },
    );
  });

  test("[S3] the patch is empty exactly when the states are the same JSON", () => {
    fc.assert(
      fc.property(beforeAndAfter, ([before, after]) => {
        expect(diff(before, after).length === 0).toBe(canonical(before) === canonical(after));
      }),
      { numRuns: runs(1000) },
    );
  });

  test("[S3] a copy of a state with its keys in another order is no change", () => {
    fc.assert(
      fc.property(json.object, (state) => {
        expect(diff(state, reordered(state) as JsonObject)).toEqual([]);
      }),
    );
  });

  test.each(prototypeKeys)(
    "[S9] the key %s is added, changed and removed like any other",
    (key) => {
      const [none, one, two] = ["{}", `{"${key}":1}`, `{"${key}":{"x":[1]}}`].map(
        (text) => JSON.parse(text) as JsonObject,
      ) as [JsonObject, JsonObject, JsonObject];
      for (const before of [none, one, two])
        for (const after of [none, one, two])
          expect(canonical(patched(before, after))).toBe(canonical(after));
    },
  );
});

const wide = (value: number): JsonObject =>
  Object.fromEntries(Array.from({ length: 5000 }, (_, n) => [`k${n}`, value]));

describe("small patches", () => {
  test("[E7] never replace the state itself because much of it differs", () => {
    const patch = diff({ ...wide(0), list: [1] }, { ...wide(1), list: [1] });
    expect(patch).toHaveLength(5000);
    expect(patch.every(({ op, path }) => op === "replace" && path !== "")).toBe(true);
  });

  test.each<[string, JsonObject, JsonObject]>([
    ["an object", { o: wide(0) }, { o: wide(1) }],
    [
      "an array",
      { o: Array.from({ length: 5000 }, () => 0) },
      { o: Array.from({ length: 5000 }, () => 1) },
    ],
    ["an object without its members", { o: wide(0) }, { o: {} }],
  ])("replace %s that differs in thousands of places", (_, before, after) => {
    expect(diff(before, after)).toEqual([{ op: "replace", path: "/o", value: after["o"] }]);
  });

  test.each<{ before: JsonValue; after: JsonValue; patch: object[] }>([
    {
      before: { a: 1, b: 2 },
      after: { b: 3 },
      patch: [
        { op: "replace", path: "/x/b", value: 3 },
        { op: "remove", path: "/x/a" },
      ],
    },
    { before: [1, 2, 3], after: [1, 3], patch: [{ op: "remove", path: "/x/1" }] },
    { before: [1, 3], after: [1, 2, 3], patch: [{ op: "add", path: "/x/1", value: 2 }] },
    {
      before: [1],
      after: [1, 2, 3],
      patch: [
        { op: "add", path: "/x/1", value: 2 },
        { op: "add", path: "/x/2", value: 3 },
      ],
    },
    {
      before: [1, 2, 3],
      after: [],
      patch: [2, 1, 0].map((index) => ({ op: "remove", path: `/x/${index}` })),
    },
    {
      before: [{ a: 1 }, 2],
      after: [{ a: 3 }, 2],
      patch: [{ op: "replace", path: "/x/0/a", value: 3 }],
    },
    { before: [], after: {}, patch: [{ op: "replace", path: "/x", value: {} }] },
    {
      before: { "a/b": { "m~n": 1 } },
      after: { "a/b": {} },
      patch: [{ op: "remove", path: "/x/a~1b/m~0n" }],
    },
  ])("lead from $before to $after: $patch", ({ before, after, patch }) => {
    expect(diff({ x: before }, { x: after })).toEqual(patch);
  });

  // Inserting or removing the items one by one moves all following items each time and takes minutes.
  test.each([
    { what: "many items are inserted", before: [0], after: [2, 0] },
    { what: "many items are removed", before: [2, 0], after: [0] },
  ])("replace an array if $what at its start", ({ before, after }) => {
    const many = (items: number[]): number[] => items.flatMap((item) => Array(200_000).fill(item));
    const patch = diff({ list: many(before) }, { list: many(after) });
    expect(patch).toHaveLength(1);
    expect(canonical(patched({ list: many(before) }, { list: many(after) }))).toBe(
      canonical({ list: many(after) }),
    );
  });
});

/** A removed value is accessed to measure it. */
const isNoRemoval = ({ op }: Operation): boolean => op !== "remove";

describe("an object that both states share", () => {
  test("[S3] is not accessed, not even when the patch is applied", () => {
    const shared = [untouchable(), untouchable(), untouchable()] as const;
    const [x, y, z] = shared;
    const before = { x, deep: { y, n: 1 }, more: [x, y, z], less: [x, y, z], begin: [x, y, z] };
    const after = { x, deep: { y, n: 2 }, more: [x, y, z, 1], less: [x], begin: [0, x, y, z] };
    const state = { value: before, bytes: 100 };
    const next = applyPatch(state, diff(before, after).filter(isNoRemoval), defaultLimits).value;
    expect(next["x"]).toBe(x);
    expect((next["deep"] as JsonObject)["y"]).toBe(y);
    expect((next["begin"] as JsonValue[]).slice(1).every((item, at) => item === shared[at])).toBe(
      true,
    );
  });

  test("[S3] is not accessed if it is the whole state", () => {
    const state = untouchable() as JsonObject;
    expect(diff(state, state)).toEqual([]);
  });
});

describe("a value that is not JSON", () => {
  const cycle: unknown[] = [];
  cycle.push({ again: cycle, and: cycle });
  const sparse = Array.from({ length: 2 });
  delete sparse[0];
  const foreign: [string, unknown][] = [
    ["a Date", new Date(0)],
    ["a Map", new Map()],
    ["a Set", new Set([1])],
    [
      "a class instance",
      new (class Point {
        x = 1;
      })(),
    ],
    ["bytes", new Uint8Array(2)],
    ["a boxed string", Object("text")],
    ["an error", new Error("x")],
    ["undefined", undefined],
    ["a function", () => 1],
    ["a symbol", Symbol("s")],
    ["a bigint", 1n],
    ["NaN", Number.NaN],
    ["Infinity", Number.POSITIVE_INFINITY],
    ["a sparse array", sparse],
    ["an endless array of holes", Object.assign([], { length: 4_000_000_000 })],
    ["a cycle", cycle],
    ["100,000 nested arrays", JSON.parse("[".repeat(100_000) + "]".repeat(100_000))],
  ];
  // The comparison takes a different path for each of these previous values.
  const earlier: JsonValue[] = [null, 0, {}, [], [null], [null, null], { again: null }];
  const places: [string, (value: unknown) => unknown][] = [
    ["as a member", (value) => ({ a: value })],
    ["deep inside", (value) => ({ a: { b: { c: value } } })],
    ["as an item", (value) => ({ a: [value] })],
    ["in an item", (value) => ({ a: [0, { k: value }, 2] })],
  ];

  describe.each(foreign)("such as %s", (_, value) => {
    test.each(places)("[S2] %s is refused, whatever value it replaces", (__, place) => {
      const befores = [{}, ...earlier.map(place), ...earlier.map((a) => ({ a }))] as JsonObject[];
      for (const before of befores) {
        const refusal = expect.objectContaining({
          code: expect.stringMatching(/^(invalid_state|too_large)$/),
        });
        expect(() => patched(before, place(value))).toThrow(CollabError);
        expect(() => patched(before, place(value))).toThrow(refusal);
      }
    });

    test("[S2] in place of the state is refused", () => {
      expect(() => patched({}, value)).toThrow(CollabError);
      expect(() => patched({ a: 1 }, value)).toThrow(CollabError);
    });
  });

  test("[S2] such as a state that contains itself is refused", () => {
    const state: Record<string, unknown> = { a: 1 };
    state["self"] = state;
    expect(() => patched({ a: 1 }, state)).toThrow(expect.objectContaining({ code: "too_large" }));
  });

  test("[S2] is refused or becomes the state as its JSON, whatever an update returns", () => {
    const anything = fc.anything({
      withBigInt: true,
      withBoxedValues: true,
      withDate: true,
      withMap: true,
      withNullPrototype: true,
      withSet: true,
      withSparseArray: true,
      withTypedArray: true,
    });
    const state = fc.oneof(json.object, fc.constant<JsonObject>({ a: [{}, null, {}] }));
    fc.assert(
      fc.property(
        state,
        fc.oneof(anything, fc.dictionary(fc.string(), anything)),
        (before, after) => {
          let next: JsonObject;
          try {
            next = patched(before, after);
          } catch (error) {
            expect(error).toBeInstanceOf(CollabError);
            return;
          }
          expect(canonical(next)).toBe(canonical(JSON.parse(JSON.stringify(after))));
          expect(canonical(after)).toBe(canonical(next));
        },
      ),
      { numRuns: runs(2000) },
    );
  });
});
