// The schema of JSON Patch in the OpenAPI document accepts the same input as the hand-written decoder.

import fc from "fast-check";
import { expect, test } from "vitest";
import { jsonPatchBody } from "../../src/http/schemas.ts";
import { parsePatch } from "../../src/protocol/json-patch.ts";
import { anyString, json } from "../support/json-arbitraries.ts";
import { patchCases } from "../support/patch-arbitraries.ts";

const parses = (input: unknown): boolean => {
  try {
    parsePatch(input, { patchOperations: Infinity });
    return true;
  } catch {
    return false;
  }
};
const fits = (input: unknown): boolean => jsonPatchBody.safeParse(input).success;

/** Parts of an operation: members that are valid, invalid, unusual or missing. */
const pointers = fc.oneof(
  fc.constantFrom("", "/", "/a", "/a/b", "/~0~1", "/a\n/b", "//", "/-", "/🦊"),
  fc.constantFrom("a", " /a", "/~", "/~2", "/a~", "~1", "#/a", "\n", "/a\n~"),
  anyString,
  anyString.map((text) => `/${text}`),
  json.value,
);
const ops = fc.oneof(
  fc.constantFrom("add", "remove", "replace", "move", "copy", "test"),
  fc.constantFrom("Add", "delete", "", "__proto__", "toString", null, 1),
);
const operation = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record(
      { op: ops, path: pointers, from: pointers, value: json.value, "": json.value },
      { requiredKeys: [] },
    ),
  },
  {
    weight: 1,
    arbitrary: fc
      .constantFrom(
        '{"__proto__":{"op":"remove","path":""}}',
        '{"op":"add","path":"","__proto__":{"value":1}}',
        '{"op":"add","path":"","value":null}',
        '[["op","remove"],["path",""]]',
      )
      .map((text): unknown => JSON.parse(text)),
  },
  { weight: 1, arbitrary: json.value },
);
const input = fc.oneof(
  { weight: 8, arbitrary: fc.array(operation, { maxLength: 2 }) },
  { weight: 1, arbitrary: operation },
  { weight: 1, arbitrary: json.value },
  { weight: 1, arbitrary: patchCases().map(({ patch }) => patch) },
);

test("[S5] the schema of JSON Patch accepts exactly what the decoder accepts", () => {
  let accepted = 0;
  fc.assert(
    fc.property(input, (value) => {
      const parsed = parses(value);
      if (parsed) accepted++;
      expect(fits(value)).toBe(parsed);
    }),
    { numRuns: 3000 },
  );
  // Both cases occurred.
  expect(accepted).toBeGreaterThan(100);
  expect(accepted).toBeLessThan(2900);
});

test("[S5] the value of an operation may be null but not missing", () => {
  for (const op of ["add", "replace", "test"]) {
    for (const check of [fits, parses]) {
      expect(check([{ op, path: "", value: null }])).toBe(true);
      expect(check([{ op, path: "" }])).toBe(false);
    }
  }
});
