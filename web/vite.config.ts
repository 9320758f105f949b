// Builds the pages: the demo at /, and the inspector at /inspector. Assets are files of their own, so that the policy in
// public/_headers can forbid everything inline.

import { existsSync } from "node:fs";
import { join } from "node:path";
import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";

// Whoever builds the pages, tests included: with another value, React's development build would get into them.
process.env["NODE_ENV"] = "production";

const folder = import.meta.dirname;
const pages = ["index.html", "inspector.html"];

export default defineConfig({
  root: folder,
  plugins: [react()],
  resolve: {
    // What the package's own name means here: its sources, as in tsconfig.json.
    alias: [{ find: /^collab-room\/(\w+)$/, replacement: join(folder, "../src/$1/index.ts") }],
  },
  build: {
    outDir: "dist",
    emptyOutDir: true,
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    target: "es2023",
    rolldownOptions: {
      input: pages.map((page) => join(folder, page)).filter((page) => existsSync(page)),
    },
  },
});
