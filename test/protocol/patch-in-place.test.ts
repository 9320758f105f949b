// A patch applied in place has the same result as on a copy, or nothing happens at all.

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { CollabError } from "../../src/protocol/errors.ts";
import type { JsonObject, JsonValue } from "../../src/protocol/json.ts";
import { parsePatch, type Patch, type Sized } from "../../src/protocol/json-patch.ts";
import { defaultLimits } from "../../src/protocol/limits.ts";
import { applyPatch } from "../../src/protocol/patch-draft.ts";
import { applyInPlace } from "../../src/protocol/patch-in-place.ts";
import { canonical, deepFreeze, jsonBytes } from "../support/canonical-json.ts";
import { patchCases } from "../support/patch-arbitraries.ts";

const copy = <T>(value: T): T => JSON.parse(JSON.stringify(value)) as T;
const sized = (value: JsonObject): Sized => ({ value, bytes: jsonBytes(value) });
const patchOf = (patch: unknown): Patch => parsePatch(copy(patch), defaultLimits);

/** The result on a copy; `null` when the patch does not apply. */
function onCopy(state: JsonObject, patch: unknown, limits = defaultLimits): Sized | null {
  try {
    return applyPatch(sized(deepFreeze(copy(state))), patchOf(patch), limits);
  } catch (error) {
    if (error instanceof CollabError) return null;
    throw error;
  }
}

/** Apply in place and compare the result with the one on a copy. @returns what happened */
function apply(
  state: JsonObject,
  patch: unknown,
  limits = defaultLimits,
): "nothing" | "same" | "changed" {
  const expected = onCopy(state, patch, limits);
  const own = copy(state);
  const done = applyInPlace(sized(own), patchOf(patch), limits);
  if (done === null) {
    expect(JSON.stringify(own)).toBe(JSON.stringify(state));
    return "nothing";
  }
  expect(done.next.value).toBe(own);
  expect(canonical(own)).toBe(canonical(expected?.value as JsonValue));
  expect(done.next.bytes).toBe(jsonBytes(own));
  expect(done.changes).toBe(canonical(own) !== canonical(state));
  return done.changes ? "changed" : "same";
}

describe("a patch in place", () => {
  test("[S5, S9] has the result and the exact size that it has on a copy, or does nothing", () => {
    const seen = { nothing: 0, same: 0, changed: 0 };
    fc.assert(
      fc.property(patchCases(), ({ doc, patch }) => {
        const state = { doc } as JsonObject;
        const below = patch.map((operation) => ({
          ...operation,
          path: `/doc${operation.path}`,
          ...("from" in operation && { from: `/doc${operation.from}` }),
        }));
        seen[apply(state, below)]++;
        for (const operation of below) seen[apply(state, [operation])]++;
      }),
      { numRuns: 500 },
    );
    for (const times of Object.values(seen)) expect(times).toBeGreaterThan(20);
  });

  test.each([
    ["sets a member", { a: 1 }, [{ op: "replace", path: "/a", value: [] }]],
    [
      "sets two members",
      { a: 1, b: { c: 2 } },
      [
        { op: "replace", path: "/a", value: "é" },
        { op: "replace", path: "/b/c", value: null },
      ],
    ],
    ["adds to an empty object", {}, [{ op: "add", path: "/a", value: 1 }]],
    ["adds a key __proto__", { a: {} }, [{ op: "add", path: "/a/__proto__", value: { b: 1 } }]],
    ["sets an item", { a: [1, 2] }, [{ op: "replace", path: "/a/1", value: 3 }]],
    ["inserts an item", { a: [1, 2] }, [{ op: "add", path: "/a/0", value: 3 }]],
    ["appends an item", { a: [] }, [{ op: "add", path: "/a/-", value: 3 }]],
    ["removes an item", { a: [1, 2] }, [{ op: "remove", path: "/a/0" }]],
    ["removes a member", { a: 1, b: 2 }, [{ op: "remove", path: "/a" }]],
    ["removes the only member", { a: 1 }, [{ op: "remove", path: "/a" }]],
    [
      "sets a member after a successful test",
      { a: 1 },
      [
        { op: "test", path: "/a", value: 1 },
        { op: "replace", path: "/a", value: 2 },
      ],
    ],
  ])("[S5] %s", (_, state, patch) => {
    expect(apply(state as JsonObject, patch)).toBe("changed");
  });

  test.each([
    ["the present value", { a: { b: [1] } }, [{ op: "replace", path: "/a", value: { b: [1] } }]],
    ["only tests", { a: 1 }, [{ op: "test", path: "/a", value: 1 }]],
    ["nothing", { a: 1 }, []],
  ])("[S3] with %s changes nothing", (_, state, patch) => {
    expect(apply(state as JsonObject, patch)).toBe("same");
  });

  test.each([
    ["replaces the whole state", {}, [{ op: "replace", path: "", value: {} }]],
    [
      "sets a value and then a member of it",
      { a: {} },
      [
        { op: "replace", path: "/a", value: { b: 1 } },
        { op: "replace", path: "/a/b", value: 2 },
      ],
    ],
    [
      "sets a value twice",
      { a: 1 },
      [
        { op: "replace", path: "/a", value: 2 },
        { op: "replace", path: "/a", value: 1 },
      ],
    ],
    [
      "adds several members",
      {},
      [
        { op: "add", path: "/a", value: 2 },
        { op: "add", path: "/b", value: 1 },
      ],
    ],
    ["moves a value", { a: 1 }, [{ op: "move", from: "/a", path: "/b" }]],
    ["copies a value", { a: 1 }, [{ op: "copy", from: "/a", path: "/b" }]],
    [
      "fails at its last operation",
      { a: 1 },
      [
        { op: "replace", path: "/a", value: 2 },
        { op: "replace", path: "/b", value: 1 },
      ],
    ],
    [
      "fails a test",
      { a: 1 },
      [
        { op: "replace", path: "/a", value: 2 },
        { op: "test", path: "/a", value: 3 },
      ],
    ],
    [
      "tests a value that it has set",
      { a: 1 },
      [
        { op: "replace", path: "/a", value: 2 },
        { op: "test", path: "/a", value: 1 },
      ],
    ],
    ["adds past the end of an array", { a: [] }, [{ op: "add", path: "/a/1", value: 1 }]],
    ["leads through a number", { a: 1 }, [{ op: "add", path: "/a/b", value: 1 }]],
  ])("[S5] that %s is not applied and changes nothing", (_, state, patch) => {
    expect(apply(state as JsonObject, patch)).toBe("nothing");
  });

  test("[S9] that exceeds a limit is not applied", () => {
    const limits = { ...defaultLimits, stateBytes: 10 };
    expect(apply({ a: 1 }, [{ op: "replace", path: "/a", value: "12345" }], limits)).toBe(
      "nothing",
    );
    expect(apply({ a: 1 }, [{ op: "replace", path: "/a", value: "12" }], limits)).toBe("changed");
  });

  test("[S5, S9] keeps the exact size after many patches and costs the same in a wide object", () => {
    const wide = Object.fromEntries(Array.from({ length: 50_000 }, (_, n) => [`k${n}`, n]));
    let state = sized({ wide, few: {} });
    const run = (operation: Patch[number]): void => {
      state = applyInPlace(state, [operation], defaultLimits)?.next as Sized;
    };
    const before = performance.now();
    for (let n = 0; n < 1000; n++) {
      run({ op: "remove", path: `/wide/k${n}` });
      run({ op: "add", path: "/few/a", value: n });
      if (n % 2 === 0) run({ op: "add", path: "/few/b", value: [n] });
      else for (const key of ["a", "b"]) run({ op: "remove", path: `/few/${key}` });
    }
    expect(performance.now() - before).toBeLessThan(3000); // a walk over the keys would take 15 s
    expect(state.bytes).toBe(jsonBytes(state.value));
    expect(state.value["few"]).toEqual({});
  });

  test("[S9, R1] with paths of many thousand levels is rejected quickly", () => {
    const state = sized({ a: 1 });
    const patch = Array.from({ length: 120 }, (_, n) => {
      return { op: "replace", path: `/${n}${"/".repeat(16_000)}`, value: 1 } as const;
    });
    const before = performance.now();
    expect(applyInPlace(state, patch, defaultLimits)).toBeNull();
    expect(performance.now() - before).toBeLessThan(3000); // a look at each level would take 30 s
  });

  test("[S2] does not change frozen values, which are shared with the author's code", () => {
    const shared = deepFreeze({ b: 1 });
    const state = sized({ a: shared, c: {} });
    const [inShared, inOwn] = ["/a/b", "/c/d"].map((path) =>
      applyInPlace(state, [{ op: "add", path, value: 2 }], defaultLimits),
    );
    expect([inShared, shared]).toEqual([null, { b: 1 }]);
    expect(inOwn?.next.value).toEqual({ a: { b: 1 }, c: { d: 2 } });
  });
});
