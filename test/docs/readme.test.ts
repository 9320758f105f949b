// The README stays short, and what it links to exists.

import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";

const project = join(import.meta.dirname, "../..");
const readme = await readFile(join(project, "README.md"), "utf8");

test("the README has fewer than 150 lines", () => {
  expect(readme.trimEnd().split("\n").length).toBeLessThan(150);
});

test("every file exists that the README links to", () => {
  const links = Array.from(readme.matchAll(/\]\(([^)#:]+)[^)]*\)/g), ([, path = ""]) => path);
  expect(links.length).toBeGreaterThan(0);
  expect(links.filter((path) => !existsSync(join(project, path)))).toEqual([]);
});

test("every script exists that the README names", async () => {
  const { scripts } = JSON.parse(await readFile(join(project, "package.json"), "utf8")) as {
    scripts: Record<string, string>;
  };
  const named = Array.from(readme.matchAll(/npm run (?:-s )?([a-z:]+)/g), ([, name = ""]) => name);
  expect(named.length).toBeGreaterThan(0);
  expect(named.filter((name) => !(name in scripts))).toEqual([]);
});
