// Payloads of actions and events are JSON of limited size and depth, and events have a name.

import { describe, expect, test } from "vitest";
import { defaultLimits } from "../../src/protocol/limits.ts";
import { checkEvent, decodePayload } from "../../src/model/payload.ts";

const limits = { ...defaultLimits, frameBytes: 20, stateDepth: 3 };
const code = (name: string): object => expect.objectContaining({ code: name });

describe("a payload", () => {
  test.each(["null", "0", '"text"', "[1]", '{"a":{"b":{}}}', ' { "a" : 1 } '])(
    "[S7] may be %s",
    (text) => {
      expect(decodePayload(text, limits)).toEqual(JSON.parse(text));
    },
  );

  test("[S9] may have the key __proto__", () => {
    const payload = decodePayload(`{"__proto__":{}}`, limits);
    expect(Object.keys(payload as object)).toEqual(["__proto__"]);
    expect(Object.getPrototypeOf(payload)).toBe(Object.prototype);
  });

  test.each(["", "{", "undefined", "NaN", "{'a':1}", "[1,]", "\ufeff{}"])(
    "[S7] must not be %j",
    (text) => {
      expect(() => decodePayload(text, limits)).toThrow(code("malformed"));
    },
  );

  test("[S9] may be as large as a frame, counted in UTF-8 and without white space", () => {
    expect(decodePayload(`   "${"é".repeat(9)}"   `, limits)).toBe("é".repeat(9));
    expect(() => decodePayload(`"${"é".repeat(9)}x"`, limits)).toThrow(code("too_large"));
  });

  test("[S9] may nest as deep as a state and no deeper", () => {
    expect(decodePayload("[[[]]]", limits)).toEqual([[[]]]);
    expect(() => decodePayload("[[[[]]]]", limits)).toThrow(code("too_large"));
  });

  test("[S9] with endless nesting is refused without a stack overflow", () => {
    const text = "[".repeat(100_000) + "]".repeat(100_000);
    expect(() => decodePayload(text, defaultLimits)).toThrow(code("too_large"));
  });
});

describe("an event", () => {
  test("[W5] has a name of 1 to 128 characters", () => {
    expect(() => checkEvent("x", null, limits)).not.toThrow();
    expect(() => checkEvent("x".repeat(128), null, limits)).not.toThrow();
    expect(() => checkEvent("x".repeat(129), null, limits)).toThrow(code("invalid_request"));
    expect(() => checkEvent("", null, limits)).toThrow(code("invalid_request"));
    expect(() => checkEvent(7 as unknown as string, null, limits)).toThrow(code("invalid_request"));
  });

  test("[W5, S9] has a payload that obeys the same rules", () => {
    expect(() => checkEvent("x", Infinity, limits)).toThrow(code("malformed"));
    expect(() => checkEvent("x", "x".repeat(19), limits)).toThrow(code("too_large"));
  });
});
