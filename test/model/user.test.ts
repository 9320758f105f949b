// A user has an id and at most 4 KiB of JSON; their entry is what they said, when they came, and what
// the behaviour gave.

import { describe, expect, test } from "vitest";
import { checkMeta, checkUser, createEntry } from "../../src/model/user.ts";
import { jsonBytes } from "../support/canonical-json.ts";

const invalid = expect.objectContaining({ code: "invalid_user" });

const parse = (text: string): unknown => JSON.parse(text);

describe("a user", () => {
  test.each(["a", "x".repeat(128), "😀".repeat(64), "a/b c", "\u0000", "__proto__"])(
    "[U1] %j is an id",
    (id) => {
      expect(checkUser({ id })).toEqual({ id });
    },
  );

  test.each([
    ["empty", ""],
    ["too long", "x".repeat(129)],
    ["no Unicode", "\ud800"],
    ["a number", 7],
    ["null", null],
    ["an object", {}],
    ["missing", undefined],
  ])("[U1] an id that is %s is refused", (_, id) => {
    expect(() => checkUser({ id })).toThrow(invalid);
  });

  test.each([["null"], ["[]"], ['"ada"'], ["7"], ["true"]])("[U1] %s is no user", (text) => {
    expect(() => checkUser(parse(text))).toThrow(invalid);
  });

  test("[U1, S9] an id that only a prototype has is none", () => {
    expect(() => checkUser(parse('{"__proto__":{"id":"ada"}}'))).toThrow(invalid);
  });

  test("[U1] other fields are kept as they are", () => {
    const user = { id: "ada", name: "Ada", tags: ["x", { y: null }] };
    expect(checkUser(user)).toEqual(user);
  });

  test("[U1, S9] a field __proto__ is kept as a field", () => {
    const user = checkUser(parse('{"id":"ada","__proto__":{"admin":true},"constructor":1}'));
    expect(JSON.stringify(user)).toBe('{"id":"ada","__proto__":{"admin":true},"constructor":1}');
    expect("admin" in user).toBe(false);
  });

  test("[U1] all of it has at most 4 KiB as JSON in UTF-8", () => {
    const user = { id: "ada", note: "" };
    const note = "é".repeat((4096 - jsonBytes(user)) / 2);
    expect(checkUser({ id: "ada", note })).toEqual({ id: "ada", note });
    expect(() => checkUser({ id: "ada", note: `${note}x` })).toThrow(invalid);
  });

  test("[U1] fields that nest too deep, or are no JSON, are refused", () => {
    const deep = (levels: number): unknown =>
      parse(`{"id":"ada","deep":${"[".repeat(levels)}${"]".repeat(levels)}}`);
    expect(() => checkUser(deep(15))).not.toThrow();
    expect(() => checkUser(deep(16))).toThrow(invalid);
    expect(() => checkUser(deep(100_000))).toThrow(invalid);
    expect(() => checkUser(parse('{"id":"ada","n":1e999}'))).toThrow(invalid);
  });
});

describe("what onJoin gives", () => {
  test("[U2] nothing counts as an empty object", () => {
    expect(checkMeta(undefined)).toEqual({});
    expect(checkMeta()).toEqual({});
  });

  test.each([null, 0, "editor", [1], { role: "editor" }])("[U2] %j is kept", (meta) => {
    expect(checkMeta(meta)).toEqual(meta);
  });

  test("[U2] it is copied, for the author may still hold it", () => {
    const meta = { role: { name: "editor" } };
    const kept = checkMeta(meta);
    meta.role.name = "owner";
    expect(kept).toEqual({ role: { name: "editor" } });
  });

  test.each([
    ["a function", () => 1],
    ["a date", new Date(0)],
    ["a map", new Map()],
    ["a symbol", Symbol("x")],
    ["a bigint", 1n],
    ["a number that JSON has not", { n: Number.NaN }],
    ["a member without a value", { role: undefined }],
    ["more than 4 KiB", "x".repeat(4095)],
  ])("[U2] %s is refused", (_, meta) => {
    expect(() => checkMeta(meta)).toThrow(TypeError);
  });

  test("[U2] a value that contains itself is refused", () => {
    const meta: { me?: unknown } = {};
    meta.me = meta;
    expect(() => checkMeta(meta)).toThrow(TypeError);
  });
});

describe("an entry", () => {
  test("[U2] it is the user, when they joined, and meta", () => {
    expect(createEntry({ id: "ada", name: "Ada" }, { role: "editor" }, 0)).toEqual({
      id: "ada",
      name: "Ada",
      joinedAt: "1970-01-01T00:00:00.000Z",
      meta: { role: "editor" },
    });
  });

  test("[U2] a user cannot say themselves when they joined or what meta is", () => {
    const user = { id: "ada", joinedAt: "never", meta: { role: "owner" } };
    expect(createEntry(user, {}, 0)).toEqual({
      id: "ada",
      joinedAt: "1970-01-01T00:00:00.000Z",
      meta: {},
    });
  });
});
