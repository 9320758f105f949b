// The package as npm packs it, installed into a folder of its own, as an application has it. No network: what it
// depends on is copied from this repository's node_modules, and no registry can be reached.

import { execFile } from "node:child_process";
import { cp, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import { promisify } from "node:util";

const project = join(import.meta.dirname, "../..");
const installed = join(project, "node_modules");
const execute = promisify(execFile);

/** What applications have besides, or the package depends on. */
const copied = [
  "@cloudflare/workers-types",
  "@standard-schema/spec",
  "@types/react",
  "csstype",
  "hono",
  "jose",
  "react",
  "zod",
  "zod-openapi",
];

export type PackedApp = {
  /** Where the application is. */
  readonly folder: string;
  /** The package that it has installed. */
  readonly tarball: string;
  remove(): Promise<void>;
};

/** Run a program. @returns what it prints, which is also in the error if it fails */
export async function run(
  file: string,
  args: readonly string[],
  cwd: string,
  env: NodeJS.ProcessEnv = process.env,
): Promise<string> {
  try {
    const { stdout, stderr } = await execute(file, args, { cwd, env, maxBuffer: 2 ** 26 });
    return stdout + stderr;
  } catch (error) {
    const { stdout = "", stderr = "" } = error as { stdout?: string; stderr?: string };
    throw new Error(`${file} ${args.join(" ")} has failed:\n${stdout}${stderr}`, { cause: error });
  }
}

/** Run a program that a dependency of this repository brings. */
export const runTool = (
  name: string,
  args: readonly string[],
  cwd: string,
  env?: NodeJS.ProcessEnv,
): Promise<string> => run(join(installed, ".bin", name), args, cwd, env);

/** Pack the package, and install it. It is built for that. */
export async function installPacked(): Promise<PackedApp> {
  const folder = await mkdtemp(join(tmpdir(), "collab-room-app-"));
  const remove = (): Promise<void> => rm(folder, { recursive: true, force: true });
  try {
    await run("npm", ["pack", "--silent", "--pack-destination", folder], project);
    const [name = ""] = await readdir(folder);
    const tarball = join(folder, name);
    await install(folder, tarball);
    return { folder, tarball, remove };
  } catch (error) {
    await remove();
    throw error;
  }
}

async function install(folder: string, tarball: string): Promise<void> {
  const dependencies = {
    "collab-room": `file:${tarball}`,
    ...Object.fromEntries(copied.map((name) => [name, `file:${join(installed, name)}`])),
  };
  await writeFile(
    join(folder, "package.json"),
    JSON.stringify({ name: "app", private: true, type: "module", dependencies }),
  );
  const options = [
    "--offline",
    "--install-links",
    "--ignore-scripts",
    "--strict-peer-deps",
    "--no-audit",
    "--no-fund",
    `--cache=${join(folder, ".npm")}`,
    "--registry=http://127.0.0.1:9",
  ];
  await run("npm", ["install", ...options], folder);
}

/** Copy an example, with the packed package; its other dependencies are those of this repository. */
export async function installExample(from: string, to: string, app: PackedApp): Promise<void> {
  const isSource = (path: string): boolean =>
    !["node_modules", "dist", ".wrangler"].includes(basename(path));
  await cp(from, to, { recursive: true, filter: isSource });
  await linkInstalled(to, app);
}

/** Give a folder the packed package, and beside it what this repository has installed. */
export async function linkInstalled(to: string, app: PackedApp): Promise<void> {
  const modules = join(to, "node_modules");
  await mkdir(modules);
  for (const name of await readdir(installed))
    await symlink(join(installed, name), join(modules, name));
  await cp(join(app.folder, "node_modules/collab-room"), join(modules, "collab-room"), {
    recursive: true,
  });
}

/** The blocks of code in a document, by the word behind their fence. */
export async function snippetsOf(document: string, language: string): Promise<string[]> {
  const text = await readFile(join(project, document), "utf8");
  const blocks = text.matchAll(/^```(\w+)\n([\s\S]*?)^```$/gm);
  return Array.from(blocks, ([, name, code = ""]) => (name === language ? code : "")).filter(
    (code) => code !== "",
  );
}

/** The files that a document names before their code, as **`src/worker.ts`**, by name. */
export async function filesIn(document: string): Promise<Record<string, string>> {
  const text = await readFile(join(project, document), "utf8");
  const files = text.matchAll(/^\*\*`([^`]+)`\*\*\n\n```\w+\n([\s\S]*?)^```$/gm);
  return Object.fromEntries(Array.from(files, ([, name = "", code = ""]) => [name, code]));
}

/** The blocks of TSX in a document that begin with a comment that names their file, by that name. */
export async function modulesIn(document: string): Promise<Record<string, string>> {
  const blocks = (await snippetsOf(document, "tsx")).map((code) => /^\/\/ (\S+)\n/.exec(code));
  return Object.fromEntries(blocks.flatMap((found) => (found ? [[found[1], found.input]] : [])));
}

/** Write files, and the folders that they are in. */
export async function writeFiles(
  folder: string,
  files: Readonly<Record<string, string>>,
): Promise<void> {
  for (const [name, text] of Object.entries(files)) {
    const path = join(folder, name);
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, text);
  }
}

export type TypeCheck = {
  readonly files: Readonly<Record<string, string>>;
  readonly moduleResolution: "bundler" | "nodenext";
  readonly lib?: readonly string[];
  readonly types?: readonly string[];
};

/** Check files as a strict application that also checks the declarations of what it uses. Throws what is wrong. */
export async function checkTypes(
  folder: string,
  { files, moduleResolution, lib = [], types = [] }: TypeCheck,
): Promise<void> {
  await writeFiles(folder, files);
  const config = {
    compilerOptions: {
      strict: true,
      skipLibCheck: false,
      exactOptionalPropertyTypes: true,
      noUncheckedIndexedAccess: true,
      noEmit: true,
      target: "ES2022",
      lib: ["ES2022", ...lib],
      module: moduleResolution === "nodenext" ? "nodenext" : "ESNext",
      moduleResolution,
      types,
    },
    files: Object.keys(files),
  };
  await writeFile(join(folder, "tsconfig.json"), JSON.stringify(config));
  await runTool("tsc", ["--project", "tsconfig.json"], folder);
}
