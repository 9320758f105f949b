// The hooks stay small: the minified, gzipped bytes that they add to a page that has the client.

import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { build, type Rolldown } from "vite";
import { expect, test } from "vitest";

const source = join(import.meta.dirname, "../../src");

/** The size of a bundle with these modules, without React. */
async function bytesOf(...modules: readonly string[]): Promise<number> {
  const entry = "virtual:entry";
  const { output } = (await build({
    configFile: false,
    logLevel: "silent",
    build: {
      write: false,
      minify: true,
      modulePreload: false,
      rolldownOptions: {
        input: entry,
        external: [/^react/],
        preserveEntrySignatures: "strict",
      },
    },
    plugins: [
      {
        name: "entry",
        resolveId: (id) => (id === entry ? id : null),
        load: (id) =>
          id === entry
            ? modules.map((each) => `export * from ${JSON.stringify(join(source, each))};`).join("")
            : null,
      },
    ],
  })) as Rolldown.RolldownOutput;
  const code = output.map((chunk) => (chunk.type === "chunk" ? chunk.code : "")).join("");
  return gzipSync(code, { level: 9 }).byteLength;
}

test("the hooks add at most 3 KiB to the client", async () => {
  const client = "client/index.ts";
  const added = (await bytesOf(client, "react/index.ts")) - (await bytesOf(client));
  expect(added).toBeGreaterThan(1024);
  expect(added).toBeLessThanOrEqual(3 * 1024);
});
