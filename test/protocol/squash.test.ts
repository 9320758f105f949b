// Squashing the patches of a window keeps their result and leaves out overwritten operations.

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { JsonObject, JsonValue } from "../../src/protocol/json.ts";
import type { Operation, Patch } from "../../src/protocol/json-patch.ts";
import { squash } from "../../src/protocol/squash.ts";
import { canonical, deepFreeze } from "../support/canonical-json.ts";
import { patchedByOracle } from "../support/json-patch-oracle.ts";
import { patchCases } from "../support/patch-arbitraries.ts";
import { plainPatched } from "../support/plain-patch.ts";

const replace = (path: string, value: JsonValue): Operation => ({ op: "replace", path, value });

/** Patches as the journal keeps them: every operation applies, and there are no tests and no copies. */
const applied = patchCases({
  ops: ["replace", "replace", "replace", "replace", "add", "remove", "move"],
  wild: false,
  maxLength: 30,
});

describe("a squashed patch", () => {
  test("[W2] has the same result, with the same order of members", () => {
    let shortened = 0;
    fc.assert(
      fc.property(applied, ({ doc, patch }) => {
        deepFreeze([doc, patch]);
        const squashed = squash(patch);
        if (squashed.length < patch.length) shortened++;
        const expected = patchedByOracle(doc, patch);
        expect(canonical(patchedByOracle(doc, squashed))).toBe(canonical(expected));
        expect(JSON.stringify(plainPatched(doc, squashed))).toBe(
          JSON.stringify(plainPatched(doc, patch)),
        );
      }),
      { numRuns: 500 },
    );
    // Otherwise the property would prove little.
    expect(shortened).toBeGreaterThan(50);
  });

  test("[W2] has a subset of the operations in their order and cannot be squashed further", () => {
    fc.assert(
      fc.property(applied, ({ patch }) => {
        const squashed = squash(patch);
        let from = 0;
        for (const operation of squashed) {
          const found = patch.indexOf(operation, from);
          expect(found).toBeGreaterThanOrEqual(from);
          from = found + 1;
        }
        expect(squash(squashed)).toBe(squashed);
      }),
    );
  });

  test("[W2] is the same patch if nothing is overwritten", () => {
    const patches: Patch[] = [
      [],
      [replace("/n", 1)],
      [replace("/n", 1), replace("/m", 1)],
      [replace("/n/m", 1), replace("/n/o", 1)],
      [replace("/n", {}), replace("/n/m", 1)],
      [replace("/n", 1), replace("/nn", 1)],
      [{ op: "add", path: "/n", value: 1 }, replace("/n", 2)],
    ];
    for (const patch of patches) expect(squash(patch)).toBe(patch);
  });

  test("[W2] sets a key once that was set a hundred times", () => {
    const patch = Array.from({ length: 100 }, (_, n) => replace("/cursor/x", n));
    expect(squash(patch)).toEqual([replace("/cursor/x", 99)]);
  });

  test("[W2] has the last operation for each of several keys", () => {
    const patch = ["/a", "/b", "/a", "/c", "/b", "/a"].map((path, n) => replace(path, n));
    expect(squash(patch)).toEqual([replace("/c", 3), replace("/b", 4), replace("/a", 5)]);
  });

  test("[W2] leaves out operations within a value that is replaced later", () => {
    const patch = [replace("/a/b/c", 1), replace("/a/x", 2), replace("/a", 3), replace("/ab", 4)];
    expect(squash(patch)).toEqual([replace("/a", 3), replace("/ab", 4)]);
    expect(squash([...patch, replace("", {})])).toEqual([replace("", {})]);
  });

  test.each<[string, Operation]>([
    ["an addition", { op: "add", path: "/list/0", value: 0 }],
    ["a removal", { op: "remove", path: "/list/0" }],
    ["a move", { op: "move", from: "/list/0", path: "/list/1" }],
    ["a test", { op: "test", path: "/list/0", value: 1 }],
    ["a copy", { op: "copy", from: "/list/1", path: "/m" }],
  ])("[W2] keeps operations before %s that may depend on them", (_, between) => {
    const patch = [replace("/list/1", "a"), between, replace("/list/1", "b")];
    expect(squash(patch)).toBe(patch);
    const longer = [replace("/list/1", 0), ...patch, replace("/list/1", "c")];
    expect(squash(longer)).toEqual([...patch.slice(0, 2), replace("/list/1", "c")]);
  });

  test("[S9, W2] keeps operations on different keys with slashes, tildes and empty names", () => {
    const patch = [
      replace("/a", 1),
      replace("/a~1b", 2),
      replace("/a~0", 3),
      replace("/", 4),
      replace("/a/", 5),
    ];
    expect(squash(patch)).toBe(patch);
    const doc = JSON.parse('{"__proto__":{"n":0},"":0}') as JsonObject;
    const odd = [replace("/__proto__/n", 1), replace("/", 1), replace("/__proto__/n", 2)];
    expect(squash(odd)).toEqual([replace("/", 1), replace("/__proto__/n", 2)]);
    expect(JSON.stringify(plainPatched(doc, squash(odd)))).toBe('{"__proto__":{"n":2},"":1}');
  });
});
