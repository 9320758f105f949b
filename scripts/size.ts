// `npm run size [-- folder]`: how many bytes the client adds to a page: bundled, minified, without React, gzipped. It
// measures the sources or a build folder, and fails above a limit.

import { readdirSync } from "node:fs";
import { join, relative, resolve } from "node:path";
import { gzipSync } from "node:zlib";
import { build } from "esbuild";

const kib = 1024;

/** The imports of a page, and the limit in bytes for it. */
const parts = [
  { name: "connectRoom alone", imports: [["connectRoom", "client"]], limit: 21.3 * kib },
  { name: "client", imports: [["*", "client"]], limit: 22.5 * kib },
  {
    name: "client and react",
    imports: [
      ["*", "client"],
      ["*", "react"],
    ],
    limit: 25.1 * kib,
  },
] as const;

/** The bundle that a page loads initially. */
export type Bundle = {
  /** Size after gzip. */
  readonly bytes: number;
  readonly text: string;
  /** The modules in it, as paths in the folder. */
  readonly modules: readonly string[];
};

export type PartSize = Bundle & { readonly name: string; readonly limit: number };

/** A name, or `*` for all, and the entry to import it from. */
type Import = readonly [what: string, entry: string];

/** Measure the parts in a folder: `src` or `dist`. */
export const measureSizes = (folder: string): Promise<PartSize[]> =>
  Promise.all(
    parts.map(async ({ name, imports, limit }) => ({
      name,
      limit,
      ...(await bundle(folder, imports)),
    })),
  );

/** Bundle what a page imports from a folder, without what it loads later by `import()`. */
export async function bundle(folder: string, imports: readonly Import[]): Promise<Bundle> {
  const contents = imports
    .map(([what, entry]) => {
      const names = what === "*" ? what : `{ ${what} }`;
      return `export ${names} from ${JSON.stringify(indexOf(join(folder, entry)))};`;
    })
    .join("\n");
  const { outputFiles, metafile } = await build({
    stdin: { contents, resolveDir: folder },
    absWorkingDir: folder,
    bundle: true,
    splitting: true,
    outdir: folder,
    minify: true,
    write: false,
    metafile: true,
    format: "esm",
    target: "es2022",
    external: ["react", "react/*"],
  });
  const { outputs } = metafile;
  const isEntry = (path: string): boolean => outputs[path]?.entryPoint === "<stdin>";
  const paths = new Set(Object.keys(outputs).filter(isEntry));
  // The set grows during the loop.
  for (const path of paths)
    for (const { kind, path: imported } of outputs[path]?.imports ?? [])
      if (kind === "import-statement" && imported in outputs) paths.add(imported);
  const text = [...paths]
    .flatMap((path) => outputFiles.find((file) => file.path === join(folder, path))?.text ?? [])
    .join("\n");
  const modules = [...paths].flatMap((path) => Object.keys(outputs[path]?.inputs ?? {}));
  return {
    bytes: gzipSync(text, { level: 9 }).byteLength,
    text,
    modules: modules.filter((path) => path !== "<stdin>"),
  };
}

function indexOf(folder: string): string {
  const index = readdirSync(folder).find((name) => /^index\.[jt]sx?$/.test(name));
  if (index === undefined) throw new Error(`${folder} has no index`);
  return join(folder, index);
}

export const sizeText = ({ name, bytes, limit }: PartSize): string =>
  `${name}: ${(bytes / kib).toFixed(2)} KiB gzip, limit ${limit / kib} KiB`;

if (import.meta.main) {
  const folder = resolve(process.argv[2] ?? join(import.meta.dirname, "../src"));
  const sizes = await measureSizes(folder);
  console.log(`${relative(process.cwd(), folder)}/`);
  for (const size of sizes) console.log(sizeText(size));
  if (sizes.some(({ bytes, limit }) => bytes > limit)) process.exitCode = 1;
}
