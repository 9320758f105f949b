// JSON Patch has the results that RFC 6902 requires: the published suite, and the results of another library
// on random patches. It never changes a frozen state, shares what it does not touch, and counts bytes exactly.

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { CollabError } from "../../src/protocol/errors.ts";
import { isObject, type JsonObject, type JsonValue } from "../../src/protocol/json.ts";
import { parsePatch, type Patch, type Sized } from "../../src/protocol/json-patch.ts";
import { applyPatch } from "../../src/protocol/apply-patch.ts";
import { canonical, deepFreeze, jsonBytes } from "../support/canonical-json.ts";
import { patchedByOracle } from "../support/json-patch-oracle.ts";
import { casesBelow, casesOfObjects, suiteSizes } from "../support/json-patch-suite.ts";
import { patchCases } from "../support/patch-arbitraries.ts";
import { runs } from "../support/runs.ts";

const roomy = { stateBytes: 2 ** 40, stateDepth: 1000, patchOperations: 10_000 };

const sized = (value: JsonObject): Sized => ({ value, bytes: jsonBytes(value) });

const apply = (doc: JsonObject, patch: unknown): JsonObject =>
  applyPatch(sized(doc), parsePatch(patch, roomy), roomy).value;

/** The state after a patch, or `null` when the patch does not apply. */
function attempt(doc: JsonObject, patch: Patch): Sized | null {
  try {
    return applyPatch(sized(doc), patch, roomy);
  } catch (error) {
    if (error instanceof CollabError && ["patch_failed", "invalid_state"].includes(error.code))
      return null;
    throw error;
  }
}

describe("the published suite", () => {
  test("[S5] is complete", () => {
    expect(suiteSizes).toEqual({ "tests.json": 75, "spec_tests.json": 16 });
  });

  test.each([...casesBelow, ...casesOfObjects])(
    "[S5] passes: $name",
    ({ state, patch, expected }) => {
      deepFreeze(state);
      if (expected) expect(apply(state, patch)).toEqual(expected);
      else expect(() => apply(state, patch)).toThrow(CollabError);
    },
  );
});

describe("random patches", () => {
  test("[S5] have the same result as in another library, or fail in both", () => {
    const outcomes = { done: 0, failed: 0 };
    fc.assert(
      fc.property(patchCases(), ({ doc, patch }) => {
        const expected = patchedByOracle(doc, patch);
        const actual = attempt(doc, patch);
        expect(actual && canonical(actual.value)).toBe(expected && canonical(expected));
        outcomes[actual ? "done" : "failed"]++;
      }),
      { numRuns: runs(1500) },
    );
    // Otherwise the property would prove little.
    expect(Math.min(outcomes.done, outcomes.failed)).toBeGreaterThan(100);
  });

  test("[S5] never link two places, however many copies, moves and additions they have", () => {
    fc.assert(
      fc.property(
        patchCases({ ops: ["copy", "copy", "move", "add", "replace"], wild: false, maxLength: 60 }),
        ({ doc, patch }) => {
          const expected = canonical(patchedByOracle(doc, patch));
          expect(canonical(apply(doc, patch))).toBe(expected);
        },
      ),
      { numRuns: runs(200) },
    );
  });

  test("[S5] change neither the frozen state they are applied to nor themselves", () => {
    fc.assert(
      fc.property(patchCases(), ({ doc, patch }) => {
        const before = canonical([doc, patch]);
        attempt(deepFreeze(doc), deepFreeze(patch));
        expect(canonical([doc, patch])).toBe(before);
      }),
    );
  });

  test("[S9] yield a size that is the length of the state as compact JSON", () => {
    fc.assert(
      fc.property(patchCases({ maxLength: 30 }), ({ doc, patch }) => {
        const after = attempt(doc, patch);
        if (after) expect(after.bytes).toBe(jsonBytes(after.value));
      }),
      { numRuns: runs(1000) },
    );
  });

  test("keep the objects beside their paths", () => {
    fc.assert(
      fc.property(patchCases({ wild: false, ops: ["replace"], maxLength: 1 }), ({ doc, patch }) => {
        const [path = ""] = patch.map((operation) => operation.path);
        deepFreeze(doc);
        expect(sharedBeside(doc, apply(doc, patch), path.split("/").slice(1))).toBe(true);
      }),
    );
  });
});

/** Whether the members beside a path are the same objects in both documents. */
function sharedBeside(a: JsonValue, b: JsonValue, [token, ...rest]: string[]): boolean {
  if (token === undefined) return true;
  const key = token.replaceAll("~1", "/").replaceAll("~0", "~");
  const [before, after] = [Object.entries(a as JsonObject), Object.entries(b as JsonObject)];
  return before.every(([name, value], index) => {
    const other = after[index]?.[1] as JsonValue;
    return name === key ? sharedBeside(value, other, rest) : value === other;
  });
}

describe("a patch that fails", () => {
  const state = sized(deepFreeze({ a: { b: [1, 2] }, c: "x" }));
  const failing: Patch = [
    { op: "add", path: "/a/b/-", value: 3 },
    { op: "remove", path: "/c" },
    { op: "move", from: "/a/b", path: "/d" },
    { op: "test", path: "/d/0", value: 99 },
  ];

  test("[S5] leaves the state unchanged, whichever of its operations fails", () => {
    const { value, bytes } = state;
    expect(() => applyPatch(state, failing, roomy)).toThrow(CollabError);
    expect(state).toEqual({ value: { a: { b: [1, 2] }, c: "x" }, bytes });
    expect(state.value).toBe(value);
    expect(applyPatch(state, failing.slice(0, 3), roomy).value).toEqual({ a: {}, d: [1, 2, 3] });
  });

  test("[S5] names the failed operation", () => {
    expect(() => applyPatch(state, failing, roomy)).toThrow(
      expect.objectContaining({
        code: "patch_failed",
        message: expect.stringContaining("Operation 3"),
      }),
    );
  });
});

describe("structural sharing", () => {
  const doc = deepFreeze({ list: [{ id: 1 }, { id: 2 }], other: { deep: { er: 1 } }, x: 0 });

  test("copies only the containers on the path of a patch", () => {
    const after = apply(doc, [{ op: "replace", path: "/list/0/id", value: 9 }]) as typeof doc;
    expect(after).toEqual({ list: [{ id: 9 }, { id: 2 }], other: { deep: { er: 1 } }, x: 0 });
    expect(after.list[1]).toBe(doc.list[1]);
    expect(after.other).toBe(doc.other);
    expect(after.list).not.toBe(doc.list);
  });

  test("returns the same state for a patch that has only tests", () => {
    expect(apply(doc, [{ op: "test", path: "/x", value: 0 }])).toBe(doc);
    expect(apply(doc, [])).toBe(doc);
  });

  test("keeps the objects of moved and copied values", () => {
    expect(apply(doc, [{ op: "move", from: "/other", path: "/o" }])["o"]).toBe(doc.other);
    expect(apply(doc, [{ op: "copy", from: "/other", path: "/o" }])["o"]).toBe(doc.other);
  });
});

describe("copies", () => {
  test.each([
    ["the copy", "/b/n/-", { a: { n: [1] }, b: { n: [1, 2] } }],
    ["the original", "/a/n/-", { a: { n: [1, 2] }, b: { n: [1] } }],
  ])("[S5] are independent: a change of %s leaves the other unchanged", (_, path, expected) => {
    const touched = { op: "add", path: "/a/n/-", value: 1 }; // so that the draft already owns /a
    const copied = { op: "copy", from: "/a", path: "/b" };
    const changed = { op: "add", path, value: 2 };
    expect(apply({ a: { n: [] } }, [touched, copied, changed])).toEqual(expected);
  });

  test("[S5] are made of an object that is added twice", () => {
    const value: JsonValue = [];
    const patch: Patch = [
      { op: "add", path: "/a", value },
      { op: "add", path: "/b", value },
      { op: "add", path: "/a/-", value: 1 },
    ];
    expect(apply({}, patch)).toEqual({ a: [1], b: [] });
    expect(value).toEqual([]);
  });

  test("[S5] of the state into itself contain the previous state", () => {
    const patch = [
      { op: "copy", from: "", path: "/me" },
      { op: "add", path: "/me/x", value: 1 },
    ];
    expect(apply({ a: 0 }, patch)).toEqual({ a: 0, me: { a: 0, x: 1 } });
  });
});

describe("the whole state", () => {
  test.each([
    { op: "add", path: "", value: { b: 1 } },
    { op: "replace", path: "", value: { b: 1 } },
    { op: "move", from: "/a", path: "" },
    { op: "copy", from: "/a", path: "" },
  ])("[S5] may be replaced with another object by $op", (operation) => {
    const after = applyPatch(sized({ a: { b: 1 } }), parsePatch([operation], roomy), roomy);
    expect(after).toEqual({ value: { b: 1 }, bytes: 7 });
  });

  const values = [null, 1, "x", [], [{}]].map((value) => ({ value, text: canonical(value) }));

  test.each(values)("[S1] must not become $text", ({ value }) => {
    expect(() => apply({}, [{ op: "replace", path: "", value }])).toThrow(
      expect.objectContaining({ code: "invalid_state" }),
    );
  });

  test("[S5] may be an array between two operations", () => {
    const patch = [
      { op: "replace", path: "", value: [{ a: 1 }] },
      { op: "move", from: "/0", path: "" },
    ];
    expect(isObject(apply({}, patch))).toBe(true);
  });
});
