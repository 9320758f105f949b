// `npm run size [-- folder]`: how many bytes the client adds to a page, as a bundler makes it: minified, without
// React, as gzip. It measures the sources, or a folder that they were built into, and fails above a limit.

import { readdirSync } from "node:fs";
import { join, relative, resolve } from "node:path";
import { gzipSync } from "node:zlib";
import { build } from "esbuild";

const kib = 1024;

/** What a page may import, and the most bytes that it may add. */
const parts = [
  { name: "connectRoom alone", imports: [["connectRoom", "client"]], limit: 19.2 * kib },
  { name: "client", imports: [["*", "client"]], limit: 20.4 * kib },
  {
    name: "client and react",
    imports: [
      ["*", "client"],
      ["*", "react"],
    ],
    limit: 23.1 * kib,
  },
] as const;

export type PartSize = {
  readonly name: string;
  /** Of gzip. */
  readonly bytes: number;
  readonly limit: number;
  /** The bundle. */
  readonly text: string;
  /** The modules in it, by their paths in the folder. */
  readonly modules: readonly string[];
};

/** Measure what is in a folder: `src`, or `dist`. */
export const measureSizes = (folder: string): Promise<PartSize[]> =>
  Promise.all(
    parts.map(async ({ name, imports, limit }) => {
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
        minify: true,
        write: false,
        metafile: true,
        format: "esm",
        target: "es2022",
        external: ["react", "react/*"],
      });
      const text = outputFiles[0]?.text ?? "";
      return {
        name,
        bytes: gzipSync(text, { level: 9 }).byteLength,
        limit,
        text,
        modules: Object.keys(metafile.inputs).filter((path) => path !== "<stdin>"),
      };
    }),
  );

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
