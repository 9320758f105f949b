// Names and values of a state as one line shows them.

import { expect, test } from "vitest";
import { nameText, preview } from "../../../web/src/inspector/state/rows.ts";

test("characters that turn the direction of a text are shown, in values and in names", () => {
  expect(preview("a\u202ecba", false)).toBe('"a\\u202ecba"');
  expect(nameText("a\u2066b")).toBe("a\\u2066b");
  expect(preview("שלום", false)).toBe('"שלום"');
});

test("a name that could not be seen stands in quotes", () => {
  expect(nameText("")).toBe('""');
  expect(nameText(" a")).toBe('" a"');
  expect(nameText("a b")).toBe("a b");
});
