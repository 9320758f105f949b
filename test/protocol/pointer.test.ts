// JSON Pointers are parsed and built as RFC 6901 requires.

import fc from "fast-check";
import { expect, test } from "vitest";
import { childPointer, parsePointer } from "../../src/protocol/pointer.ts";
import { anyString, commonKeys } from "../support/json-arbitraries.ts";
import { runs } from "../support/runs.ts";

test("[S5] any tokens can be parsed back from the pointer built from them", () => {
  const token = fc.oneof(
    anyString,
    fc.constantFrom(...commonKeys),
    fc.string({ unit: fc.constantFrom("~", "/", "0", "1") }),
  );
  fc.assert(
    fc.property(fc.array(token), (tokens) => {
      const pointer = tokens.reduce<string>(childPointer, "");
      expect(parsePointer(pointer)).toEqual(tokens);
    }),
  );
});

test("[S5] text is a pointer exactly when it is empty or a list of valid tokens, each after a slash", () => {
  const texts = fc.string({ unit: fc.constantFrom("~", "/", "0", "1", "2", "a") });
  const valid = /^(\/([^~/]|~0|~1)*)*$/;
  fc.assert(
    fc.property(texts, (text) => {
      expect(parsePointer(text) !== null).toBe(valid.test(text));
    }),
    { numRuns: runs(1000) },
  );
});

// RFC 6901, section 5.
test.each([
  ["", []],
  ["/foo", ["foo"]],
  ["/foo/0", ["foo", "0"]],
  ["/", [""]],
  ["/a~1b", ["a/b"]],
  ["/c%d", ["c%d"]],
  ["/e^f", ["e^f"]],
  ["/g|h", ["g|h"]],
  ["/i\\j", ["i\\j"]],
  ['/k"l', ['k"l']],
  ["/ ", [" "]],
  ["/m~0n", ["m~n"]],
  ["//", ["", ""]],
])("[S5] the pointer %j has the tokens %j", (pointer, tokens) => {
  expect(parsePointer(pointer)).toEqual(tokens);
});

test("[S5] an index becomes a token", () => {
  expect(childPointer("/list", 10)).toBe("/list/10");
});
