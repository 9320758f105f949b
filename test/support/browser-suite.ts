// What each file of browser tests needs: a browser, a server with storage of its own, and visitors who have to leave
// without a complaint.

import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Browser } from "playwright-core";
import { afterAll, afterEach, beforeAll } from "vitest";
import { launchBrowser } from "./browser.ts";
import { startDevServer, type DevServer } from "./dev-server.ts";
import { expectNoComplaints, type Visitor } from "./pages.ts";

export type BrowserSuite = {
  readonly browser: Browser;
  /** A test that kills it puts the next one here. */
  server: DevServer;
  /** For the storage of servers; gone in the end. */
  readonly folder: string;
};

/**
 * Start a browser and a server for the tests of a file.
 * @param started gets them before the first test
 * @returns the visitors of a test, to be added to; their pages are closed after it
 */
export function useBrowser(name: string, started: (suite: BrowserSuite) => void): Visitor[] {
  const visitors: Visitor[] = [];
  let folder = "";
  let suite: BrowserSuite | undefined;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), `collab-room-${name}-`));
    const [browser, server] = await Promise.all([
      launchBrowser(),
      startDevServer({ persistTo: folder }),
    ]);
    suite = { browser, server, folder };
    started(suite);
  }, 120_000);
  afterAll(async () => {
    await Promise.all([suite?.browser.close(), suite?.server.kill()]);
    await rm(folder, { recursive: true, force: true });
  });
  afterEach(async () => {
    const open = visitors.splice(0);
    await Promise.all(open.map(({ page }) => page.context().close()));
    for (const visitor of open) expectNoComplaints(visitor);
  });
  return visitors;
}
