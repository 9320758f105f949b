// docs/guides/react.md: its examples are modules that fit each other and the types, and it names every hook.

import { execFile } from "node:child_process";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { createHooks } from "../../src/react/create-room-context.ts";
import { fakeConnect } from "../react/support/fake-room.ts";

const project = join(import.meta.dirname, "../..");
const guide = await readFile(join(project, "docs/guides/react.md"), "utf8");
const modules = Array.from(
  guide.matchAll(/```tsx\n\/\/ (\S+)\n(.*?)```/gs),
  ([, name = "", text = ""]) => ({ name, text }),
);

test("each example is a module with a name of its own", () => {
  expect(modules.length).toBeGreaterThan(5);
  expect(modules).toHaveLength(guide.split("```tsx").length - 1);
  expect(new Set(modules.map(({ name }) => name)).size).toBe(modules.length);
});

test("the examples fit the types", async () => {
  // Inside the project, because the compiler looks for packages above the files.
  await mkdir(join(project, "node_modules/.cache"), { recursive: true });
  const folder = await mkdtemp(join(project, "node_modules/.cache/react-guide-"));
  onTestFinished(() => rm(folder, { recursive: true }));
  await mkdir(join(folder, "src"));
  for (const { name, text } of modules) await writeFile(join(folder, name), text);
  const config = {
    extends: "../../../tsconfig.json",
    compilerOptions: {
      jsx: "react-jsx",
      // Those of pages: an event has a target with a value.
      lib: ["ES2024", "DOM", "DOM.Iterable"],
      types: ["node"],
      paths: {
        "collab-room/behaviours": ["../../../src/behaviours/index.ts"],
        "collab-room/client": ["../../../src/client/index.ts"],
        "collab-room/react": ["../../../src/react/index.ts"],
      },
    },
    include: ["."],
  };
  await writeFile(join(folder, "tsconfig.json"), JSON.stringify(config));
  const compiler = join(project, "node_modules/.bin/tsc");
  const output = await new Promise((resolve) =>
    execFile(compiler, ["--project", folder, "--pretty", "false"], (_error, out, err) =>
      resolve(out + err),
    ),
  );
  expect(output).toBe("");
});

test("the guide has every hook in its table, and no others", () => {
  const hooks = Object.keys(createHooks(fakeConnect().connect)).filter((name) =>
    name.startsWith("use"),
  );
  const [, table = ""] = guide.split("| hook | returns |");
  const named = table.split("\n\n")[0]?.matchAll(/`(use\w+)\(/g) ?? [];
  expect(Array.from(named, ([, name]) => name).toSorted()).toEqual(hooks.toSorted());
});
