// A user has an id and at most 4 KiB of JSON. The entry has the user's fields, the time of joining, and the
// meta from onJoin.

import { describe, expect, test } from "vitest";
import { checkMeta, checkUser, createEntry } from "../../src/model/user.ts";
import { jsonBytes } from "../support/canonical-json.ts";

const invalid = expect.objectContaining({ code: "invalid_user" });

const parse = (text: string): unknown => JSON.parse(text);

describe("a user", () => {
  test.each(["a", "x".repeat(128), "😀".repeat(64), "a/b c", "\u0000", "__proto__", "...", ".a"])(
    "[U1] may have the id %j",
    (id) => {
      expect(checkUser({ id })).toEqual({ id });
    },
  );

  test.each([
    ["empty", ""],
    ["too long", "x".repeat(129)],
    ["not valid Unicode", "\ud800"],
    ["one dot, which no URL can name", "."],
    ["two dots, which no URL can name", ".."],
    ["the same to the eye as another, by a zero-width space", "ada\u200b"],
    ["the same to the eye as another, by a byte order mark", "\ufeffada"],
    ["shown in another order", "ada\u202e"],
    ["a number", 7],
    ["null", null],
    ["an object", {}],
    ["missing", undefined],
  ])("[U1] must not have an id that is %s", (_, id) => {
    expect(() => checkUser({ id })).toThrow(invalid);
  });

  test.each([["null"], ["[]"], ['"ada"'], ["7"], ["true"]])("[U1] must not be %s", (text) => {
    expect(() => checkUser(parse(text))).toThrow(invalid);
  });

  test("[U1, S9] must not inherit its id", () => {
    expect(() => checkUser(parse('{"__proto__":{"id":"ada"}}'))).toThrow(invalid);
  });

  test.each([60_000, null, "x"])("[U1, U7] must not have a ttl, here %j", (ttl) => {
    const check = (): unknown => checkUser({ id: "ada", ttl });
    expect(check).toThrow(invalid);
    expect(check).toThrow(
      'A user has no field "ttl". It belongs in the body of POST /rooms/:id/users, or in the options of join(); a user with an open socket does not need it.',
    );
  });

  test("[U1] keeps other fields unchanged", () => {
    const user = { id: "ada", name: "Ada", tags: ["x", { y: null }] };
    expect(checkUser(user)).toEqual(user);
  });

  test("[U1, S9] may have a field __proto__", () => {
    const user = checkUser(parse('{"id":"ada","__proto__":{"admin":true},"constructor":1}'));
    expect(JSON.stringify(user)).toBe('{"id":"ada","__proto__":{"admin":true},"constructor":1}');
    expect("admin" in user).toBe(false);
  });

  test("[U1] has at most 4 KiB as JSON in UTF-8", () => {
    const user = { id: "ada", note: "" };
    const note = "é".repeat((4096 - jsonBytes(user)) / 2);
    expect(checkUser({ id: "ada", note })).toEqual({ id: "ada", note });
    expect(() => checkUser({ id: "ada", note: `${note}x` })).toThrow(invalid);
  });

  test("[U1] must not have fields that nest too deep or are not JSON", () => {
    const deep = (levels: number): unknown =>
      parse(`{"id":"ada","deep":${"[".repeat(levels)}${"]".repeat(levels)}}`);
    expect(() => checkUser(deep(15))).not.toThrow();
    expect(() => checkUser(deep(16))).toThrow(invalid);
    expect(() => checkUser(deep(100_000))).toThrow(invalid);
    expect(() => checkUser(parse('{"id":"ada","n":1e999}'))).toThrow(invalid);
  });
});

describe("the meta from onJoin", () => {
  test("[U2] is an empty object by default", () => {
    expect(checkMeta(undefined)).toEqual({});
    expect(checkMeta()).toEqual({});
  });

  test.each([null, 0, "editor", [1], { role: "editor" }])("[U2] may be %j", (meta) => {
    expect(checkMeta(meta)).toEqual(meta);
  });

  test("[U2] is copied, because the author's code may still hold it", () => {
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
    ["a number that is not JSON", { n: Number.NaN }],
    ["a member without a value", { role: undefined }],
    ["more than 4 KiB", "x".repeat(4095)],
  ])("[U2] must not be %s", (_, meta) => {
    expect(() => checkMeta(meta)).toThrow(TypeError);
  });

  test("[U2] must not contain itself", () => {
    const meta: { me?: unknown } = {};
    meta.me = meta;
    expect(() => checkMeta(meta)).toThrow(TypeError);
  });
});

describe("an entry", () => {
  test("[U2] has the user's fields, the time of joining, and the meta", () => {
    expect(createEntry({ id: "ada", name: "Ada" }, { role: "editor" }, 0, 7)).toEqual({
      id: "ada",
      name: "Ada",
      joinedAt: "1970-01-01T00:00:00.000Z",
      seq: 7,
      meta: { role: "editor" },
    });
  });

  test("[U2] does not take joinedAt, seq and meta from the user", () => {
    const user = { id: "ada", joinedAt: "never", seq: -1, meta: { role: "owner" } };
    expect(createEntry(user, {}, 0, 7)).toEqual({
      id: "ada",
      joinedAt: "1970-01-01T00:00:00.000Z",
      seq: 7,
      meta: {},
    });
  });
});
