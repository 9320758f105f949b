// TypeScript types of an OpenAPI document, as the field's usual generator makes them, and a check of programs that
// use them, by the project's own compiler.

import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { registerHooks } from "node:module";
import { join } from "node:path";
import { promisify } from "node:util";

// The generator needs an API that TypeScript 7 does not have yet (2026-11): it gets the TypeScript that ts-morph
// brings.
const api = import.meta.resolve("@ts-morph/common");
const standIn = `import { ts } from ${JSON.stringify(api)}; export default ts;`;
registerHooks({
  resolve: (specifier, context, next) =>
    specifier === "typescript" && context.parentURL?.includes("/openapi-typescript/")
      ? { url: `data:text/javascript,${encodeURIComponent(standIn)}`, shortCircuit: true }
      : next(specifier, context),
});
const { default: generate, astToString } = await import("openapi-typescript");

/** The types of a document, as the source of a module. */
export const typesOf = async (document: object): Promise<string> =>
  astToString(await generate(JSON.stringify(document)));

const project = join(import.meta.dirname, "../..");
const options = [
  ["--strict", "--noEmit", "--exactOptionalPropertyTypes", "--allowImportingTsExtensions"],
  ["--ignoreConfig", "--target", "es2022", "--module", "esnext"],
  ["--moduleResolution", "bundler", "--lib", "es2022,dom,dom.iterable", "--types", ""],
].flat();

/**
 * Check modules by name; one may import another as `./<name>.ts`.
 * @returns what the compiler says, line by line
 */
export async function compile(modules: Readonly<Record<string, string>>): Promise<string[]> {
  // Inside the project, so that its packages are found.
  const folder = await mkdtemp(join(project, "node_modules", ".compile-"));
  try {
    const files = Object.keys(modules).map((name) => join(folder, `${name}.ts`));
    await Promise.all(Object.values(modules).map((source, n) => writeFile(files[n] ?? "", source)));
    const compiler = join(project, "node_modules", "typescript", "bin", "tsc");
    await promisify(execFile)(process.execPath, [compiler, ...options, ...files], { cwd: folder });
    return [];
  } catch (error) {
    const { stdout } = error as { stdout?: string };
    if (stdout === undefined) throw error;
    return stdout.trim().split("\n");
  } finally {
    await rm(folder, { recursive: true });
  }
}
