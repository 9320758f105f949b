// The test clients apply patches with code of their own. This checks that code, because all tests of rooms
// rely on it.

import fc from "fast-check";
import { expect, test } from "vitest";
import type { Patch } from "../../src/protocol/json-patch.ts";
import { canonical, deepFreeze } from "../support/canonical-json.ts";
import { documentsOnTheWay } from "../support/json-patch-oracle.ts";
import { casesBelow } from "../support/json-patch-suite.ts";
import { patchCases } from "../support/patch-arbitraries.ts";
import { plainPatched } from "../support/plain-patch.ts";
import { runs } from "../support/runs.ts";

test.each(casesBelow.filter(({ expected }) => expected !== null))(
  "[W2, S5] $name",
  ({ state, patch, expected }) => {
    expect(canonical(plainPatched(deepFreeze(state), patch as Patch))).toBe(canonical(expected));
  },
);

test("[W2, S5] a patch has the same result as in another library", () => {
  fc.assert(
    fc.property(patchCases({ wild: false }), ({ doc, patch }) => {
      const expected = documentsOnTheWay(doc, patch).at(-1)?.value ?? doc;
      expect(canonical(plainPatched(deepFreeze(doc), patch))).toBe(canonical(expected));
    }),
    { numRuns: runs(500) },
  );
});

test("[W2, S9] the key __proto__ is an ordinary key", () => {
  const patched = plainPatched(JSON.parse('{"__proto__":{"a":1}}'), [
    { op: "add", path: "/__proto__/b", value: 2 },
    { op: "copy", from: "/__proto__", path: "/constructor" },
    { op: "move", from: "/constructor", path: "/prototype" },
  ]);
  expect(JSON.stringify(patched)).toBe('{"__proto__":{"a":1,"b":2},"prototype":{"a":1,"b":2}}');
});
