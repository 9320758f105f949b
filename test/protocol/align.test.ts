// Which item of one array is which of another: what the patch between two states does to positions (rule E6).

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { align, longestGrowing } from "../../src/protocol/align.ts";
import { diff } from "../../src/protocol/diff.ts";
import type { JsonValue } from "../../src/protocol/json.ts";
import { plainPatched } from "../support/plain-patch.ts";

const note = (id: string, text = ""): JsonValue => ({ id, text });

describe("the items of an array", () => {
  test.each<[string, JsonValue[], JsonValue[], number[]]>([
    ["are the same JSON", [1, "a", { n: 1 }], [{ n: 1 }, 1], [2, 0]],
    ["are found in order if they look the same", [1, 1, 2, 1], [1, 2, 1], [0, 2, 1]],
    [
      "have the same id, whatever else has changed",
      [note("a"), note("b")],
      [note("b", "new")],
      [1],
    ],
    ["have ids of one type", [{ id: 1 }], [{ id: "1" }], [-1]],
    [
      "are as many as before, between two that were found",
      ["a", "b", "c"],
      ["a", "B", "c"],
      [0, 1, 2],
    ],
    ["are more than before", ["a", "b", "c"], ["a", "x", "y", "c"], [0, -1, -1, 2]],
    ["have other ids", [note("a"), note("b")], [note("a"), note("c")], [0, -1]],
    ["are none", [], [1], [-1]],
  ])("[E6] %s", (_, before, after, expected) => {
    expect(align(before, after)).toEqual(expected);
  });

  test("[E6] of which there are thousands are not told apart", () => {
    expect(
      align(
        Array.from({ length: 5001 }, (_, n) => n),
        [1],
      ),
    ).toBeNull();
  });
});

describe("the patch between two arrays", () => {
  const patchOf = (before: JsonValue[], after: JsonValue[]) => diff({ x: before }, { x: after });

  test.each<[string, JsonValue[], JsonValue[], object[]]>([
    [
      "removes",
      [note("a"), note("b"), note("c")],
      [note("a"), note("c", "new")],
      [
        { op: "remove", path: "/x/1" },
        { op: "replace", path: "/x/1/text", value: "new" },
      ],
    ],
    [
      "moves one to the end",
      ["a", "b", "c"],
      ["b", "c", "a"],
      [{ op: "move", from: "/x/0", path: "/x/2" }],
    ],
    [
      "moves one to the start",
      ["a", "b", "c"],
      ["c", "a", "b"],
      [{ op: "move", from: "/x/2", path: "/x/0" }],
    ],
    [
      "removes two",
      ["a", "b", "c", "d", "e"],
      ["b", "d", "e"],
      [
        { op: "remove", path: "/x/2" },
        { op: "remove", path: "/x/0" },
      ],
    ],
    [
      "adds and moves",
      ["a", "b"],
      ["b", "n", "a"],
      [
        { op: "add", path: "/x/1", value: "n" },
        { op: "move", from: "/x/2", path: "/x/0" },
      ],
    ],
  ])("[E6] %s, and turns no item into another", (_, before, after, expected) => {
    const patch = patchOf(before, after);
    expect(plainPatched({ x: before }, patch)).toEqual({ x: after });
    expect(patch.length).toBe(expected.length);
    expect(patch.map(({ op }) => op).toSorted()).toEqual(
      (expected as { op: string }[]).map(({ op }) => op).toSorted(),
    );
  });

  test("[E6, S1] leads from one to the other, and leaves each item with an id what it was", () => {
    const ids = fc.uniqueArray(fc.nat(12), { maxLength: 10 });
    fc.assert(
      fc.property(ids, ids, fc.func(fc.nat(3)), (old, now, version) => {
        const before = old.map((id) => ({ id, n: 0 }));
        const after = now.map((id) => ({ id, n: version(id) }));
        const patch = patchOf(before, after);
        expect(plainPatched({ x: before }, patch)).toEqual({ x: after });
        expect(patch.some(({ path }) => path.endsWith("/id"))).toBe(false);
        expect(patch.some(({ op, path }) => op === "replace" && /^\/x\/\d+$/.test(path))).toBe(
          false,
        );
      }),
      { numRuns: 2000 },
    );
  });

  test("[E6] longestGrowing finds a longest run", () => {
    expect([...longestGrowing([3, 1, 2, -1, 5, 4])].toSorted()).toEqual([1, 2, 5]);
    expect(longestGrowing([]).size).toBe(0);
    expect(longestGrowing([-1, -1]).size).toBe(0);
    expect(longestGrowing([5, 4, 3]).size).toBe(1);
  });
});
