// Sizes match JSON.stringify to the byte, equality matches the text with sorted keys, and values that are
// not JSON are refused at any depth.

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { CollabError } from "../../src/protocol/errors.ts";
import {
  isPlainObject,
  jsonEqual,
  measure,
  member,
  parseJson,
  setMember,
  stringBytes,
  utf8Bytes,
  type JsonValue,
  type SizeCache,
} from "../../src/protocol/json.ts";
import { canonical, jsonBytes, jsonDepth } from "../support/canonical-json.ts";
import {
  anyNumber,
  anyString,
  beforeAndAfter,
  json,
  prototypeKeys,
} from "../support/json-arbitraries.ts";
import { runs } from "../support/runs.ts";

const code = (expected: string) => expect.objectContaining({ code: expected });

describe("size", () => {
  test("[S9] a string has the bytes of its JSON text, whatever its code units are", () => {
    fc.assert(
      fc.property(anyString, (text) => {
        expect(stringBytes(text)).toBe(jsonBytes(text));
      }),
      { numRuns: runs(2000) },
    );
  });

  test("[S9] a text has the bytes that TextEncoder produces, whatever its code units are", () => {
    const encoder = new TextEncoder();
    const pieces = fc.array(
      fc.oneof(
        anyString,
        fc.string({ unit: "binary" }),
        fc.constantFrom("\ud83e\udd8a", "\udd8a\ud83e"),
      ),
    );
    fc.assert(
      fc.property(pieces, (parts) => {
        const text = parts.join("");
        expect(utf8Bytes(text)).toBe(encoder.encode(text).length);
      }),
      { numRuns: runs(2000) },
    );
    for (const text of [
      "",
      "\u007f",
      "\u0080",
      "\u07ff",
      "\u0800",
      "\uffff",
      "\u{10000}",
      "\u{10ffff}",
    ])
      expect(utf8Bytes(text)).toBe(encoder.encode(text).length);
  });

  test("[S9] every code unit is counted correctly, alone and before a low surrogate", () => {
    const wrong: string[] = [];
    for (let unit = 0; unit <= 0xffff; unit++)
      for (const text of [String.fromCharCode(unit), String.fromCharCode(unit, 0xdc00, unit)])
        if (stringBytes(text) !== jsonBytes(text)) wrong.push(unit.toString(16));
    expect(wrong).toEqual([]);
  });

  test("[S9] a number has the bytes of its JSON text", () => {
    fc.assert(
      fc.property(anyNumber, (number) => {
        expect(measure(number, 0).bytes).toBe(jsonBytes(number));
      }),
      { numRuns: runs(2000) },
    );
  });

  test("[S9] any JSON has the bytes of its text and the levels of its nesting", () => {
    fc.assert(
      fc.property(json.value, (value) => {
        expect(measure(value, 10)).toMatchObject({
          bytes: jsonBytes(value),
          depth: jsonDepth(value),
        });
      }),
      { numRuns: runs(1000) },
    );
  });

  test("[S9] a cached measurement equals a new one", () => {
    fc.assert(
      fc.property(json.value, json.value, (a, b) => {
        const cache: SizeCache = new Map();
        const value = [a, { a, b }, [b, a]];
        for (const part of [b, value, value])
          expect(measure(part, 20, cache)).toMatchObject({
            bytes: jsonBytes(part),
            depth: jsonDepth(part),
          });
      }),
    );
  });
});

describe("depth", () => {
  test.each<{ value: JsonValue; depth: number }>([
    { value: "leaf", depth: 0 },
    { value: null, depth: 0 },
    { value: {}, depth: 1 },
    { value: [], depth: 1 },
    { value: { a: 1 }, depth: 1 },
    { value: { a: {} }, depth: 2 },
    { value: [1, [{ a: [] }], 2], depth: 4 },
  ])("[S9] $value has $depth levels and is refused if fewer are allowed", ({ value, depth }) => {
    expect(measure(value, depth).depth).toBe(depth);
    if (depth > 0) expect(() => measure(value, depth - 1)).toThrow(code("too_large"));
  });

  test("[S9] a cached value is refused where it would be too deep", () => {
    const cache: SizeCache = new Map();
    const value = { a: { b: 1 } };
    measure(value, 2, cache);
    expect(() => measure([value], 2, cache)).toThrow(code("too_large"));
    expect(measure([value], 3, cache).depth).toBe(3);
  });

  test("[S9] endless nesting and cycles are too_large and do not overflow the stack", () => {
    const circle: unknown[] = [];
    circle.push(circle, { circle });
    for (const value of [circle, JSON.parse("[".repeat(100_000) + "]".repeat(100_000))])
      expect(() => measure(value, 256)).toThrow(code("too_large"));
  });

  test("[S9] a value in 2^60 places is measured once with a cache", () => {
    let value: JsonValue = {};
    for (let level = 0; level < 60; level++) value = [value, value];
    expect(measure(value, 64, new Map())).toMatchObject({ bytes: 5 * 2 ** 60 - 3, depth: 61 });
  });
});

describe("a value that is not JSON", () => {
  const foreign: [string, unknown][] = [
    ["undefined", undefined],
    ["NaN", Number.NaN],
    ["Infinity", Number.POSITIVE_INFINITY],
    ["1e999 in JSON text", JSON.parse("1e999")],
    ["a bigint", 1n],
    ["a function", () => 1],
    ["a symbol", Symbol.iterator],
    ["a Date", new Date(0)],
    ["a Map", new Map()],
    ["a boxed number", Object(1)],
    ["bytes", new Uint8Array(1)],
    [
      "a class instance",
      new (class Point {
        x = 1;
      })(),
    ],
    ["an object whose prototype is another", Object.create({ a: 1 })],
    ["an array with a hole", Object.assign([], { length: 1 })],
  ];

  test.each(foreign)("[S2] such as %s is invalid_state, at the top and nested", (_, value) => {
    for (const state of [value, { a: value }, [1, value], { a: [{ b: value }] }])
      expect(() => measure(state, 64)).toThrow(code("invalid_state"));
  });

  test("[S2] is refused, or is the same after JSON.stringify and has that size", () => {
    const anything = fc.anything({
      withBigInt: true,
      withBoxedValues: true,
      withDate: true,
      withMap: true,
      withNullPrototype: true,
      withSet: true,
      withSparseArray: true,
      withTypedArray: true,
    });
    fc.assert(
      fc.property(anything, (value) => {
        let bytes: number;
        try {
          bytes = measure(value, 64).bytes;
        } catch (error) {
          expect(error).toBeInstanceOf(CollabError);
          return;
        }
        const text = JSON.stringify(value);
        expect(bytes).toBe(Buffer.byteLength(text));
        expect(canonical(JSON.parse(text))).toBe(canonical(value));
      }),
      { numRuns: runs(2000) },
    );
  });

  test("is not a plain object unless JSON could contain it", () => {
    expect([{}, Object.create(null), { a: 1 }].map(isPlainObject)).toEqual([true, true, true]);
    const others = [null, [], "", 1, new Date(), Object.create({}), () => 1, undefined];
    expect(others.filter(isPlainObject)).toEqual([]);
  });
});

describe("equality", () => {
  test("[S3] values are equal exactly when their JSON is equal, with keys in any order", () => {
    const pairs = fc.oneof(beforeAndAfter, fc.tuple(json.value, json.value));
    fc.assert(
      fc.property(pairs, ([a, b]) => {
        expect(jsonEqual(a, b)).toBe(canonical(a) === canonical(b));
        expect(jsonEqual(b, a)).toBe(jsonEqual(a, b));
      }),
      { numRuns: runs(1000) },
    );
  });

  test("[S3] a value equals a copy of itself", () => {
    fc.assert(
      fc.property(json.value, (value) => {
        expect(jsonEqual(value, JSON.parse(JSON.stringify(value)))).toBe(true);
      }),
    );
  });

  test.each<[JsonValue, JsonValue]>([
    [0, "0"],
    [0, false],
    [null, 0],
    [null, {}],
    [[], {}],
    [[1], { 0: 1 }],
    [{ a: null }, {}],
    [{ a: null }, { b: null }],
    [
      [1, 2],
      [2, 1],
    ],
    [[1], [1, 2]],
    [JSON.parse('{"__proto__":{}}'), { a: 1 }],
    [JSON.parse('{"__proto__":{}}'), {}],
    [{ toString: 1 }, { valueOf: 1 }],
  ])("[S3] %j does not equal %j", (a, b) => {
    expect(jsonEqual(a, b)).toBe(false);
    expect(jsonEqual(b, a)).toBe(false);
  });

  test("[S3] -0 and 0 are the same JSON", () => {
    expect(jsonEqual([-0], [0])).toBe(true);
  });

  test("[S2] a value that is not JSON does not equal similar JSON", () => {
    const pairs: [unknown, unknown][] = [
      [new Date(0), {}],
      [new Map(), {}],
      [{ a: undefined }, { a: null }],
      [undefined, null],
      [Object.assign([], { length: 1 }), [null]],
      [Number.NaN, null],
    ];
    for (const [foreign, value] of pairs)
      expect(jsonEqual(value as JsonValue, foreign as JsonValue)).toBe(false);
  });
});

describe("members", () => {
  test.each(prototypeKeys)("[S9] the key %s is written and read as an own member", (key) => {
    const object: Record<string, JsonValue> = {};
    expect(member(object, key)).toBeUndefined();
    setMember(object, key, { polluted: true });
    setMember(object, key, { n: 1 });
    expect(member(object, key)).toEqual({ n: 1 });
    expect(JSON.stringify(object)).toBe(`{"${key}":{"n":1}}`);
    expect(Object.getPrototypeOf(object)).toBe(Object.prototype);
    expect("polluted" in {}).toBe(false);
    expect(delete object[key]).toBe(true);
    expect(member(object, key)).toBeUndefined();
  });

  test("[S9] a written member can be read back, and no other member changes", () => {
    fc.assert(
      fc.property(
        json.object,
        fc.oneof(anyString, fc.constantFrom(...prototypeKeys)),
        json.value,
        (object, key, value) => {
          const copy: Record<string, JsonValue> = { ...object };
          setMember(copy, key, value);
          expect(member(copy, key)).toBe(value);
          const others = Object.keys(object).filter((name) => name !== key);
          expect(others.every((name) => member(copy, name) === member(object, name))).toBe(true);
          expect(Object.keys(copy).length).toBe(others.length + 1);
        },
      ),
    );
  });
});

describe("parsing", () => {
  test("returns the value of JSON text", () => {
    fc.assert(
      fc.property(json.value, (value) => {
        expect(canonical(parseJson(JSON.stringify(value)))).toBe(canonical(value));
      }),
    );
  });

  test.each([
    "",
    "{",
    "undefined",
    "NaN",
    "{'a':1}",
    "[1,]",
    "1 2",
    '{"secret":',
    "at position 77",
  ])("[A6] fails for %j with malformed, and the error repeats nothing of the text", (text) => {
    expect(() => parseJson(text)).toThrow(code("malformed"));
    expect(() => parseJson(text)).toThrow(
      /^The text is not valid JSON(: check position [0-6])?\.$/,
    );
  });

  test("names the position of the mistake if the engine reports it", () => {
    expect(() => parseJson('{"a":1 "b":2}')).toThrow(
      "The text is not valid JSON: check position 7.",
    );
  });
});
