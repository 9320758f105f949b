// Every kind of change becomes one patch and the state after it. A change without an effect becomes `null`,
// and a change that is not possible fails with its code.

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { JsonObject } from "../../src/protocol/json.ts";
import type { Sized } from "../../src/protocol/json-patch.ts";
import { applyPatch } from "../../src/protocol/apply-patch.ts";
import { defaultLimits, type Limits } from "../../src/protocol/limits.ts";
import {
  checkChange,
  planReturned,
  type ChangeKind,
  type PlannedChange,
} from "../../src/model/change.ts";
import { parseJson } from "../../src/protocol/json.ts";
import { canonical, deepFreeze, jsonBytes } from "../support/canonical-json.ts";
import { beforeAndAfter } from "../support/json-arbitraries.ts";
import { patchOf, planOn } from "../support/planned.ts";
import { patchCases } from "../support/patch-arbitraries.ts";

const sized = (value: JsonObject): Sized => ({ value, bytes: jsonBytes(value) });
const code = (name: string): object => expect.objectContaining({ code: name });

const request = (
  state: JsonObject,
  kind: ChangeKind,
  text: string,
  limits: Limits = defaultLimits,
): PlannedChange | null =>
  planOn(sized(deepFreeze(state)), checkChange(kind, parseJson(text), limits), limits);

const returned = (
  state: JsonObject,
  next: unknown,
  limits: Limits = defaultLimits,
): PlannedChange | null => planReturned(sized(deepFreeze(state)), next, limits);

/** Check that the patch of a planned change leads to its state, and that the size is that of the state. */
function expectConsistent(state: JsonObject, { applied, next }: PlannedChange): void {
  const patch = patchOf({ applied });
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
    expect(() => checkChange(kind, parseJson(text), defaultLimits)).toThrow(code("malformed"));
  });

  test("[S9] a patch with too many operations is too_large", () => {
    const text = JSON.stringify([1, 2, 3].map(() => ({ op: "remove", path: "/a" })));
    const limits = { ...defaultLimits, patchOperations: 2 };
    expect(() => checkChange("patch", parseJson(text), limits)).toThrow(code("too_large"));
  });
});

describe("a patch", () => {
  test("[S3] is stored without its tests", () => {
    const plan = request(
      { a: 1 },
      "patch",
      '[{"op":"test","path":"/a","value":1},{"op":"replace","path":"/a","value":2}]',
    );
    expect(plan && patchOf(plan)).toEqual([{ op: "replace", path: "/a", value: 2 }]);
  });

  test.each([
    ["no operations", "[]"],
    ["only tests", '[{"op":"test","path":"/a","value":1}]'],
    ["the present value", '[{"op":"replace","path":"/a","value":1.0}]'],
    [
      "the same members in another order",
      '[{"op":"replace","path":"/o","value":{"y":[{}],"x":null}}]',
    ],
    [
      "a change and its reversal",
      '[{"op":"add","path":"/b","value":2},{"op":"remove","path":"/b"}]',
    ],
    ["a value moved to its own place", '[{"op":"move","from":"/a","path":"/a"}]'],
    ["-0 in place of 0", '[{"op":"replace","path":"/z","value":-0}]'],
  ])("[S3] with %s changes nothing", (_, text) => {
    expect(request({ a: 1, z: 0, o: { x: null, y: [{}] } }, "patch", text)).toBeNull();
  });

  test("[S10] is stored without copies: each is the addition of what it copied", () => {
    const text = JSON.stringify([
      { op: "copy", from: "/list", path: "/twin" },
      { op: "add", path: "/twin/-", value: 2 },
      { op: "copy", from: "/list/0", path: "/one" },
    ]);
    const planned = request({ list: [1] }, "patch", text);
    expect(planned && patchOf(planned)).toEqual([
      { op: "add", path: "/twin", value: [1] },
      { op: "add", path: "/twin/1", value: 2 },
      { op: "add", path: "/one", value: 1 },
    ]);
    expect(planned?.next.value).toEqual({ list: [1], twin: [1, 2], one: 1 });
  });

  test("[S5] leads to the planned state, or is null if the state does not change", () => {
    fc.assert(
      fc.property(patchCases({ wild: false }), ({ doc, patch }) => {
        const plan = request(doc, "patch", JSON.stringify(patch));
        if (plan) expectConsistent(doc, plan);
        const after = applyPatch(sized(doc), JSON.parse(JSON.stringify(patch)), defaultLimits);
        expect(plan === null).toBe(canonical(after.value) === canonical(doc));
      }),
    );
  });
});

describe("a merge patch, a replacement and a returned state", () => {
  test("[S5] a merge patch becomes the operations with the same effect", () => {
    const plan = request({ a: 1, b: { c: 2, d: 3 } }, "merge", '{"a":null,"b":{"c":9},"x":{}}');
    expect(plan?.next.value).toEqual({ b: { c: 9, d: 3 }, x: {} });
    expect(plan && patchOf(plan)).toEqual([
      { op: "remove", path: "/a" },
      { op: "replace", path: "/b/c", value: 9 },
      { op: "add", path: "/x", value: {} },
    ]);
  });

  test("[S3] the same JSON changes nothing, even as another object", () => {
    const state = { a: [1, { b: null }], c: "x" };
    expect(request(state, "replace", '{"c":"x","a":[1,{"b":null}]}')).toBeNull();
    expect(request(state, "merge", '{"c":"x","gone":null,"a":[1,{"b":null}]}')).toBeNull();
    expect(returned(state, structuredClone(state))).toBeNull();
    expect(returned(state, state)).toBeNull();
    expect(returned(state, { ...state })).toBeNull();
  });

  test("[S1, S3] a replacement and a returned state become the next state", () => {
    fc.assert(
      fc.property(beforeAndAfter, ([before, after]) => {
        for (const plan of [
          request(before, "replace", JSON.stringify(after)),
          returned(before, after),
        ]) {
          expect(plan === null).toBe(canonical(before) === canonical(after));
          if (plan === null) continue;
          expectConsistent(before, plan);
          expect(canonical(plan.next.value)).toBe(canonical(after));
        }
      }),
    );
  });

  test("[S1] a returned state is copied, because the author's code may still hold it", () => {
    const list = [1];
    const plan = returned({}, { list });
    list.push(2);
    expect(plan?.next.value).toEqual({ list: [1] });
    expect(plan && patchOf(plan)).toEqual([{ op: "add", path: "/list", value: [1] }]);
  });

  test("[S1] unchanged parts of a returned state stay the same objects", () => {
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
    ["an object with another prototype", Object.create({ a: 1 })],
    ["a member without a value", { a: undefined }],
    ["a member that is a function", { a: () => 1 }],
    ["NaN inside", { a: [Number.NaN] }],
    ["Infinity inside", { a: { b: -Infinity } }],
    ["a date inside", { a: new Date(0) }],
    ["a date in place of an empty object", { list: [new Date(0)] }],
    ["a member without a value in place of null", { list: [{}], nulls: [{ a: undefined }] }],
    ["a bigint inside", { a: 1n }],
    ["a hole in an array", { a: [1, , 3] }], // oxlint-disable-line no-sparse-arrays
  ])("[S2] %s is not a state", (_, next) => {
    const state = { n: 1, list: [{}], nulls: [{ a: null }] };
    expect(() => returned(state, next)).toThrow(code("invalid_state"));
  });

  test("[S9] a value in many places of a returned state counts many times", () => {
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
    "[S1] a number that JSON cannot represent is refused in a %s",
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

  test.each(["merge", "replace"] as const)("[S9] a %s over a limit is too_large", (kind) => {
    expect(() => request({}, kind, JSON.stringify({ a, b }), limits)).toThrow(code("too_large"));
    expect(() => request({}, kind, JSON.stringify(deep), limits)).toThrow(code("too_large"));
    expect(() => request({}, kind, "[".repeat(9), limits)).toThrow(code("malformed"));
  });

  test("[S9] a returned state over a limit is too_large", () => {
    expect(() => returned({}, { a, b }, limits)).toThrow(code("too_large"));
    expect(() => returned({}, deep, limits)).toThrow(code("too_large"));
  });

  // Each of these ends within the limit, but exceeds it while old and new values exist at the same time.
  test.each([
    ["members change places", { x: "", y: b }, { x: a, y: "" }],
    ["items of an array change places", { list: ["", b] }, { list: [a, ""] }],
    ["a nested value is removed and another is added above it", { o: { b } }, { a, o: {} }],
  ])("[S9] only the final state counts: %s", (_, before, after) => {
    expect(request(before, "replace", JSON.stringify(after), limits)?.next.value).toEqual(after);
    expect(returned(before, after, limits)?.next.value).toEqual(after);
  });

  test("[S9] only the final state counts: a merge patch adds and removes", () => {
    expect(request({ b }, "merge", JSON.stringify({ a, b: null }), limits)?.next.value).toEqual({
      a,
    });
  });

  test("[S9] a state over limits that were lowered later can be made smaller, but not larger", () => {
    const state = { a, b, n: 1 };
    expect(request(state, "merge", '{"n":null}', limits)?.next.value).toEqual({ a, b });
    expect(returned(state, { b, a }, limits)?.next.value).toEqual({ a, b });
    expect(() => request(state, "merge", '{"m":1}', limits)).toThrow(code("too_large"));
    expect(() => returned(state, { a, b, n: 10 }, limits)).toThrow(code("too_large"));
  });
});
