// Keys and pointers that often cause bugs: names that every object inherits, escapes of JSON Pointer, and
// tokens that are almost an array index. All of them are plain data, or the patch is refused.

import { afterEach, describe, expect, test } from "vitest";
import type { JsonObject } from "../../src/protocol/json.ts";
import { parsePatch } from "../../src/protocol/json-patch.ts";
import { applyPatch } from "../../src/protocol/apply-patch.ts";
import { defaultLimits } from "../../src/protocol/limits.ts";
import { canonical, jsonBytes } from "../support/canonical-json.ts";
import { prototypeKeys } from "../support/json-arbitraries.ts";

/** Apply a patch to a state in JSON text, both as they come from the wire. */
function apply(doc: string, patch: unknown): JsonObject {
  const state = { value: JSON.parse(doc) as JsonObject, bytes: jsonBytes(JSON.parse(doc)) };
  const decoded = parsePatch(JSON.parse(JSON.stringify(patch)), defaultLimits);
  const after = applyPatch(state, decoded, defaultLimits);
  expect(after.bytes).toBe(jsonBytes(after.value));
  return after.value;
}

const code = (expected: string) => expect.objectContaining({ code: expected });

describe.each(prototypeKeys)("the key %s", (key) => {
  const inherited = Object.getOwnPropertyNames(Object.prototype).toSorted();
  const value = { polluted: true };

  afterEach(() => {
    expect(Object.getOwnPropertyNames(Object.prototype).toSorted()).toEqual(inherited);
    expect("polluted" in {}).toBe(false);
  });

  test("[S9] is added and replaced like any other", () => {
    const added = apply("{}", [{ op: "add", path: `/${key}`, value }]);
    expect(canonical(added)).toBe(`{"${key}":{"polluted":true}}`);
    expect(Object.getPrototypeOf(added)).toBe(Object.prototype);
    const again = [{ op: "add", path: `/${key}`, value: 1 }];
    expect(canonical(apply(`{"${key}":0}`, again))).toBe(`{"${key}":1}`);
    const replaced = [{ op: "replace", path: `/${key}`, value: [] }];
    expect(canonical(apply(`{"${key}":0}`, replaced))).toBe(`{"${key}":[]}`);
  });

  test("[S9] is removed completely", () => {
    expect(canonical(apply(`{"${key}":1,"a":2}`, [{ op: "remove", path: `/${key}` }]))).toBe(
      '{"a":2}',
    );
  });

  test("[S9] is the source and the target of moves and copies", () => {
    const doc = `{"${key}":{"n":1}}`;
    const there = '{"a":{"n":1}}';
    expect(canonical(apply(doc, [{ op: "move", from: `/${key}`, path: "/a" }]))).toBe(there);
    expect(canonical(apply(there, [{ op: "move", from: "/a", path: `/${key}` }]))).toBe(doc);
    const both = [{ op: "copy", from: `/${key}`, path: `/${key}/${key}` }];
    expect(canonical(apply(doc, both))).toBe(
      canonical(JSON.parse(`{"${key}":{"n":1,"${key}":{"n":1}}}`)),
    );
  });

  test("[S9] is tested against the state, not against what objects inherit", () => {
    const tests = [{ op: "test", path: `/${key}`, value: { n: 1 } }];
    expect(canonical(apply(`{"${key}":{"n":1}}`, tests))).toBe(`{"${key}":{"n":1}}`);
    expect(() => apply(`{"${key}":{"n":2}}`, tests)).toThrow(code("patch_failed"));
  });

  test("[S9] can be part of a longer path", () => {
    const doc = `{"${key}":{"${key}":{"n":1}}}`;
    const after = apply(doc, [{ op: "add", path: `/${key}/${key}/n`, value: 2 }]);
    expect(canonical(after)).toBe(`{"${key}":{"${key}":{"n":2}}}`);
  });

  test.each([
    { op: "remove", path: `/${key}` },
    { op: "replace", path: `/${key}`, value },
    { op: "test", path: `/${key}`, value: {} },
    { op: "move", from: `/${key}`, path: "/a" },
    { op: "copy", from: `/${key}`, path: "/a" },
    { op: "add", path: `/${key}/polluted`, value: true },
    { op: "add", path: `/o/${key}/polluted`, value: true },
    { op: "replace", path: `/list/${key}`, value: true },
    { op: "add", path: `/list/${key}`, value: true },
    { op: "add", path: `/text/${key}`, value: true },
  ])("[S9] does not exist if the state has no such own member: $op $path", (operation) => {
    expect(() => apply('{"o":{},"list":[],"text":"t"}', [operation])).toThrow(code("patch_failed"));
  });

  test("[S9] does not provide the members of an operation", () => {
    const operation = JSON.parse(`{"${key}":{"op":"add","path":"/a","value":1}}`);
    expect(() => apply("{}", [operation])).toThrow(code("malformed"));
  });
});

describe("pointers", () => {
  test.each([
    ["/a~1b", "a/b"],
    ["/m~0n", "m~n"],
    ["/~01", "~1"],
    ["/~10", "/0"],
    ["/~0~1", "~/"],
    ["/", ""],
    ["/ ", " "],
    ["/%2F", "%2F"],
    ["/\u0000", "\u0000"],
    ["/\ud83d", "\ud83d"],
  ])("[S5] %j is the member %j", (path, key) => {
    expect(canonical(apply("{}", [{ op: "add", path, value: 1 }]))).toBe(canonical({ [key]: 1 }));
  });

  test.each(["a", "a/b", "/~", "/~2", "/a~", "/~/b", "/~~0", "#/a", " /a"])(
    "[S5] %j is not a pointer",
    (pointer) => {
      const asPath = [{ op: "remove", path: pointer }];
      const asFrom = [{ op: "copy", from: pointer, path: "/a" }];
      expect(() => apply("{}", asPath)).toThrow(code("malformed"));
      expect(() => apply("{}", asFrom)).toThrow(code("malformed"));
    },
  );

  test.each([
    "/l/01",
    "/l/00",
    "/l/-1",
    "/l/+1",
    "/l/1e0",
    "/l/1.0",
    "/l/ 1",
    "/l/1 ",
    "/l/0x1",
    "/l/",
    "/l/length",
    "/l/3",
    "/l/9007199254740993",
    "/l/١",
    "/l/1\n",
    "/l/--",
  ])("[S5] %j does not exist in an array of two", (path) => {
    for (const operation of [
      { op: "add", path, value: 0 },
      { op: "replace", path, value: 0 },
      { op: "remove", path },
      { op: "add", path: `${path}/x`, value: 0 },
      { op: "copy", from: path, path: "/x" },
    ])
      expect(() => apply('{"l":[{},{}]}', [operation])).toThrow(code("patch_failed"));
  });

  test("[S5] - is the end of an array for insertions", () => {
    const patch = [
      { op: "add", path: "/l/-", value: 2 },
      { op: "copy", from: "/l/0", path: "/l/-" },
      { op: "move", from: "/l/0", path: "/l/-" },
    ];
    expect(apply('{"l":[1]}', patch)).toEqual({ l: [2, 1, 1] });
  });

  test.each([
    { op: "remove", path: "/l/-" },
    { op: "replace", path: "/l/-", value: 0 },
    { op: "test", path: "/l/-", value: 1 },
    { op: "copy", from: "/l/-", path: "/a" },
    { op: "move", from: "/l/-", path: "/a" },
    { op: "add", path: "/l/-/a", value: 0 },
  ])("[S5] - does not exist as the target of other operations: $op", (operation) => {
    expect(() => apply('{"l":[{}]}', [operation])).toThrow(code("patch_failed"));
  });

  test("[S5] - and numbers are ordinary members of an object", () => {
    const patch = ["/-", "/0", "/01"].map((path) => ({ op: "add", path, value: 1 }));
    expect(canonical(apply("{}", patch))).toBe(canonical({ "-": 1, "0": 1, "01": 1 }));
  });
});

describe("decoding", () => {
  test.each([null, {}, "[]", 1, { length: 0 }])("[S5] refuses %j as a patch", (input) => {
    expect(() => parsePatch(input, defaultLimits)).toThrow(code("malformed"));
  });

  test.each([
    [[]],
    [null],
    ["remove"],
    [{}],
    [{ op: "Add", path: "/a", value: 1 }],
    [{ op: ["add"], path: "/a", value: 1 }],
    [{ op: "add", value: 1 }],
    [{ op: "add", path: ["/a"], value: 1 }],
    [{ op: "add", path: "/a" }],
    [{ op: "test", path: "/a" }],
    [{ op: "copy", path: "/a" }],
    [{ op: "move", path: "/a", from: 0 }],
  ])("[S5] refuses %j as an operation and names its index", (operation) => {
    const fine = { op: "remove", path: "/a" };
    expect(() => parsePatch([fine, operation], defaultLimits)).toThrow(
      expect.objectContaining({
        code: "malformed",
        message: expect.stringContaining("Operation 1"),
      }),
    );
  });

  test("[S5] ignores inherited members of an operation", () => {
    const inherits = (inherited: object, own: object): unknown =>
      Object.assign(Object.create(inherited) as object, own);
    for (const operation of [
      inherits({ op: "remove" }, { path: "/a" }),
      inherits({ path: "/a" }, { op: "remove" }),
      inherits({ value: 1 }, { op: "add", path: "/a" }),
      inherits({ from: "/a" }, { op: "copy", path: "/b" }),
    ])
      expect(() => parsePatch([operation], defaultLimits)).toThrow(code("malformed"));
  });

  test("[S5] refuses a hole in the list of operations", () => {
    expect(() => parsePatch(Object.assign([], { length: 1 }), defaultLimits)).toThrow(
      code("malformed"),
    );
  });

  test("[S5] drops members that RFC 6902 does not define", () => {
    const operation = { op: "remove", path: "/a", value: 1, from: "/b", more: true };
    expect(parsePatch([operation], defaultLimits)).toEqual([{ op: "remove", path: "/a" }]);
  });

  test("[S5] accepts null as a value", () => {
    const operation = { op: "add", path: "/a", value: null };
    expect(parsePatch([operation], defaultLimits)).toEqual([operation]);
  });
});
