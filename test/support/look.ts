// Looks at a page as people with other eyes, screens and hands do: with axe, in light, in dark and on a phone. A picture
// of each goes into .screenshots/.

import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import type { AxeResults } from "axe-core";
import type { Page } from "playwright-core";
import { expect } from "vitest";
import { picture } from "./pages.ts";

const source = readFile(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

/** Look at a page in light, in dark and on a phone: with axe, and for people. */
export async function look(page: Page, name: string): Promise<void> {
  const { width, height } = page.viewportSize() ?? { width: 1360, height: 900 };
  for (const colorScheme of ["light", "dark"] as const) {
    await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
    await expectAccessible(page);
    await picture(page, `${name}-${colorScheme}`);
  }
  await page.setViewportSize({ width: 390, height: 844 });
  await page.emulateMedia({ colorScheme: "light" });
  await expectAccessible(page);
  const { scroll, seen: inner } = (await page.evaluate(
    "({ scroll: document.documentElement.scrollWidth, seen: innerWidth })",
  )) as { scroll: number; seen: number };
  expect(scroll).toBeLessThanOrEqual(inner);
  await picture(page, `${name}-narrow`);
  await page.setViewportSize({ width, height });
}

async function expectAccessible(page: Page): Promise<void> {
  const axe = await source;
  // Evaluated by the debugger, which the page's policy does not bind.
  const { violations } = (await page.evaluate(`${axe}; axe.run()`)) as AxeResults;
  const findings = violations
    .filter(({ impact }) => impact === "serious" || impact === "critical")
    .map(
      ({ id, nodes }) =>
        `${id}: ${nodes.map(({ html, failureSummary }) => `${html} ${failureSummary}`).join("\n")}`,
    );
  expect(findings).toEqual([]);
}
