// What comes between while an operator works in the inspector: other people, other tokens, rooms that stop or cannot save,
// a service that is gone. Nothing that was typed is lost, and the page says what is wrong.

import type { Browser, Locator, Page } from "playwright-core";
import { beforeEach, describe, expect, test } from "vitest";
import { useBrowser } from "../support/browser-suite.ts";
import type { DevServer } from "../support/dev-server.ts";
import { askRoom, inspect } from "../support/inspector.ts";

let browser: Browser;
let server: DevServer;
const visitors = useBrowser("troubles", (started) => {
  ({ browser, server } = started);
});

let room: string;
let ask: ReturnType<typeof askRoom>;
beforeEach(() => {
  room = `room-${crypto.randomUUID().slice(0, 8)}`;
  ask = askRoom(server.url, room);
});

const state = { title: "Bridge", tags: ["draft", "urgent"] };
async function startWithState(): Promise<void> {
  await ask("PUT", "", { behaviour: "doc" });
  await ask("PUT", "/state", state);
}

async function open(address: string, url = server.url): Promise<Page> {
  const visitor = await inspect(browser, url, address);
  visitors.push(visitor);
  return visitor.page;
}

const openTab = (tab: string): Promise<Page> => open(`/rooms/${room}/${tab}`);
const press = (view: Page | Locator, name: string): Promise<void> =>
  view.getByRole("button", { name, exact: true }).first().click();

describe("the timeline", () => {
  test("gives way to another row and another tab once a row was chosen", async () => {
    await startWithState();
    await ask("PUT", "/state", { title: "Pier" });
    const page = await openTab("timeline");
    await page.locator(".journal-row").first().click();
    await page.getByRole("heading", { name: "Version 2" }).waitFor();
    await page.locator(".journal-row").last().click();
    await page.getByRole("heading", { name: "Version 1" }).waitFor();
    await page.getByRole("tab", { name: "People" }).click();
    await page.getByText("Nobody is in this room.").waitFor();
  });
});
