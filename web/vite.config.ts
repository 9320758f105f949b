// Builds the pages, one at a time: the demo at /, and with `--mode inspector`, beside it, the inspector at /inspector. So
// neither loads what only the other one needs. Assets are files of their own, so that the policy in public/_headers can
// forbid everything inline.

import { join } from "node:path";
import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";

// Whoever builds the pages, tests included: with another value, React's development build would get into them.
process.env["NODE_ENV"] = "production";

const folder = import.meta.dirname;

export default defineConfig(({ mode }) => {
  const isDemo = mode !== "inspector";
  return {
    root: folder,
    plugins: [react()],
    resolve: {
      // What the package's own name means here: its sources, as in tsconfig.json.
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
