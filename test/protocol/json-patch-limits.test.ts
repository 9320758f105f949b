// The limits on patches hold for every operation and have their own error code. Checking them is cheap even
// for a few copies that describe a state of astronomical size.

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { CollabError } from "../../src/protocol/errors.ts";
import type { JsonObject } from "../../src/protocol/json.ts";
import { parsePatch, type Operation, type Patch } from "../../src/protocol/json-patch.ts";
import { applyPatch } from "../../src/protocol/apply-patch.ts";
import { defaultLimits } from "../../src/protocol/limits.ts";
import { canonical, jsonBytes, jsonDepth } from "../support/canonical-json.ts";
import { documentsOnTheWay, locate } from "../support/json-patch-oracle.ts";
import { patchCases } from "../support/patch-arbitraries.ts";
import { runs } from "../support/runs.ts";

/** A state of its own, because patches change it. */
const sized = (doc: JsonObject) => ({
  value: JSON.parse(JSON.stringify(doc)) as JsonObject,
  bytes: jsonBytes(doc),
});

/** The code a patch fails with, or the state it leads to as text. */
function outcome(doc: JsonObject, patch: Patch, limits: Partial<typeof defaultLimits>): string {
  try {
    return canonical(applyPatch(sized(doc), patch, { ...defaultLimits, ...limits }).value);
  } catch (error) {
    if (error instanceof CollabError) return error.code;
    throw error;
  }
}

/** Bytes of all objects and arrays that a patch copies, moves, removes or replaces. */
function mostWork(doc: JsonObject, patch: Patch): number {
  const states = [doc, ...documentsOnTheWay(doc, patch).map((document) => document?.value ?? null)];
  return patch
    .flatMap((operation, index) =>
      ("from" in operation ? [operation.from, operation.path] : [operation.path]).map(
        (pointer) => locate(states[index] ?? null, pointer) ?? null,
      ),
    )
    .reduce<number>((sum, value) => sum + (typeof value === "object" ? jsonBytes(value) : 0), 0);
}

describe("size and depth", () => {
  test("[S9] a patch is too_large exactly when a state between its operations exceeds a limit", () => {
    const seen = new Set<string>();
    fc.assert(
      fc.property(
        patchCases({ wild: false }),
        fc.nat(80),
        fc.nat(4),
        ({ doc, patch }, moreBytes, moreDepth) => {
          const stateBytes = jsonBytes(doc) + moreBytes;
          const stateDepth = jsonDepth(doc) + moreDepth;
          // Otherwise the limit on work might be reached first.
          fc.pre(mostWork(doc, patch) <= 4 * stateBytes);
          const states = documentsOnTheWay(doc, patch).map((document) => document?.value ?? null);
          const passed = states.some(
            (state) => jsonBytes(state) > stateBytes || jsonDepth(state) > stateDepth,
          );
          const expected = passed ? "too_large" : canonical(states.at(-1) ?? doc);
          expect(outcome(doc, patch, { stateBytes, stateDepth })).toBe(expected);
          seen.add(passed ? "passed" : "held");
        },
      ),
      { numRuns: runs(1000) },
    );
    expect(seen.size).toBe(2);
  });

  test.each<{ op: Operation; bytes: number }>([
    {
      op: { op: "add", path: "/é", value: "\u0007\ud800" },
      bytes: '{"a":[1],"é":"______\\ud800"}'.length + 1,
    },
    { op: { op: "add", path: "/a/-", value: 10 }, bytes: '{"a":[1,10]}'.length },
    { op: { op: "replace", path: "/a", value: "xyz" }, bytes: '{"a":"xyz"}'.length },
    { op: { op: "copy", from: "/a", path: "/b" }, bytes: '{"a":[1],"b":[1]}'.length },
    { op: { op: "move", from: "/a", path: "/longer" }, bytes: '{"longer":[1]}'.length },
  ])("[S9] $op.op may fill the state exactly to its limit", ({ op, bytes }) => {
    expect(outcome({ a: [1] }, [op], { stateBytes: bytes })).toMatch(/^\{/);
    expect(outcome({ a: [1] }, [op], { stateBytes: bytes - 1 })).toBe("too_large");
  });

  test.each<Operation>([
    { op: "add", path: "/a/b", value: {} },
    { op: "replace", path: "/a/x", value: [] },
    { op: "copy", from: "/flat", path: "/a/b" },
    { op: "move", from: "/flat", path: "/a/b" },
    { op: "replace", path: "", value: { a: { b: {} } } },
  ])("[S9] $op may nest exactly to the limit of depth, %#", (operation) => {
    const doc = { a: { x: 0 }, flat: [] };
    expect(outcome(doc, [operation], { stateDepth: 3 })).toMatch(/^\{/);
    expect(outcome(doc, [operation], { stateDepth: 2 })).toBe("too_large");
  });

  test("[S9] a value with endless nesting is refused without a stack overflow", () => {
    const value = JSON.parse("[".repeat(100_000) + "]".repeat(100_000));
    expect(outcome({}, [{ op: "add", path: "/a", value }], {})).toBe("too_large");
    expect(outcome({ a: [] }, [{ op: "test", path: "/a", value }], {})).toBe("patch_failed");
  });

  test("[S9] a state over limits that were lowered later can still be made smaller", () => {
    const doc = { keep: "x".repeat(50), drop: [[["deep".repeat(50)]]], swap: [[[0]]] };
    const limits = { stateBytes: 20, stateDepth: 2 };
    const patch: Patch = [
      { op: "remove", path: "/drop" },
      { op: "replace", path: "/swap", value: 0 },
    ];
    expect(outcome(doc, patch, limits)).toBe(canonical({ keep: doc.keep, swap: 0 }));
    expect(outcome(doc, [{ op: "add", path: "/more", value: 0 }], limits)).toBe("too_large");
  });
});

describe("a number that JSON cannot represent", () => {
  test("[S1] is refused as a value", () => {
    const patch = parsePatch(
      JSON.parse('[{"op":"add","path":"/a","value":{"n":[1e999]}}]'),
      defaultLimits,
    );
    expect(outcome({}, patch, {})).toBe("invalid_state");
  });

  test("[S1] fails a test like any other number", () => {
    const patch = parsePatch(
      JSON.parse('[{"op":"test","path":"/a","value":1e999}]'),
      defaultLimits,
    );
    expect(outcome({ a: 1 }, patch, {})).toBe("patch_failed");
  });
});

describe("the number of operations", () => {
  const operations = (count: number): object[] =>
    Array.from({ length: count }, () => ({ op: "test", path: "", value: {} }));

  test("[S9] may reach its limit and no more", () => {
    const { patchOperations } = defaultLimits;
    expect(parsePatch(operations(patchOperations), defaultLimits)).toHaveLength(1000);
    expect(() => parsePatch(operations(patchOperations + 1), defaultLimits)).toThrow(
      expect.objectContaining({ code: "too_large" }),
    );
  });

  test("[S9] is checked before any operation is read", () => {
    const unread = new Proxy({}, { get: () => expect.unreachable() });
    expect(() => parsePatch([unread, unread], { patchOperations: 1 })).toThrow(CollabError);
  });
});

// None of these tests would end if the work depended on the size that the patch describes.
describe("a patch that describes an astronomical size", () => {
  const doubling = (count: number): Patch =>
    Array.from({ length: count }, () => ({ op: "copy", from: "/a", path: "/a/-" }));
  const doc = { a: ["x"] };

  test("[S9] is refused at the limit of bytes", () => {
    expect(outcome(doc, doubling(1000), {})).toBe("too_large");
  });

  test("[S9] is refused at the limit of depth", () => {
    expect(outcome(doc, doubling(1000), { stateBytes: Infinity })).toBe("too_large");
  });

  test("[S9] is refused quickly even if the limits are very high", () => {
    expect(outcome(doc, doubling(1000), { stateBytes: 2 ** 50, stateDepth: 256 })).toBe(
      "too_large",
    );
  });

  test("[S9] is refused quickly even with changes between the copies", () => {
    const patch = doubling(200).flatMap((copy): Patch => [
      copy,
      { op: "add", path: "/a/0", value: {} },
      { op: "add", path: "/a/0/k", value: [] },
      { op: "move", from: "/a/0/k", path: "/a/1" },
      { op: "remove", path: "/a/0" },
    ]);
    expect(outcome(doc, patch, { stateBytes: 2 ** 50, stateDepth: 256 })).toBe("too_large");
  });

  test("[S9] may remove its copies again", () => {
    const limits = { stateBytes: 2 ** 50, stateDepth: 256 };
    const patch: Patch = [...doubling(40), { op: "replace", path: "/a", value: 0 }];
    expect(outcome(doc, patch, limits)).toBe('{"a":0}');
  });
});

// Each operation has forty bytes and causes a walk over ten thousand members.
describe("a patch that causes much work with few bytes", () => {
  const members = Array.from({ length: 10_000 }, (_, index) => [`k${index}`, 0]);
  const doc: JsonObject = { a: Object.fromEntries(members) };
  const bytes = jsonBytes(doc["a"]);
  const copies = (count: number): Patch =>
    Array.from({ length: count }, (_, index): Patch => [
      { op: "copy", from: "/a", path: "/b" },
      { op: "replace", path: "/a/k1", value: index % 10 },
    ]).flat();

  test("[S9] may copy four times the limit of the state and no more, even if it overwrites the copies", () => {
    const most = Math.floor((4 * defaultLimits.stateBytes) / bytes);
    expect(outcome(doc, copies(most), {}).slice(0, 9)).toBe('{"a":{"k0');
    expect(outcome(doc, copies(most + 1), {}).slice(0, 9)).toBe("too_large");
  });

  test("[S9] is too_large with a thousand alternating copies and changes", () => {
    expect(outcome(doc, copies(500), {}).slice(0, 9)).toBe("too_large");
  });

  test("[S9] may move and change a value a thousand times, because that copies nothing", () => {
    const patch = Array.from({ length: 500 }, (_, index): Patch => {
      const [from, path] = index % 2 === 0 ? ["/a", "/b"] : ["/b", "/a"];
      return [
        { op: "replace", path: `${from}/k1`, value: index % 10 },
        { op: "move", from, path },
      ];
    }).flat();
    expect(outcome(doc, patch, {})).toBe(canonical({ a: { ...(doc["a"] as JsonObject), k1: 9 } }));
  });

  test("[S9] may move an unchanged value a thousand times", () => {
    const patch = Array.from({ length: 1000 }, (_, index): Operation => {
      return index % 2 === 0
        ? { op: "move", from: "/a", path: "/b" }
        : { op: "move", from: "/b", path: "/a" };
    });
    expect(outcome(doc, patch, {}).slice(0, 9)).toBe('{"a":{"k0');
  });
});

describe("a patch to a state with very many members", () => {
  const names = Array.from({ length: 250_000 }, (_, index) => `k${index}`);
  const wide: JsonObject = Object.fromEntries(names.map((name) => [name, 0]));
  const limits = { ...defaultLimits, stateBytes: 8 * 1024 * 1024 };

  // Walking over all members for every operation, instead of once per patch, would take minutes.
  test.each<{ what: string; make: (name: string, index: number) => Operation; size: number }>([
    {
      what: "additions",
      make: (_, index) => ({ op: "add", path: `/n${index}`, value: 1 }),
      size: 251_000,
    },
    { what: "removals", make: (name) => ({ op: "remove", path: `/${name}` }), size: 249_000 },
    {
      what: "copies",
      make: (name) => ({ op: "copy", from: "/k1", path: `/${name}` }),
      size: 250_000,
    },
  ])("does not walk over the state for each of a thousand $what", ({ make, size }) => {
    const patch = names.slice(0, 1000).map(make);
    const after = applyPatch(sized(wide), patch, limits);
    expect(Object.keys(after.value)).toHaveLength(size);
    expect(after.bytes).toBe(jsonBytes(after.value));
  });
});
