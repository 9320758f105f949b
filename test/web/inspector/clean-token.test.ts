// A token as somebody pastes it into the field of the inspector.

import { expect, test } from "vitest";
import { cleanToken } from "../../../web/src/inspector/common/clean-token.ts";

test.each([
  "aa.bb.cc",
  "  aa.b\nb.cc\n",
  "Bearer aa.bb.cc",
  " \n bearer  aa.bb.cc",
  "Authorization: Bearer aa.bb.cc",
  '"aa.bb.cc"',
  "'Authorization: Bearer aa.bb.cc'",
])("%j is the token aa.bb.cc", (pasted) => {
  expect(cleanToken(pasted)).toBe("aa.bb.cc");
});

test.each(["", " ", "bearer "])("%j is no token", (pasted) => {
  expect(cleanToken(pasted)).toBe("");
});
