// The project `core`: whatever needs no platform, rooms included, in Node. It has a file of its own because
// `npm run test:core` should be quick, and the plugin for workerd takes two seconds to load.

import { join } from "node:path";
import { defineConfig } from "vitest/config";

/** Folders whose tests run inside workerd. */
export const workerd = "test/{cloudflare,http,public-api}/**/*.test.ts";
/** Tests that start real servers. */
export const servers = "test/node/**/*.test.ts";

/** Tests that open pages in a browser. */
export const pages = "test/browser/**/*.test.ts";

const project = import.meta.dirname;

/** The package's own name means its sources here, as in tsconfig.json. */
export const sources = [
  { find: /^collab-room$/, replacement: join(project, "src/index.ts") },
  { find: /^collab-room\/(\w+)$/, replacement: join(project, "src/$1/index.ts") },
];

export const common = {
  // Rooms log what goes wrong in them, and in most tests something does, on purpose.
  silent: "passed-only",
  testTimeout: 120_000,
  hookTimeout: 30_000,
  // In `core`, files share a worker: a spy that stayed would count the calls of the next file.
  restoreMocks: true,
} as const;

export default defineConfig({
  // The public API loads here too; its Durable Object classes are not used.
  resolve: {
    alias: [
      ...sources,
      {
        find: "cloudflare:workers",
        replacement: join(project, "test/support/core/cloudflare-workers.ts"),
      },
    ],
  },
  test: {
    ...common,
    name: "core",
    // All that the other projects do not take, so no file is left out.
    include: ["test/**/*.test.ts"],
    exclude: [workerd, servers, pages],
    // A worker for each file would take longer to start than the file's tests.
    isolate: false,
    // More than there are cores, because some tests wait for a timeout.
    maxWorkers: 4,
  },
});
