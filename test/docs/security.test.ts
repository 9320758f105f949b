// SECURITY.md: each attack names rules that there are, and tests that show them.

import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";

const project = join(import.meta.dirname, "../..");
const read = (path: string): string => readFileSync(join(project, path), "utf8");

const text = read("SECURITY.md");
const rules = new Set(
  Array.from(read("docs/SPEC.md").matchAll(/^- \*\*([A-Z]\d+)\*\* /gm), ([, id]) => id),
);

const rows = [...text.matchAll(/^\| (.*) \|$/gm)]
  .map(([, row = ""]) => row.split(" | "))
  .slice(1)
  .map(([attack = "", , ids = "", tests = ""]) => ({
    attack,
    ids: ids.split(", "),
    files: Array.from(tests.matchAll(/\]\((.*?)\)/g), ([, path = ""]) => path),
  }));

test.each(rows)("the tests that are named show the rules: $attack", ({ ids, files }) => {
  expect(files.length).toBeGreaterThan(0);
  const shown = files.map((path) => ({
    path,
    ids: new Set(
      Array.from(read(path).matchAll(/\[((?:[A-Z]\d+(?:, )?)+)\]/g), ([, some = ""]) =>
        some.split(", "),
      ).flat(),
    ),
  }));
  for (const file of shown)
    expect(
      ids.filter((id) => file.ids.has(id)),
      file.path,
    ).not.toEqual([]);
  expect(ids.filter((id) => !shown.some((file) => file.ids.has(id)))).toEqual([]);
});

test("every rule and every file exists that SECURITY.md names", () => {
  const named = text.match(/\b[A-Z]\d{1,2}\b/g) ?? [];
  expect(named.filter((id) => !rules.has(id))).toEqual([]);
  const links = Array.from(text.matchAll(/\]\((.*?)\)/g), ([, path = ""]) => path);
  expect(links.filter((path) => !existsSync(join(project, path)))).toEqual([]);
});
