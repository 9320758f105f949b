// docs/guides/: the compiler accepts what each page shows, what begins with `// run` prints what the page says, the links
// lead somewhere, and the index has every page.

import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { formatWithOptions } from "node:util";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { filesOf, printedBy, runFile, type PageFiles } from "../support/guides.ts";

const project = join(import.meta.dirname, "../..");
const guides = join(project, "docs/guides");
const read = (path: string): Promise<string> => readFile(join(project, path), "utf8");

/** Pages whose code another test runs as a whole: an application, or tests. It names the page. */
const runElsewhere: Readonly<Record<string, string>> = {
  "install.md": "test/node/package.test.ts",
  "deploying.md": "test/node/package.test.ts",
  "testing.md": "test/docs/testing-guide/guide.test.ts",
};

const names = (await readdir(guides)).filter((name) => name.endsWith(".md")).toSorted();
const texts = Object.fromEntries(
  await Promise.all(
    names.map(async (name) => [name, await readFile(join(guides, name), "utf8")] as const),
  ),
);
const pages: Readonly<Record<string, PageFiles>> = {
  ...Object.fromEntries(
    names
      .filter((name) => !(name in runElsewhere))
      .map((name) => [name, filesOf(texts[name] ?? "")]),
  ),
  "the README": filesOf(await read("README.md")),
};

/** A page with a mistake in its sixth line. */
const wrong = "# Wrong\n\nSome words.\n\n```ts\nexport const text: string = 1;\n```\n";

const config = {
  extends: join(project, "tsconfig.json"),
  compilerOptions: {
    jsx: "react-jsx",
    // A guide has code of pages and of Workers. Where both know a name, that of pages counts.
    lib: ["ES2024", "DOM", "DOM.Iterable"],
    types: ["@cloudflare/workers-types", "node"],
    moduleDetection: "force",
    noUnusedLocals: false,
    noUnusedParameters: false,
    paths: {
      "collab-room": [join(project, "src/index.ts")],
      "collab-room/*": [join(project, "src/*/index.ts")],
    },
  },
  include: ["*/**/*.ts", "*/**/*.tsx"],
};

let folder: string;
/** What the compiler has found, each with its file from `folder` on. */
let found: readonly string[];
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "collab-room-guides-"));
  // The compiler and Vite look for packages above the files.
  await symlink(join(project, "node_modules"), join(folder, "node_modules"));
  await writeFile(join(folder, "tsconfig.json"), JSON.stringify(config));
  for (const [page, files] of Object.entries({ ...pages, wrong: filesOf(wrong) }))
    for (const [name, code] of Object.entries(files)) {
      const path = join(folder, page, name);
      await mkdir(dirname(path), { recursive: true });
      await writeFile(path, code);
    }
  const compiler = join(project, "node_modules/.bin/tsc");
  const output = await new Promise<string>((resolve) =>
    execFile(compiler, ["--project", ".", "--pretty", "false"], { cwd: folder }, (_, out, err) =>
      resolve(out + err),
    ),
  );
  found = output.split("\n").filter((line) => /^\S/.test(line)); // what is indented explains the line before
}, 120_000);
afterAll(() => rm(folder, { recursive: true, force: true }));

const shown = Object.entries(pages).filter(([, files]) => Object.keys(files).length > 0);

test.each(shown)("the compiler accepts what %s shows", (page) => {
  expect(found.filter((line) => line.startsWith(`${page}/`))).toEqual([]);
});

test("the compiler finds a mistake, in its line, and nothing outside the pages", () => {
  const others = found.filter((line) => !shown.some(([page]) => line.startsWith(`${page}/`)));
  expect(others).toHaveLength(1);
  expect(others[0]).toMatch(/^wrong\/page\.ts\(6,14\): error TS2322/);
});

describe("what is run in a page", () => {
  const runs = shown.filter(([, files]) => runFile in files);

  test.each(runs)("prints what %s says", async (page, files) => {
    const print = vi.spyOn(console, "log").mockImplementation(() => {});
    await import(join(folder, page, runFile));
    const printed = print.mock.calls.map((values) =>
      formatWithOptions({ breakLength: Infinity, compact: 100, depth: 10 }, ...values),
    );
    const said = printedBy(files[runFile] ?? "");
    expect(said.length).toBeGreaterThan(0);
    expect(printed).toEqual(said);
  });
});

test.each(Object.entries(runElsewhere))("%s is run by %s", async (page, path) => {
  expect(await read(path)).toContain(`docs/guides/${page}`);
});

const documents = [...names.map((name) => `docs/guides/${name}`), "docs/HTTP.md", "README.md"];

test.each(documents)(
  "every file exists that %s links to, and every heading in it",
  async (path) => {
    const links = Array.from((await read(path)).matchAll(/\]\((?!https?:)([^)]*)\)/g));
    const broken: string[] = [];
    for (const [, link = ""] of links) {
      const [file = "", heading] = link.split("#");
      const to = file === "" ? path : join(dirname(path), file);
      const isThere =
        existsSync(join(project, to)) && (!heading || (await headingsOf(to)).has(heading));
      if (!isThere) broken.push(link);
    }
    expect(broken).toEqual([]);
  },
);

test.each(documents)("%s has no marks of a merge", async (path) => {
  expect(await read(path)).not.toMatch(/^(<{7}|={7}|>{7})( |$)/m);
});

test("the index has every guide, each once", () => {
  const linked = Array.from((texts["README.md"] ?? "").matchAll(/\]\(([\w-]+\.md)\)/g));
  const others = names.filter((name) => name !== "README.md");
  expect(linked.map(([, name]) => name).toSorted()).toEqual(others);
});

/** The headings of a file, as they are in an address. */
async function headingsOf(path: string): Promise<ReadonlySet<string>> {
  const headings = (await read(path)).matchAll(/^#+ (.*)$/gm);
  return new Set(
    Array.from(headings, ([, text = ""]) =>
      text
        .toLowerCase()
        .replaceAll(/[^\w\- ]/g, "")
        .replaceAll(" ", "-"),
    ),
  );
}
