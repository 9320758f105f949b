import { cloudflareTest } from "@cloudflare/vitest-plugin";
import { defineConfig } from "vitest/config";

// Folders whose tests run inside workerd; all others run in Node, so no file is left out.
const workerd = "test/{durable,http,public-api}/**/*.test.ts";

export default defineConfig({
  test: {
    // Rooms log what goes wrong in them, and in most tests something does, on purpose.
    silent: "passed-only",
    testTimeout: 30_000,
    hookTimeout: 30_000,
    // Each workerd file starts a runtime of its own; more at once only slow each other down.
    maxWorkers: 2,
    // The plugin (1.4.0) loses files in Vitest's module cache: "no such file … .vitest-cache".
    fsModuleCache: false,
    projects: [
      {
        extends: true,
        test: {
          name: "node",
          include: ["test/**/*.test.ts"],
          exclude: [workerd],
        },
      },
      {
        extends: true,
        plugins: [cloudflareTest({ wrangler: { configPath: "./test/fixtures/wrangler.toml" } })],
        test: {
          name: "workerd",
          include: [workerd],
        },
      },
    ],
  },
});
