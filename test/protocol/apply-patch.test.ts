// Patches are applied in place: they cost what they change, and a patch that fails has changed nothing.
// Frozen containers and patches stay as they are, and what is cached of containers is never stale.

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { applyPatch, PatchRun } from "../../src/protocol/apply-patch.ts";
import { CollabError } from "../../src/protocol/errors.ts";
import { measure, type JsonObject, type JsonValue } from "../../src/protocol/json.ts";
import {
  parsePatch,
  type Operation,
  type Patch,
  type Sized,
} from "../../src/protocol/json-patch.ts";
import { defaultLimits } from "../../src/protocol/limits.ts";
import { countOf, sizes } from "../../src/protocol/sizes.ts";
import { canonical, deepFreeze, jsonBytes, jsonDepth } from "../support/canonical-json.ts";
import { documentsOnTheWay, locate, patchedByOracle } from "../support/json-patch-oracle.ts";
import { casesBelow, casesOfObjects } from "../support/json-patch-suite.ts";
import { patchCases } from "../support/patch-arbitraries.ts";
import { patchOf as plannedPatch } from "../support/planned.ts";

const copy = <T>(value: T): T => JSON.parse(JSON.stringify(value)) as T;
const sized = (value: JsonObject): Sized => ({ value, bytes: jsonBytes(value) });
const patchOf = (patch: unknown): Patch => parsePatch(copy(patch), defaultLimits);
const failed = expect.objectContaining({ code: "patch_failed" });

/** Check that everything cached of a value's containers is what a new look at them finds. */
function expectExactCaches(value: JsonValue): void {
  if (typeof value !== "object" || value === null) return;
  const cached = sizes.get(value);
  if (cached) expect(cached).toEqual(measure(value, Infinity, new WeakMap()));
  expect(countOf(value)).toBe(Object.keys(value).length);
  for (const item of Object.values(value)) expectExactCaches(item as JsonValue);
}

/** A state that one patch after another is applied to, beside what an oracle makes of it. */
class Run {
  state: Sized;
  readonly outcomes = { changed: 0, same: 0, failed: 0 };
  /** Values that were frozen, and what they must stay. */
  readonly #frozen: { readonly value: JsonValue; readonly text: string }[] = [];

  constructor(doc: JsonObject) {
    this.state = sized(copy(doc));
  }

  freeze(pointer: string): void {
    const value = locate(this.state.value, pointer);
    if (value !== undefined)
      this.#frozen.push({ value: deepFreeze(value), text: canonical(value) });
  }

  /** @param isTight whether the state may hardly grow */
  apply(patch: Patch, isTight: boolean): void {
    const before = copy(this.state.value);
    const expected = patchedByOracle(before, patch);
    const tight = { stateBytes: this.state.bytes + 20, stateDepth: jsonDepth(before) };
    const run = new PatchRun(this.state, isTight ? { ...defaultLimits, ...tight } : defaultLimits);
    const given = copy(patch);
    const text = canonical(given);
    try {
      run.apply(given);
      this.#succeeded(run, before, expected);
    } catch (error) {
      if (!(error instanceof CollabError)) throw error;
      if (error.code !== "too_large") expect(expected).toBeNull();
      expect(canonical(this.state.value)).toBe(canonical(before));
      this.outcomes.failed++;
    }
    expect(canonical(given)).toBe(text);
    expect(this.state.bytes).toBe(jsonBytes(this.state.value));
    expectExactCaches(this.state.value);
    for (const { value, text: frozen } of this.#frozen) expect(canonical(value)).toBe(frozen);
  }

  #succeeded({ next, applied }: PatchRun, before: JsonObject, expected: JsonValue): void {
    const effect = applied && plannedPatch({ applied });
    this.state = next;
    expect(canonical(next.value)).toBe(canonical(expected));
    expect(effect === null).toBe(canonical(before) === canonical(expected));
    if (effect === null) this.outcomes.same++;
    else {
      expect(canonical(patchedByOracle(before, copy(effect)))).toBe(canonical(expected));
      this.outcomes.changed++;
    }
  }
}

/** The operations that lead back from where a patch leads. */
function inverseOf(doc: JsonObject, patch: Patch): Patch {
  const states = [doc, ...documentsOnTheWay(doc, patch).map((document) => document?.value ?? null)];
  return patch
    .flatMap((operation, index) => {
      const [before, after] = [states[index] ?? null, states[index + 1] ?? null];
      return inverseOfOne(operation, before, after).toReversed();
    })
    .toReversed();
}

function inverseOfOne(operation: Operation, before: JsonValue, after: JsonValue): Operation[] {
  const { op } = operation;
  if (op === "test" || ("from" in operation && operation.from === operation.path)) return [];
  // The end of an array is an index in what leads back.
  const parent = operation.path.slice(0, operation.path.lastIndexOf("/"));
  const container = locate(after, parent);
  const path =
    Array.isArray(container) && operation.path.endsWith("/-")
      ? `${parent}/${container.length - 1}`
      : operation.path;
  if (op === "remove") return [{ op: "add", path, value: locate(before, path) ?? null }];
  const rest = op === "move" ? patchedByOracle({ before }, moved(operation.from)) : { before };
  const old = locate(rest, `/before${path}`);
  if (op === "replace") return [{ op, path, value: old ?? null }];
  const isOver = old !== undefined && !Array.isArray(container);
  const again: Operation[] = isOver ? [{ op: "add", path, value: old }] : [];
  if (op === "move") return [{ op, from: path, path: operation.from }, ...again];
  return isOver ? again : [{ op: "remove", path }];
}

const moved = (from: string): Patch => [{ op: "remove", path: `/before${from}` }];

const steps = fc.array(
  fc.record({
    length: fc.integer({ min: 1, max: 6 }),
    freeze: fc.constantFrom("nothing", "root", "path", "parent"),
    fails: fc.boolean(),
    isTight: fc.boolean(),
    measured: fc.boolean(),
  }),
  { minLength: 1, maxLength: 12 },
);

describe("any patches, one after another", () => {
  test("[S5, S9] equal another library's, with exact sizes, whatever fails and whatever is frozen", () => {
    const outcomes = { changed: 0, same: 0, failed: 0 };
    fc.assert(
      fc.property(patchCases({ maxLength: 30 }), steps, ({ doc, patch }, plan) => {
        const run = new Run(doc);
        let at = 0;
        for (const { length, freeze, fails, isTight, measured } of plan) {
          const part = patch.slice(at, (at += length));
          const [path = ""] = part.map((operation) => operation.path);
          if (measured) measure(run.state.value, Infinity, sizes);
          if (freeze === "root") run.freeze("");
          if (freeze === "path") run.freeze(path);
          if (freeze === "parent") run.freeze(path.slice(0, Math.max(0, path.lastIndexOf("/"))));
          if (fails) run.apply([...part, { op: "remove", path: "/nothing/there" }], isTight);
          run.apply(part, isTight);
        }
        for (const [name, times] of Object.entries(run.outcomes))
          outcomes[name as keyof typeof outcomes] += times;
      }),
      { numRuns: 500 },
    );
    // Otherwise the property would prove little.
    for (const times of Object.values(outcomes)) expect(times).toBeGreaterThan(100);
  });

  test("[S3, S5] have no effect exactly when they lead back to the same JSON", () => {
    const outcomes = { changed: 0, same: 0, failed: 0 };
    const cases = patchCases({ wild: false, maxLength: 6 });
    const freezing = fc.constantFrom(null, "", "/a", "/b", "/0");
    fc.assert(
      fc.property(
        cases,
        freezing,
        fc.integer({ min: -2, max: 6 }),
        ({ doc, patch }, freeze, left) => {
          const run = new Run(doc);
          if (freeze !== null) run.freeze(freeze);
          const inverse = inverseOf(doc, patch);
          run.apply([...patch, ...inverse.slice(0, left > 0 ? -left : inverse.length)], false);
          for (const [name, times] of Object.entries(run.outcomes))
            outcomes[name as keyof typeof outcomes] += times;
        },
      ),
      { numRuns: 1000 },
    );
    // What has moved into the place of its own parent cannot be moved back.
    expect(outcomes.failed).toBeLessThan(50);
    expect(Math.min(outcomes.same, outcomes.changed)).toBeGreaterThan(200);
  });

  test.each([...casesBelow, ...casesOfObjects])(
    "[S5] in the published suite: $name",
    ({ state, patch, expected }) => {
      const own = copy(state);
      if (expected) {
        expect(applyPatch(sized(own), patchOf(patch), defaultLimits).value).toEqual(expected);
        return;
      }
      expect(() => applyPatch(sized(own), patchOf(patch), defaultLimits)).toThrow(CollabError);
      expect(own).toEqual(state);
    },
  );
});

/** An object with a member that fails the test when anybody reads it: a walk over the members would. */
const wide = (): Record<string, JsonValue> =>
  Object.defineProperty({ a: 1, b: [1], c: {} }, "unread", {
    enumerable: true,
    configurable: true,
    get: () => expect.unreachable("a walk over the members"),
  });

const costly: [string, Patch][] = [
  ["an addition", [{ op: "add", path: "/wide/x", value: 1 }]],
  [
    "several additions",
    [
      { op: "add", path: "/wide/x", value: 1 },
      { op: "add", path: "/wide/y", value: [2] },
    ],
  ],
  ["a removal", [{ op: "remove", path: "/wide/b" }]],
  ["a move", [{ op: "move", from: "/wide/b", path: "/wide/x" }]],
  ["a copy", [{ op: "copy", from: "/wide/b", path: "/wide/x" }]],
  [
    "a change and its reversal",
    [
      { op: "add", path: "/wide/x", value: 1 },
      { op: "remove", path: "/wide/x" },
    ],
  ],
  [
    "all kinds of operations",
    [
      { op: "test", path: "/wide/a", value: 1 },
      { op: "add", path: "/wide/b/-", value: 2 },
      { op: "copy", from: "/wide/b", path: "/wide/c/b" },
      { op: "add", path: "/wide/c/b/0", value: 0 },
      { op: "replace", path: "/wide/a", value: "x" },
      { op: "move", from: "/wide/c", path: "/wide/d" },
      { op: "remove", path: "/wide/b/0" },
    ],
  ],
];

const refused: [string, Patch][] = [
  [
    "an addition and a test that fails",
    [
      { op: "add", path: "/wide/x", value: 1 },
      { op: "test", path: "/wide/a", value: 2 },
    ],
  ],
  ["a test of the whole object", [{ op: "test", path: "/wide", value: { a: 1 } }]],
  ["a test of what is around it", [{ op: "test", path: "", value: { wide: {} } }]],
  ["a removal of nothing", [{ op: "remove", path: "/wide/x" }]],
  ["a replacement of nothing", [{ op: "replace", path: "/wide/x", value: 1 }]],
  ["a move of nothing", [{ op: "move", from: "/wide/x", path: "/wide/y" }]],
  ["a copy of nothing", [{ op: "copy", from: "/wide/x", path: "/wide/y" }]],
  [
    "all kinds of operations",
    [...(costly.at(-1)?.[1] ?? []), { op: "remove", path: "/wide/nothing" }],
  ],
];

describe("a patch costs what it changes", () => {
  const apply = (state: Sized, patch: Patch): PatchRun => {
    const run = new PatchRun(state, defaultLimits);
    run.apply(copy(patch));
    return run;
  };

  test.each(costly)("[R1, S5] %s does not look at the other members", (_, patch) => {
    const object = wide();
    const { next } = apply({ value: { wide: object }, bytes: 1000 }, patch);
    expect(next.value["wide"]).toBe(object);
  });

  test.each(refused)("[R1, S5] %s does not look at the other members and fails", (_, patch) => {
    const object = wide();
    const value = { wide: object };
    expect(() => apply({ value, bytes: 1000 }, patch)).toThrow(failed);
    expect(value.wide).toBe(object);
    expect({ ...Object.getOwnPropertyDescriptors(object), unread: 0 }).toEqual({
      ...Object.getOwnPropertyDescriptors({ a: 1, b: [1], c: {} }),
      unread: 0,
    });
  });

  test("[R1, S5] a measured object is moved and patched again and again without a new measurement", () => {
    let state: Sized = sized({ a: { n: 1, deep: { x: [] as number[] } } });
    measure(state.value, Infinity, sizes);
    const object = state.value["a"] as Record<string, JsonValue>;
    Object.defineProperty(object, "n", {
      enumerable: true,
      configurable: true,
      get: () => expect.unreachable("a new measurement"),
    });
    for (let round = 0; round < 10; round++) {
      const [from, path] = round % 2 === 0 ? ["/a", "/b"] : ["/b", "/a"];
      const patch: Patch = [
        { op: "add", path: `${from}/x`, value: [] },
        { op: "remove", path: "/c" },
      ];
      expect(() => apply(state, patch)).toThrow(failed);
      state = apply(state, [
        { op: "add", path: `${from}/deep/x/-`, value: round },
        { op: "add", path: `${from}/more`, value: { deeper: { still: [] } } },
        { op: "move", from, path },
        { op: "remove", path: `${path}/more` },
      ]).next;
    }
    Object.defineProperty(object, "n", { value: 1 });
    expect(state.bytes).toBe(jsonBytes(state.value));
    expectExactCaches(state.value);
    expect(state.value).toEqual({ a: { n: 1, deep: { x: [0, 1, 2, 3, 4, 5, 6, 7, 8, 9] } } });
  });

  test("[S5, S9] and the number of members of a wide object stays exact", () => {
    let state = sized({
      wide: Object.fromEntries(Array.from({ length: 100 }, (_, n) => [`k${n}`, n])),
    });
    for (let n = 0; n < 100; n++) {
      const patch: Patch = [
        { op: "remove", path: `/wide/k${n}` },
        { op: "add", path: `/wide/n${n % 7}`, value: n },
        { op: "add", path: `/wide/m${n % 5}`, value: [n] },
      ];
      const failing: Patch = [
        ...patch,
        { op: "add", path: "/wide/x", value: 1 },
        { op: "remove", path: "/wide/x" },
        { op: "remove", path: "/wide/x" },
      ];
      expect(() => apply(state, failing)).toThrow(failed);
      expectExactCaches(state.value);
      if (n % 10 === 0) deepFreeze(state.value);
      state = apply(state, patch).next;
      expectExactCaches(state.value);
      expect(state.bytes).toBe(jsonBytes(state.value));
    }
    const patch = Object.keys(state.value["wide"] as JsonObject).map(
      (key) => ({ op: "remove", path: `/wide/${key}` }) as const,
    );
    expect(apply(state, patch).next).toEqual(sized({ wide: {} }));
  });

  test("[R1] a pointer of very many levels fails at the first that does not exist", () => {
    const value = { a: 1 };
    const patch = Array.from({ length: 120 }, (_, n) => {
      return { op: "replace", path: `/${n}${"/".repeat(16_000)}`, value: 1 } as const;
    });
    expect(() => apply(sized(value), patch)).toThrow(failed);
    expect(value).toEqual({ a: 1 });
  });
});

describe("frozen containers", () => {
  const add = (path: string): Patch => [{ op: "add", path, value: 2 }];

  test("[S2] are copied when they are first changed, and only they; the next patch changes the copy", () => {
    const frozen = deepFreeze({ inner: { b: 1 }, beside: {} });
    const own = { c: 1 };
    const root = { frozen, own };
    const first = applyPatch(sized(root), add("/frozen/inner/x"), defaultLimits);
    expect(first.value).toBe(root);
    const changed = first.value["frozen"] as typeof frozen;
    expect(changed).toEqual({ inner: { b: 1, x: 2 }, beside: {} });
    expect(changed.beside).toBe(frozen.beside);
    const { inner } = changed;
    const second = applyPatch(first, add("/frozen/inner/y"), defaultLimits);
    expect(second.value["frozen"]).toBe(changed);
    expect(changed.inner).toBe(inner);
    expect(frozen).toEqual({ inner: { b: 1 }, beside: {} });
    expect(root.own).toBe(own);
  });

  test("[S5] stand in their places again after a patch that fails", () => {
    const frozen = deepFreeze({ inner: { b: 1 } });
    const state = sized({ frozen });
    const patch: Patch = [...add("/frozen/inner/x"), { op: "remove", path: "/gone" }];
    expect(() => applyPatch(state, patch, defaultLimits)).toThrow(failed);
    expect(state.value["frozen"]).toBe(frozen);
    expect(frozen).toEqual({ inner: { b: 1 } });
  });

  test("[S5] stand in their places again in an array that has changed", () => {
    const frozen = deepFreeze({ a: 1 });
    const list = [frozen, 2];
    const patch: Patch = [
      { op: "add", path: "/list/0", value: 0 },
      ...add("/list/1/x"),
      { op: "remove", path: "/gone" },
    ];
    expect(() => applyPatch(sized({ list }), patch, defaultLimits)).toThrow(failed);
    expect(list).toEqual([{ a: 1 }, 2]);
    expect(list[0]).toBe(frozen);
  });

  test("[R1] are copied once, however many patches fail", () => {
    let reads = 0;
    const frozen = Object.freeze(
      Object.defineProperty({}, "a", { enumerable: true, get: () => ++reads }),
    ) as JsonObject;
    const state: Sized = { value: { frozen }, bytes: 100 };
    const patch: Patch = [...add("/frozen/x"), { op: "remove", path: "/gone" }];
    for (let round = 0; round < 5; round++)
      expect(() => applyPatch(state, patch, defaultLimits)).toThrow(failed);
    expect(reads).toBe(1);
    const { value } = applyPatch(state, add("/frozen/y"), defaultLimits);
    expect([value["frozen"], reads]).toEqual([{ a: 1, y: 2 }, 1]);
  });

  test("[S2] that hold the root leave the previous root as it was", () => {
    const root = deepFreeze({ a: [1] });
    const { value } = applyPatch(sized(root), add("/a/-"), defaultLimits);
    expect([root, value]).toEqual([{ a: [1] }, { a: [1, 2] }]);
  });
});

describe("values in two places", () => {
  const patch = (state: Sized, operations: Patch): Sized =>
    applyPatch(state, operations, defaultLimits);

  test("[S5] change on their own, in later patches too, and so does everything in them", () => {
    let state = sized({ a: { deep: { n: [] }, beside: {} } });
    state = patch(state, [{ op: "copy", from: "/a", path: "/b" }]);
    state = patch(state, [{ op: "add", path: "/a/deep/n/-", value: 1 }]);
    state = patch(state, [{ op: "move", from: "/b/deep", path: "/c" }]);
    state = patch(state, [{ op: "add", path: "/c/n/-", value: 2 }]);
    state = patch(state, [{ op: "add", path: "/a/deep/n/-", value: 3 }]);
    state = patch(state, [{ op: "add", path: "/a/beside/x", value: 4 }]);
    expect(state.value).toEqual({
      a: { deep: { n: [1, 3] }, beside: { x: 4 } },
      b: { beside: {} },
      c: { n: [2] },
    });
    expect(state.bytes).toBe(jsonBytes(state.value));
  });

  test("are not those that were given in one patch: later ones change them in place", () => {
    const first = patch(sized({}), [
      { op: "add", path: "/a", value: { deep: {}, beside: {} } },
      { op: "add", path: "/a/deep/n", value: 1 },
    ]);
    const { beside } = first.value["a"] as JsonObject;
    const { value } = patch(first, [{ op: "add", path: "/a/beside/n", value: 2 }]);
    expect(value).toEqual({ a: { deep: { n: 1 }, beside: { n: 2 } } });
    expect((value["a"] as JsonObject)["beside"]).toBe(beside);
  });

  test("[S5] change on their own if one object was given for both", () => {
    const given: JsonValue = [];
    let state = patch(sized({}), [
      { op: "add", path: "/a", value: given },
      { op: "add", path: "/b", value: given },
    ]);
    state = patch(state, [{ op: "add", path: "/a/-", value: 1 }]);
    expect(state.value).toEqual({ a: [1], b: [] });
  });

  test("[R1] are in one place again after a patch that fails: later ones change them in place", () => {
    const deep = { n: 1 };
    const state = sized({ a: { deep } });
    const operations: Patch = [
      { op: "copy", from: "/a", path: "/b" },
      { op: "add", path: "/a/x", value: 1 },
      { op: "remove", path: "/gone" },
    ];
    const { a } = state.value;
    expect(() => patch(state, operations)).toThrow(failed);
    const { value } = patch(state, [{ op: "add", path: "/a/deep/n", value: 2 }]);
    expect(value["a"]).toBe(a);
    expect((value["a"] as JsonObject)["deep"]).toBe(deep);
  });

  test("[S5] are restored if the patch that copied and changed them fails", () => {
    const state = sized({ a: { n: [1] } });
    const before = copy(state);
    const operations: Patch = [
      { op: "add", path: "/a/n/-", value: 2 },
      { op: "copy", from: "/a", path: "/b" },
      { op: "add", path: "/a/n/0", value: 0 },
      { op: "remove", path: "/b/n/0" },
      { op: "test", path: "/a/n", value: [] },
    ];
    for (let round = 0; round < 2; round++) {
      expect(() => patch(state, copy(operations))).toThrow(failed);
      expect(state).toEqual(before);
    }
    expect(patch(state, operations.slice(0, 4)).value).toEqual({
      a: { n: [0, 1, 2] },
      b: { n: [2] },
    });
  });
});

describe("the effect of a patch", () => {
  const effectOf = (value: JsonObject, patch: Patch): Patch | null => {
    const run = new PatchRun(sized(value), defaultLimits);
    run.apply(patch);
    return run.applied && copy(plannedPatch({ applied: run.applied }));
  };

  test("[S10] has its operations as they were given, although later ones change their values", () => {
    const patch: Patch = [
      { op: "add", path: "/list", value: [] },
      { op: "add", path: "/list/-", value: { a: 1 } },
      { op: "replace", path: "/list/0/a", value: 2 },
      { op: "move", from: "/list/0", path: "/one" },
    ];
    expect(effectOf({}, copy(patch))).toEqual([
      patch[0],
      { op: "add", path: "/list/0", value: { a: 1 } }, // an index stands for "-"
      ...patch.slice(2),
    ]);
  });

  test("[S10] has neither tests nor copies: a copy is the addition of what it copied", () => {
    const patch: Patch = [
      { op: "test", path: "/a", value: [1] },
      { op: "add", path: "/a/-", value: 2 },
      { op: "copy", from: "/a", path: "/b" },
      { op: "add", path: "/a/-", value: 3 },
    ];
    expect(effectOf({ a: [1] }, patch)).toEqual([
      { op: "add", path: "/a/1", value: 2 },
      { op: "add", path: "/b", value: [1, 2] },
      { op: "add", path: "/a/2", value: 3 },
    ]);
  });

  test.each<[string, Patch]>([
    ["the present value", [{ op: "replace", path: "/a", value: { b: [1] } }]],
    ["the present state", [{ op: "add", path: "", value: { list: [1, 2], n: 0, a: { b: [1] } } }]],
    ["only tests", [{ op: "test", path: "/n", value: 0 }]],
    ["nothing", []],
    [
      "items that change places twice",
      [
        { op: "move", from: "/list/0", path: "/list/1" },
        { op: "move", from: "/list/1", path: "/list/0" },
      ],
    ],
    [
      "another value and the present one",
      [
        { op: "replace", path: "/a/b/0", value: 2 },
        { op: "replace", path: "/a", value: { b: [1] } },
      ],
    ],
    [
      "an object rebuilt from its parts",
      [
        { op: "move", from: "/a", path: "/old" },
        { op: "add", path: "/a", value: {} },
        { op: "copy", from: "/old/b", path: "/a/b" },
        { op: "remove", path: "/old" },
      ],
    ],
  ])("[S3] is none with %s", (_, patch) => {
    expect(effectOf({ a: { b: [1] }, n: 0, list: [1, 2] }, patch)).toBeNull();
  });

  test("[S3] is seen even if one member takes as many bytes as another one gives", () => {
    const patch: Patch = [
      { op: "replace", path: "/o", value: { a: 1 } },
      { op: "add", path: "/list/-", value: 33_333 },
    ];
    expect(effectOf({ o: { a: 1, b: 2 }, list: [1] }, patch)).toEqual([
      patch[0],
      { op: "add", path: "/list/1", value: 33_333 },
    ]);
  });

  test("[S3, R1] of large values that change places counts, although they are the same JSON", () => {
    const large = (): JsonValue => "x".repeat(20_000).split("");
    const patch: Patch = [
      { op: "move", from: "/a", path: "/c" },
      { op: "move", from: "/b", path: "/a" },
      { op: "move", from: "/c", path: "/b" },
    ];
    expect(effectOf({ a: large(), b: large() }, patch)).toEqual(patch);
  });
});
