// docs/guides/testing.md: each of its examples is code that runs, and it mentions each method of a net.

import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { TestRoom } from "../../../src/testing/test-room.ts";

const project = join(import.meta.dirname, "../../..");
const read = (path: string): Promise<string> => readFile(join(project, path), "utf8");

const guide = await read("docs/guides/testing.md");
const sources = await Promise.all(
  [
    "test/docs/testing-guide/board.ts",
    "test/docs/testing-guide/board.test.ts",
    "test/cloudflare/guide-recipe.test.ts",
  ].map(read),
);
const blocks = Array.from(guide.matchAll(/```ts\n(.*?)```/gs), ([, code = ""]) => code);

test("the examples are tests that run", () => {
  const examples = blocks
    .filter((code) => !code.includes("defineConfig"))
    .map((code) =>
      code.replace(/^\/\/ test\/.*\n/, "").replace("../../src/worker", "../fixtures/worker"),
    );
  expect(examples.length).toBeGreaterThan(10);
  for (const example of examples)
    expect(sources.some((source) => source.includes(example))).toBe(true);
});

test("the guide mentions every method of a net", () => {
  const methods = Object.getOwnPropertyNames(TestRoom.prototype).filter(
    (name) => name !== "constructor",
  );
  expect(methods.length).toBeGreaterThan(15);
  expect(methods.filter((name) => !guide.includes(name))).toEqual([]);
});
