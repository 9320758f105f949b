// Whatever changes a state comes down to one patch and the state it leads to; what changes nothing
// comes down to nothing, and what cannot be done is told by its code.

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { JsonObject } from "../../src/protocol/json.ts";
import type { Sized } from "../../src/protocol/json-patch.ts";
import { applyPatch } from "../../src/protocol/patch-draft.ts";
import { defaultLimits, type Limits } from "../../src/protocol/limits.ts";
import {
  decodeChange,
  planChange,
  planReturned,
  type ChangeInput,
  type PlannedChange,
} from "../../src/model/change.ts";
import { canonical, deepFreeze, jsonBytes } from "../support/canonical-json.ts";
import { beforeAndAfter } from "../support/json-arbitraries.ts";
import { patchCases } from "../support/patch-arbitraries.ts";

const sized = (value: JsonObject): Sized => ({ value, bytes: jsonBytes(value) });
const code = (name: string): object => expect.objectContaining({ code: name });

const request = (
  state: JsonObject,
  kind: ChangeInput["kind"],
  text: string,
  limits: Limits = defaultLimits,
): PlannedChange | null =>
  planChange(sized(deepFreeze(state)), decodeChange({ kind, text }, limits), limits);

const returned = (
  state: JsonObject,
  next: unknown,
  limits: Limits = defaultLimits,
): PlannedChange | null => planReturned(sized(deepFreeze(state)), next, limits);

/** A planned change holds together: its patch leads to its state, and the size is that of the state. */
function expectWhole(state: JsonObject, { patch, next }: PlannedChange): void {
  expect(canonical(applyPatch(sized(state), patch, defaultLimits).value)).toBe(
    canonical(next.value),
  );
  expect(next.bytes).toBe(jsonBytes(next.value));
}

describe("decoding", () => {
  test.each([
    ["patch", "{}"],
    ["patch", "null"],
    ["patch", '[{"op":"jump","path":""}]'],
    ["merge", "[]"],
    ["merge", "7"],
    ["replace", "[]"],
    ["replace", "null"],
    ["replace", '"text"'],
    ["replace", "{"],
  ] as const)("[S1, S5] %s %s is malformed", (kind, text) => {
    expect(() => decodeChange({ kind, text }, defaultLimits)).toThrow(code("malformed"));
  });

  test("[S9] a patch of too many operations is too large", () => {
    const text = JSON.stringify([1, 2, 3].map(() => ({ op: "remove", path: "/a" })));
    const limits = { ...defaultLimits, patchOperations: 2 };
    expect(() => decodeChange({ kind: "patch", text }, limits)).toThrow(code("too_large"));
  });
});

describe("a patch", () => {
  test("[S3] its tests are not part of its effect", () => {
    const plan = request(
      { a: 1 },
      "patch",
      '[{"op":"test","path":"/a","value":1},{"op":"replace","path":"/a","value":2}]',
    );
    expect(plan?.patch).toEqual([{ op: "replace", path: "/a", value: 2 }]);
  });

  test.each([
    ["nothing at all", "[]"],
    ["tests", '[{"op":"test","path":"/a","value":1}]'],
    ["the value that is there", '[{"op":"replace","path":"/a","value":1.0}]'],
    [
      "the same members in another order",
      '[{"op":"replace","path":"/o","value":{"y":[{}],"x":null}}]',
    ],
    [
      "something and its opposite",
      '[{"op":"add","path":"/b","value":2},{"op":"remove","path":"/b"}]',
    ],
    ["the whole, moved onto itself", '[{"op":"move","from":"/a","path":"/a"}]'],
    ["minus nothing for nothing", '[{"op":"replace","path":"/z","value":-0}]'],
  ])("[S3] %s changes nothing", (_, text) => {
    expect(request({ a: 1, z: 0, o: { x: null, y: [{}] } }, "patch", text)).toBeNull();
  });

  test("[S10] what it copies is worked out, and nothing of work that came to nothing is kept", () => {
    const big = Object.fromEntries(Array.from({ length: 1000 }, (_, n) => [`k${n}`, n]));
    const text = JSON.stringify([
      { op: "copy", from: "/big", path: "/twin" },
      { op: "add", path: "/twin/x", value: 1 },
      { op: "remove", path: "/twin" },
      { op: "copy", from: "/big/k7", path: "/seven" },
    ]);
    const planned = request({ big }, "patch", text);
    expect(planned?.patch).toEqual([{ op: "add", path: "/seven", value: 7 }]);
    expect(planned?.next.value).toEqual({ big, seven: 7 });
  });

  test("[S5] any patch leads to the state it plans, or to nothing when that is the state it had", () => {
    fc.assert(
      fc.property(patchCases({ wild: false }), ({ doc, patch }) => {
        const plan = request(doc, "patch", JSON.stringify(patch));
        if (plan) expectWhole(doc, plan);
        const after = applyPatch(sized(doc), JSON.parse(JSON.stringify(patch)), defaultLimits);
        expect(plan === null).toBe(canonical(after.value) === canonical(doc));
      }),
    );
  });
});

describe("a merge patch, a replacement and a returned state", () => {
  test("[S5] a merge patch becomes the operations it amounts to", () => {
    const plan = request({ a: 1, b: { c: 2, d: 3 } }, "merge", '{"a":null,"b":{"c":9},"x":{}}');
    expect(plan?.next.value).toEqual({ b: { c: 9, d: 3 }, x: {} });
    expect(plan?.patch).toEqual([
      { op: "remove", path: "/a" },
      { op: "replace", path: "/b/c", value: 9 },
      { op: "add", path: "/x", value: {} },
    ]);
  });

  test("[S3] what is the same JSON changes nothing, be it another object", () => {
    const state = { a: [1, { b: null }], c: "x" };
    expect(request(state, "replace", '{"c":"x","a":[1,{"b":null}]}')).toBeNull();
    expect(request(state, "merge", '{"c":"x","gone":null,"a":[1,{"b":null}]}')).toBeNull();
    expect(returned(state, structuredClone(state))).toBeNull();
    expect(returned(state, state)).toBeNull();
    expect(returned(state, { ...state })).toBeNull();
  });

  test("[S1, S3] a replacement and a returned state lead to the state they name", () => {
    fc.assert(
      fc.property(beforeAndAfter, ([before, after]) => {
        for (const plan of [
          request(before, "replace", JSON.stringify(after)),
          returned(before, after),
        ]) {
          expect(plan === null).toBe(canonical(before) === canonical(after));
          if (plan === null) continue;
          expectWhole(before, plan);
          expect(canonical(plan.next.value)).toBe(canonical(after));
        }
      }),
    );
  });

  test("[S1] what was returned is copied, for the author may still hold it", () => {
    const list = [1];
    const plan = returned({}, { list });
    list.push(2);
    expect(plan?.next.value).toEqual({ list: [1] });
    expect(plan?.patch).toEqual([{ op: "add", path: "/list", value: [1] }]);
  });

  test("[S1] what was kept of the state before stays the same object", () => {
    const state = deepFreeze({ kept: { deep: [1] }, n: 1 });
    expect(planReturned(sized(state), { ...state, n: 2 }, defaultLimits)?.next.value["kept"]).toBe(
      state.kept,
    );
  });

  test.each([
    ["nothing", undefined],
    ["null", null],
    ["a number", 42],
    ["a string", "{}"],
    ["an array", [{}]],
    ["a date", new Date(0)],
    ["a map", new Map()],
    ["a class instance", new Error("no state")],
    ["a function", () => ({})],
    ["a promise", Promise.resolve({})],
    ["an object of which __proto__ was set", Object.create({ a: 1 })],
    ["a member without a value", { a: undefined }],
    ["a member that is a function", { a: () => 1 }],
    ["NaN inside", { a: [Number.NaN] }],
    ["Infinity inside", { a: { b: -Infinity } }],
    ["a date inside", { a: new Date(0) }],
    ["a date where an empty object was", { list: [new Date(0)] }],
    ["an item without a value where null was", { list: [{}], nulls: [{ a: undefined }] }],
    ["a bigint inside", { a: 1n }],
    ["a hole in an array", { a: [1, , 3] }], // oxlint-disable-line no-sparse-arrays
  ])("[S2] %s is no state", (_, next) => {
    const state = { n: 1, list: [{}], nulls: [{ a: null }] };
    expect(() => returned(state, next)).toThrow(code("invalid_state"));
  });

  test("[S9] a state that names one part again and again is measured as it would be written", () => {
    let value: JsonObject = { text: "x" };
    for (let level = 0; level < 40; level++) value = { a: value, b: value };
    expect(() => planReturned(sized({}), { value }, defaultLimits)).toThrow(code("too_large"));
  });

  test("[S2] a state that contains itself is refused", () => {
    const next: { me?: unknown } = {};
    next.me = next;
    expect(() => returned({}, next)).toThrow(code("too_large"));
  });

  test.each(["patch", "merge", "replace"] as const)(
    "[S1] a number beyond all numbers does not get in by %s",
    (kind) => {
      const text = kind === "patch" ? '[{"op":"add","path":"/n","value":1e999}]' : '{"n":[-1e999]}';
      expect(() => request({}, kind, text)).toThrow(code("invalid_state"));
    },
  );
});

describe("limits", () => {
  const limits = { ...defaultLimits, stateBytes: 100, stateDepth: 3 };
  const [a, b] = ["a".repeat(80), "b".repeat(80)];

  const deep = JSON.parse('{"x":{"y":{"z":{}}}}') as JsonObject;

  test.each(["merge", "replace"] as const)("[S9] %s past a limit is too large", (kind) => {
    expect(() => request({}, kind, JSON.stringify({ a, b }), limits)).toThrow(code("too_large"));
    expect(() => request({}, kind, JSON.stringify(deep), limits)).toThrow(code("too_large"));
    expect(() => request({}, kind, "[".repeat(9), limits)).toThrow(code("malformed"));
  });

  test("[S9] a returned state past a limit is too large", () => {
    expect(() => returned({}, { a, b }, limits)).toThrow(code("too_large"));
    expect(() => returned({}, deep, limits)).toThrow(code("too_large"));
  });

  // Each of these ends within the limit; on the way old and new would stand beside each other.
  test.each([
    ["members change places", { x: "", y: b }, { x: a, y: "" }],
    ["an array's items do", { list: ["", b] }, { list: [a, ""] }],
    ["something goes deep down and something comes above", { o: { b } }, { a, o: {} }],
  ])("[S9] what counts is the state in the end: %s", (_, before, after) => {
    expect(request(before, "replace", JSON.stringify(after), limits)?.next.value).toEqual(after);
    expect(returned(before, after, limits)?.next.value).toEqual(after);
  });

  test("[S9] what counts is the state in the end: a merge patch gives and takes", () => {
    expect(request({ b }, "merge", JSON.stringify({ a, b: null }), limits)?.next.value).toEqual({
      a,
    });
  });

  test("[S9] a state past limits that were lowered later can still be made smaller, not larger", () => {
    const state = { a, b, n: 1 };
    expect(request(state, "merge", '{"n":null}', limits)?.next.value).toEqual({ a, b });
    expect(returned(state, { b, a }, limits)?.next.value).toEqual({ a, b });
    expect(() => request(state, "merge", '{"m":1}', limits)).toThrow(code("too_large"));
    expect(() => returned(state, { a, b, n: 10 }, limits)).toThrow(code("too_large"));
  });
});
