// Pages of the demo as tests use them: who is on them, what they do, and whether the browser has complained.

import { join } from "node:path";
import type { Browser, BrowserContextOptions, Locator, Page } from "playwright-core";
import { expect } from "vitest";

const pictures = join(import.meta.dirname, "../../.screenshots");

export type Visitor = {
  readonly name: string;
  readonly page: Page;
  /** What the browser has complained of. */
  readonly complaints: string[];
};

export type VisitOptions = BrowserContextOptions & {
  /** Who it is. Default: somebody of the page's choice. */
  readonly name?: string;
  readonly color?: string;
  /** The same id is the same person. */
  readonly id?: string;
  /** What comes behind the board's name in the address. */
  readonly rest?: string;
};

export const newBoard = (): string => `test-${crypto.randomUUID().slice(0, 8)}`;

/** Open a board in a browser of somebody's own. */
export async function visit(
  browser: Browser,
  url: string,
  board: string,
  options: VisitOptions = {},
): Promise<Visitor> {
  const { name = "Ada", color = "#c2255c", id = crypto.randomUUID(), rest = "", ...more } = options;
  const context = await browser.newContext({ viewport: { width: 1360, height: 900 }, ...more });
  const page = await context.newPage();
  await page.addInitScript((person) => {
    // A reload finds what the page has kept.
    if (sessionStorage.getItem("person-0") !== null) return;
    sessionStorage.setItem("person-0", person);
    sessionStorage.setItem(
      "person-1",
      JSON.stringify({ id: `${JSON.parse(person).id}-2`, name: "Bob", color: "#0b7285" }),
    );
  }, JSON.stringify({ id, name, color }));
  const complaints: string[] = [];
  page.on("console", (message) => {
    if (["error", "warning"].includes(message.type())) complaints.push(message.text());
  });
  page.on("pageerror", (error) => complaints.push(String(error)));
  await page.goto(`${url}/?board=${board}${rest}`);
  return { name, page, complaints };
}

/** The browser has had nothing to say, violations of the policy included. */
export const expectNoComplaints = ({ complaints }: Visitor): void => expect(complaints).toEqual([]);

export const pane = (page: Page, index = 0): Locator => page.locator(".pane").nth(index);

/** For what a page shows once a room or a server has answered. */
export const soon = { timeout: 15_000, interval: 25 } as const;

export const press = (view: Page | Locator, name: string): Promise<void> =>
  view.getByRole("button", { name, exact: true }).first().click();

/** Wait until the board is there. */
export const seen = (view: Locator): Promise<void> =>
  view.locator(".status[data-live=true]").waitFor();

/** The notes whose text begins so. */
export const note = (view: Locator, text: string): Locator =>
  view.locator(`.note[aria-label^=${JSON.stringify(`Note: ${text}`)}]`);

export const textOf = (found: Locator): Promise<string> => found.locator("textarea").inputValue();

const asks = `(() => {
  const event = new Event("beforeunload", { cancelable: true });
  dispatchEvent(event);
  return event.defaultPrevented;
})()`;

/** Wait until the browser keeps all edits: it would let the page be closed without asking. */
export const allKept = (page: Page): Promise<void> =>
  expect.poll(() => page.evaluate(asks), { timeout: 15_000, interval: 25 }).toBe(false);

/** Take a picture of the whole page, into .screenshots/. */
export const picture = (page: Page, name: string): Promise<Buffer> =>
  page.screenshot({
    path: join(pictures, `${name}.png`),
    animations: "disabled",
    fullPage: true,
  });
