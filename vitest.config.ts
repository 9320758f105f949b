import { join } from "node:path";
import { cloudflareTest } from "@cloudflare/vitest-plugin";
import { defineConfig } from "vitest/config";

// Folders whose tests run inside workerd; all others run in Node, so no file is left out.
const workerd = "test/{cloudflare,durable,http,public-api}/**/*.test.ts";
/** Starts real servers. */
const servers = "test/node/**/*.test.ts";

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
        // The library's rooms run here too: it loads, and its Durable Object classes are not used.
        resolve: {
          alias: {
            "cloudflare:workers": join(
              import.meta.dirname,
              "test/support/core/cloudflare-workers.ts",
            ),
          },
        },
        test: {
          name: "core",
          // A worker for each file would take longer to start than the file's tests.
          isolate: false,
          include: ["test/**/*.test.ts"],
          exclude: [workerd, servers],
        },
      },
      {
        extends: true,
        test: {
          name: "servers",
          include: [servers],
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
