import { cloudflareTest } from "@cloudflare/vitest-plugin";
import { defineConfig } from "vitest/config";
import { common, pages, servers, sources, workerd } from "./vitest.core.config.ts";

export default defineConfig({
  resolve: { alias: sources },
  test: {
    ...common,
    // Each workerd file starts a runtime of its own; more at once only slow each other down.
    maxWorkers: 2,
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
        plugins: [cloudflareTest({ wrangler: { configPath: "./test/fixtures/wrangler.toml" } })],
        test: {
          name: "workerd",
          include: [workerd],
          sequence: { groupOrder: 1 },
        },
      },
    ],
  },
});
