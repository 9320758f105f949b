// Pages of the inspector as tests use them, and a room to look at.

import type { Browser, BrowserContextOptions, Locator, Page } from "playwright-core";
import { expect } from "vitest";
import type { Visitor } from "./pages.ts";

/** Open the inspector in a browser of an operator's own. @param address what stands behind the `#` */
export async function inspect(
  browser: Browser,
  url: string,
  address = "/",
  options: BrowserContextOptions = {},
  query = "",
): Promise<Visitor> {
  const context = await browser.newContext({ viewport: { width: 1360, height: 900 }, ...options });
  const page = await context.newPage();
  const complaints: string[] = [];
  page.on("console", (message) => {
    // The browser tells of each refusal; the page has to tell of it, too, and that is tested.
    const isRefusal = message.text().startsWith("Failed to load resource: the server responded");
    if (["error", "warning"].includes(message.type()) && !isRefusal)
      complaints.push(message.text());
  });
  page.on("pageerror", (error) => complaints.push(String(error)));
  await page.goto(`${url}/inspector${query}#${address}`);
  return { name: "operator", page, complaints };
}

/** Requests about one room. */
export function askRoom(url: string, room: string, token?: string) {
  return async (method: string, path: string, body?: unknown): Promise<unknown> => {
    const answer = await fetch(`${url}/rooms/${encodeURIComponent(room)}${path}`, {
      method,
      headers: {
        "content-type": "application/json",
        ...(token !== undefined && { authorization: `Bearer ${token}` }),
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    expect(answer.status).toBeLessThan(300);
    const text = await answer.text();
    return text === "" ? null : (JSON.parse(text) as unknown);
  };
}

/** What a page says where it shows nothing else, and its one button. */
export async function saysBlank(page: Page, kind: string): Promise<readonly [string, string]> {
  const blank = page.locator(`.blank[data-kind=${kind}]`);
  await blank.waitFor({ timeout: 20_000 });
  await expect.poll(() => blank.locator("button, a").count(), { timeout: 20_000 }).toBe(1);
  return [await blank.locator("p").innerText(), await blank.locator("button, a").innerText()];
}

/** The row of a state's tree that has this text. */
export const row = (page: Page, text: string): Locator =>
  page.getByRole("treeitem").filter({ hasText: text });
