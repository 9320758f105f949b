import { cloudflareTest } from "@cloudflare/vitest-plugin";
import { defineConfig } from "vitest/config";
import { common, pages, servers, sources, workerd } from "./vitest.core.config.ts";

const plugin = () => cloudflareTest({ wrangler: { configPath: "./test/fixtures/wrangler.toml" } });

/** Tests in workerd that count the whole deployment, or replace a module. */
const alone = [
  "test/cloudflare/directory-size.test.ts",
  "test/http/caching.test.ts",
  "test/http/metrics.test.ts",
];

export default defineConfig({
  resolve: { alias: sources },
  test: {
    ...common,
    // One more than there are cores of a small machine, because servers and runtimes often wait.
    maxWorkers: 3,
    // The plugin (1.4.0) loses files in Vitest's module cache: "no such file … .vitest-cache".
    fsModuleCache: false,
    projects: [
      "./vitest.core.config.ts",
      {
        extends: true,
        test: {
          name: "servers",
          include: [servers],
          sequence: { groupOrder: 1 }, // after the core, which has more workers
        },
      },
      {
        extends: true,
        test: {
          name: "pages",
          include: [pages],
          sequence: { groupOrder: 2 }, // a browser and a server of its own need the machine
          maxWorkers: 1,
        },
      },
      {
        extends: true,
        plugins: [plugin()],
        test: {
          name: "workerd",
          include: [workerd],
          exclude: alone,
          sequence: { groupOrder: 1 },
          // Files share a runtime: starting one and loading all modules takes longer than most files do.
          isolate: false,
        },
      },
      {
        extends: true,
        plugins: [plugin()],
        test: {
          name: "workerd, alone",
          include: alone,
          sequence: { groupOrder: 1 },
        },
      },
    ],
  },
});
