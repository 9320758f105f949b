// Builds the pages one at a time: the demo at /, and with `--mode inspector` the inspector at /inspector, into the same
// folder. This way, neither loads what only the other one needs. Assets are separate files, so that the policy in
// public/_headers can forbid everything inline.

import { join } from "node:path";
import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";

// Set for every build, including those of tests: any other value would bundle React's development build.
process.env["NODE_ENV"] = "production";

const folder = import.meta.dirname;

export default defineConfig(({ mode }) => {
  const isDemo = mode !== "inspector";
  return {
    root: folder,
    plugins: [react()],
    resolve: {
      // Resolve the package's own name to its sources, as in tsconfig.json.
      alias: [{ find: /^collab-room\/(\w+)$/, replacement: join(folder, "../src/$1/index.ts") }],
    },
    build: {
      outDir: "dist",
      emptyOutDir: isDemo,
      copyPublicDir: isDemo,
      assetsInlineLimit: 0,
      modulePreload: { polyfill: false },
      target: "es2023",
      rolldownOptions: { input: join(folder, isDemo ? "index.html" : "inspector.html") },
    },
  };
});
