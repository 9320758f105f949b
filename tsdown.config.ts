// Builds the package: each module of src/ that an entry needs becomes one in dist/, with its declarations. Modules
// stay apart so that a bundler takes what it needs, and so that a declaration says in which file something is.

import { defineConfig } from "tsdown";

export default defineConfig({
  // Those of `exports` in package.json.
  entry: ["src/index.ts", "src/{behaviours,protocol,client,react,testing}/index.ts"],
  unbundle: true,
  format: "esm",
  // Workers, browsers and Node take the same modules.
  platform: "neutral",
  target: "es2022",
  deps: { neverBundle: [/^cloudflare:/, /^node:/] },
  dts: true,
  plugins: [
    {
      // Rolldown adds an import of another entry, for nothing but to have it run: with it, a page's types would need
      // those of Workers.
      name: "declarations-import-what-they-name",
      renderChunk: (code, { fileName }) =>
        fileName.endsWith(".d.ts") ? code.replaceAll(/^import "[^"]+";\n/gm, "") : null,
    },
  ],
  fixedExtension: false,
  logLevel: "warn",
});
