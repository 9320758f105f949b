// What somebody types into a field that shows an older text than the board has.

import fc from "fast-check";
import { expect, test } from "vitest";
import { carryOver } from "../../web/src/demo/carry-over.ts";

test.each([
  { what: "before what others have typed", was: "bc", is: "abc", now: "bcd", all: "abcd" },
  { what: "behind it", was: "bc", is: "bcd", now: "abc", all: "abcd" },
  { what: "into a text that nobody has changed", was: "ac", is: "abc", now: "ac", all: "abc" },
  { what: "beside a part that others have removed", was: "abc", is: "abcd", now: "c", all: "cd" },
  {
    what: "over a part into which others have typed",
    was: "abcd",
    is: "x",
    now: "abYcd",
    all: "Yx",
  },
  { what: "where others have typed as well", was: "ab", is: "a1b", now: "a2b", all: "a12b" },
  { what: "another half of the same character", was: "😀", is: "😁", now: "😂", all: "😂😁" },
])("what is typed $what is there, and so is the rest", ({ was, is, now, all }) => {
  expect(carryOver(was, is, now)).toBe(all);
});

const text = fc.string({ unit: fc.constantFrom("a", "b", "😀", "😁"), maxLength: 6 });

test("whatever is typed, no character is cut in two", () => {
  fc.assert(
    fc.property(text, text, text, (was, is, now) => {
      expect(carryOver(was, is, now).isWellFormed()).toBe(true);
    }),
  );
});

test("without a change of others it is what is in the field, and without one of one's own what they have made", () => {
  fc.assert(
    fc.property(text, text, (was, is) => {
      expect(carryOver(was, is, was)).toBe(is);
      expect(carryOver(was, was, is)).toBe(is);
    }),
  );
});
