// The operations beside RFC 6902: `inc`, `str_ins`, `str_del` (rule E5). What they need, what they refuse, and
// that they count bytes exactly.

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { applyPatch } from "../../src/protocol/apply-patch.ts";
import type { JsonObject } from "../../src/protocol/json.ts";
import { parsePatch, type Sized } from "../../src/protocol/json-patch.ts";
import { defaultLimits } from "../../src/protocol/limits.ts";
import { jsonBytes } from "../support/canonical-json.ts";

const sized = (value: JsonObject): Sized => ({ value, bytes: jsonBytes(value) });
const patched = (state: JsonObject, ...patch: unknown[]): Sized =>
  applyPatch(sized(structuredClone(state)), parsePatch(patch, defaultLimits), defaultLimits);
const code = (name: string): object => expect.objectContaining({ code: name });

describe("inc", () => {
  test.each([
    [1, 2, 3],
    [1, -1, 0],
    [0.1, 0.2, 0.1 + 0.2],
    [-0.5, 0.5, 0],
    [2 ** 53, 1, 2 ** 53 + 1],
  ])("[E5] adds to %d %d", (n, by, expected) => {
    const { value, bytes } = patched({ n }, { op: "inc", path: "/n", by });
    expect(value).toEqual({ n: expected });
    expect(Object.is(value["n"], -0)).toBe(false);
    expect(bytes).toBe(jsonBytes(value));
  });

  test.each<[string, JsonObject, string, number]>([
    ["a text", { n: "1" }, "/n", 1],
    ["nothing", {}, "/n", 1],
    ["a list", { n: [] }, "/n", 1],
    ["the state", {}, "", 1],
    ["a number that would be infinite", { n: Number.MAX_VALUE }, "/n", Number.MAX_VALUE],
  ])("[E5] fails at %s", (_, state, path, by) => {
    expect(() => patched(state, { op: "inc", path, by })).toThrow(code("patch_failed"));
  });
});

describe("text operations", () => {
  test.each<[unknown, string]>([
    [{ op: "str_ins", path: "/t", pos: 0, str: "" }, "a😀b"],
    [{ op: "str_ins", path: "/t", pos: 0, str: "é" }, "éa😀b"],
    [{ op: "str_ins", path: "/t", pos: 3, str: "€" }, "a😀€b"],
    [{ op: "str_ins", path: "/t", pos: 4, str: "😀" }, "a😀b😀"],
    [{ op: "str_del", path: "/t", pos: 1, len: 2 }, "ab"],
    [{ op: "str_del", path: "/t", pos: 0, len: 4 }, ""],
  ])("[E5] %j", (operation, expected) => {
    const { value, bytes } = patched({ t: "a😀b" }, operation);
    expect(value).toEqual({ t: expected });
    expect(bytes).toBe(jsonBytes(value));
  });

  test.each([
    ["inside a surrogate pair", { op: "str_ins", path: "/t", pos: 2, str: "x" }],
    ["from inside a surrogate pair", { op: "str_del", path: "/t", pos: 2, len: 1 }],
    ["to inside a surrogate pair", { op: "str_del", path: "/t", pos: 0, len: 2 }],
    ["past the end", { op: "str_ins", path: "/t", pos: 5, str: "x" }],
    ["to past the end", { op: "str_del", path: "/t", pos: 3, len: 2 }],
    ["in a number", { op: "str_ins", path: "/n", pos: 0, str: "x" }],
    ["in nothing", { op: "str_del", path: "/none", pos: 0, len: 1 }],
    ["in the state", { op: "str_ins", path: "", pos: 0, str: "x" }],
  ])("[E5] fail %s, and nothing changes", (_, operation) => {
    const state = sized({ t: "a😀b", n: 1 });
    const patch = parsePatch([{ op: "replace", path: "/n", value: 2 }, operation], defaultLimits);
    expect(() => applyPatch(state, patch, defaultLimits)).toThrow(code("patch_failed"));
    expect(state).toEqual(sized({ t: "a😀b", n: 1 }));
  });

  test("[E5, S9] count bytes exactly, whatever the text and wherever it is cut", () => {
    const units = fc.string({
      unit: fc.constantFrom("a", '"', "\n", "é", "€", "😀", "\ud83d", "\ude00"),
    });
    const inserted = fc.string({ unit: "grapheme", maxLength: 5 });
    fc.assert(
      fc.property(units, inserted, fc.nat(), fc.nat(), (t, str, at, to) => {
        const pos = at % (t.length + 1);
        const len = to % (t.length - pos + 1);
        const operations = [
          { op: "str_ins", path: "/t", pos, str },
          { op: "str_del", path: "/t", pos, len },
        ];
        for (const operation of len > 0 ? operations : operations.slice(0, 1))
          try {
            const { value, bytes } = patched({ t }, operation);
            expect(bytes).toBe(jsonBytes(value));
          } catch (error) {
            expect(error).toMatchObject({ code: "patch_failed" }); // inside a pair
          }
      }),
      { numRuns: 2000 },
    );
  });

  test("[E5, S9] cannot grow a state past its limit", () => {
    const limits = { ...defaultLimits, stateBytes: 20 };
    const grow = parsePatch([{ op: "str_ins", path: "/t", pos: 0, str: "x".repeat(20) }], limits);
    expect(() => applyPatch(sized({ t: "" }), grow, limits)).toThrow(code("too_large"));
  });
});

describe("a decoder", () => {
  test.each([
    { op: "inc", path: "/n" },
    { op: "inc", path: "/n", by: "1" },
    { op: "inc", path: "n", by: 1 },
    { op: "str_ins", path: "/t", pos: 0 },
    { op: "str_ins", path: "/t", pos: 0, str: 1 },
    { op: "str_ins", path: "/t", pos: 0, str: "\ud83d" },
    { op: "str_ins", path: "/t", pos: -1, str: "" },
    { op: "str_ins", path: "/t", pos: 0.5, str: "" },
    { op: "str_ins", path: "/t", pos: "0", str: "" },
    { op: "str_ins", path: "/t", pos: 2 ** 53, str: "" },
    { op: "str_ins", path: "/t", str: "" },
    { op: "str_del", path: "/t", pos: 0 },
    { op: "str_del", path: "/t", pos: 0, len: 0 },
    { op: "str_del", path: "/t", pos: 0, len: -1 },
  ])("[E5] refuses %j", (operation) => {
    expect(() => parsePatch([operation], defaultLimits)).toThrow(code("malformed"));
  });

  test.each(["inc", "str_ins", "str_del"])(
    "[E5] for RFC 6902 does not know %s, and says which type does",
    (op) => {
      const operation = { op, path: "/t", by: 1, pos: 0, str: "x", len: 1 };
      expect(() => parsePatch([operation], defaultLimits, "rfc6902")).toThrow(
        expect.objectContaining({
          code: "malformed",
          info: expect.objectContaining({
            detail: expect.stringContaining("application/vnd.collab-room.patch+json"),
          }),
        }),
      );
      expect(parsePatch([operation], defaultLimits)).toMatchObject([{ op, path: "/t" }]);
    },
  );
});
