// `npm run picture`: takes the screenshot at the top of the README, docs/demo.png: two people on a board of the demo.

import { mkdtemp, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { launchBrowser } from "../test/support/browser.ts";
import { startDevServer } from "../test/support/dev-server.ts";
import { pane, seen, visit } from "../test/support/pages.ts";

const file = join(import.meta.dirname, "../docs/demo.png");
const limit = 200 * 1024;

const folder = await mkdtemp(join(tmpdir(), "collab-room-picture-"));
const server = await startDevServer({ persistTo: folder });
const browser = await launchBrowser();
try {
  const viewport = { width: 1240, height: 900 };
  const { page } = await visit(browser, server.url, "demo", { viewport, reducedMotion: "reduce" });
  await page.getByRole("button", { name: "Add a second person" }).click();
  const [ada, bob] = [pane(page, 0), pane(page, 1)];
  await Promise.all([seen(ada), seen(bob)]);
  await bob.locator("[data-id=b] textarea").focus();
  await page.keyboard.press("Control+End");
  const box = await bob.locator(".viewport").boundingBox();
  await page.mouse.move((box?.x ?? 0) + 410, (box?.y ?? 0) + 232);
  await page.keyboard.type(" Like this.");
  await ada.locator(".cursor").waitFor();
  await ada.getByText("Bob is typing…").waitFor();
  const text = ada.locator("[data-id=b] textarea");
  while (!(await text.inputValue()).endsWith("Like this.")) await sleep(10);
  await bob.getByText("Live, all saved").waitFor();
  await page.screenshot({ path: file, animations: "disabled", caret: "hide" });
  const { size } = await stat(file);
  console.log(`docs/demo.png: ${(size / 1024).toFixed(0)} KiB, limit ${limit / 1024} KiB`);
  if (size > limit) process.exitCode = 1;
} finally {
  await browser.close();
  await server.kill();
  await rm(folder, { recursive: true, force: true });
}
