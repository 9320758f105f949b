// The limits on patches hold at every operation, are told apart from patches that do not apply, and
// cost no more to check than the patch is worth: a few copies can describe more than fits the world.

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { CollabError } from "../../src/protocol/errors.ts";
import type { JsonObject } from "../../src/protocol/json.ts";
import { parsePatch, type Operation, type Patch } from "../../src/protocol/json-patch.ts";
import { applyPatch } from "../../src/protocol/patch-draft.ts";
import { defaultLimits } from "../../src/protocol/limits.ts";
import { canonical, jsonBytes, jsonDepth } from "../support/canonical-json.ts";
import { documentsOnTheWay, locate } from "../support/json-patch-oracle.ts";
import { patchCases } from "../support/patch-arbitraries.ts";

const sized = (value: JsonObject) => ({ value, bytes: jsonBytes(value) });

/** The code a patch fails with, or the state it leads to as text. */
function outcome(doc: JsonObject, patch: Patch, limits: Partial<typeof defaultLimits>): string {
  try {
    return canonical(applyPatch(sized(doc), patch, { ...defaultLimits, ...limits }).value);
  } catch (error) {
    if (error instanceof CollabError) return error.code;
    throw error;
  }
}

/** Bytes of all objects and arrays that a patch copies, moves, removes or puts others in place of. */
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
  test("[S9] a patch ends in too_large exactly when a state on its way is past a limit", () => {
    const seen = new Set<string>();
    fc.assert(
      fc.property(
        patchCases({ wild: false }),
        fc.nat(80),
        fc.nat(4),
        ({ doc, patch }, moreBytes, moreDepth) => {
          const stateBytes = jsonBytes(doc) + moreBytes;
          const stateDepth = jsonDepth(doc) + moreDepth;
          // Else the limit on work might be met first.
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
      { numRuns: 1000 },
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
  ])("[S9] $op.op may fill the state to its limit and not a byte further", ({ op, bytes }) => {
    expect(outcome({ a: [1] }, [op], { stateBytes: bytes })).toMatch(/^\{/);
    expect(outcome({ a: [1] }, [op], { stateBytes: bytes - 1 })).toBe("too_large");
  });

  test.each<Operation>([
    { op: "add", path: "/a/b", value: {} },
    { op: "replace", path: "/a/x", value: [] },
    { op: "copy", from: "/flat", path: "/a/b" },
    { op: "move", from: "/flat", path: "/a/b" },
    { op: "replace", path: "", value: { a: { b: {} } } },
  ])("[S9] $op may nest to the limit of depth and no deeper, %#", (operation) => {
    const doc = { a: { x: 0 }, flat: [] };
    expect(outcome(doc, [operation], { stateDepth: 3 })).toMatch(/^\{/);
    expect(outcome(doc, [operation], { stateDepth: 2 })).toBe("too_large");
  });

  test("[S9] a value that nests without end is refused, not followed", () => {
    const value = JSON.parse("[".repeat(100_000) + "]".repeat(100_000));
    expect(outcome({}, [{ op: "add", path: "/a", value }], {})).toBe("too_large");
    expect(outcome({ a: [] }, [{ op: "test", path: "/a", value }], {})).toBe("patch_failed");
  });

  test("[S9] a state past limits that were lowered later can still be made smaller", () => {
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

describe("what is no JSON", () => {
  test("[S1] a number too large for JSON text to name is refused", () => {
    const patch = parsePatch(
      JSON.parse('[{"op":"add","path":"/a","value":{"n":[1e999]}}]'),
      defaultLimits,
    );
    expect(outcome({}, patch, {})).toBe("invalid_state");
  });

  test("[S1] a test for such a number fails like any other test", () => {
    const patch = parsePatch(
      JSON.parse('[{"op":"test","path":"/a","value":1e999}]'),
      defaultLimits,
    );
    expect(outcome({ a: 1 }, patch, {})).toBe("patch_failed");
  });
});

describe("operations", () => {
  const operations = (count: number): object[] =>
    Array.from({ length: count }, () => ({ op: "test", path: "", value: {} }));

  test("[S9] a patch may have as many operations as its limit and no more", () => {
    const { patchOperations } = defaultLimits;
    expect(parsePatch(operations(patchOperations), defaultLimits)).toHaveLength(1000);
    expect(() => parsePatch(operations(patchOperations + 1), defaultLimits)).toThrow(
      expect.objectContaining({ code: "too_large" }),
    );
  });

  test("[S9] operations over the limit are not even looked at", () => {
    const unread = new Proxy({}, { get: () => expect.unreachable() });
    expect(() => parsePatch([unread, unread], { patchOperations: 1 })).toThrow(CollabError);
  });
});

// None of these would end in the lifetime of a test runner if the work followed the size described.
describe("patches that describe more than they hold", () => {
  const doubling = (count: number): Patch =>
    Array.from({ length: count }, () => ({ op: "copy", from: "/a", path: "/a/-" }));
  const doc = { a: ["x"] };

  test("[S9] copies that double the state end at the limit of bytes", () => {
    expect(outcome(doc, doubling(1000), {})).toBe("too_large");
  });

  test("[S9] copies that double the state end at the limit of depth", () => {
    expect(outcome(doc, doubling(1000), { stateBytes: Infinity })).toBe("too_large");
  });

  test("[S9] limits far away are reached without walking there", () => {
    expect(outcome(doc, doubling(1000), { stateBytes: 2 ** 50, stateDepth: 256 })).toBe(
      "too_large",
    );
  });

  test("[S9] changes between the copies do not make them dear", () => {
    const patch = doubling(200).flatMap((copy): Patch => [
      copy,
      { op: "add", path: "/a/0", value: {} },
      { op: "add", path: "/a/0/k", value: [] },
      { op: "move", from: "/a/0/k", path: "/a/1" },
      { op: "remove", path: "/a/0" },
    ]);
    expect(outcome(doc, patch, { stateBytes: 2 ** 50, stateDepth: 256 })).toBe("too_large");
  });

  test("[S9] what the copies filled can be removed again", () => {
    const limits = { stateBytes: 2 ** 50, stateDepth: 256 };
    const patch: Patch = [...doubling(40), { op: "replace", path: "/a", value: 0 }];
    expect(outcome(doc, patch, limits)).toBe('{"a":0}');
  });
});

// Forty bytes an operation, and each of them asks for a walk over ten thousand members.
describe("work that is asked for again and again", () => {
  const members = Array.from({ length: 10_000 }, (_, index) => [`k${index}`, 0]);
  const doc: JsonObject = { a: Object.fromEntries(members) };
  const bytes = jsonBytes(doc["a"]);
  const copies = (count: number): Patch =>
    Array.from({ length: count }, (_, index): Patch => [
      { op: "copy", from: "/a", path: "/b" },
      { op: "replace", path: "/a/k1", value: index % 10 },
    ]).flat();

  test("[S9] a patch may copy four times the limit of the state and no more, whatever is left of it", () => {
    const most = Math.floor((4 * defaultLimits.stateBytes) / bytes);
    expect(outcome(doc, copies(most), {}).slice(0, 9)).toBe('{"a":{"k0');
    expect(outcome(doc, copies(most + 1), {}).slice(0, 9)).toBe("too_large");
  });

  test("[S9] a thousand copies and changes in turn end in too_large", () => {
    expect(outcome(doc, copies(500), {}).slice(0, 9)).toBe("too_large");
  });

  test("[S9] a thousand moves and changes in turn end in too_large", () => {
    const patch = Array.from({ length: 500 }, (_, index): Patch => {
      const [from, path] = index % 2 === 0 ? ["/a", "/b"] : ["/b", "/a"];
      return [
        { op: "replace", path: `${from}/k1`, value: index % 10 },
        { op: "move", from, path },
      ];
    }).flat();
    expect(outcome(doc, patch, {}).slice(0, 9)).toBe("too_large");
  });

  test("[S9] a thousand moves of what does not change are no such work", () => {
    const patch = Array.from({ length: 1000 }, (_, index): Operation => {
      return index % 2 === 0
        ? { op: "move", from: "/a", path: "/b" }
        : { op: "move", from: "/b", path: "/a" };
    });
    expect(outcome(doc, patch, {}).slice(0, 9)).toBe('{"a":{"k0');
  });
});

describe("patches to a state of very many members", () => {
  const names = Array.from({ length: 250_000 }, (_, index) => `k${index}`);
  const wide: JsonObject = Object.fromEntries(names.map((name) => [name, 0]));
  const limits = { ...defaultLimits, stateBytes: 8 * 1024 * 1024 };

  // Each of these once walked all members for every operation: minutes, where now it is once a patch.
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
  ])("a thousand $what do not each cost what the state costs", ({ make, size }) => {
    const patch = names.slice(0, 1000).map(make);
    const after = applyPatch(sized(wide), patch, limits);
    expect(Object.keys(after.value)).toHaveLength(size);
    expect(after.bytes).toBe(jsonBytes(after.value));
  });
});
