// What people in a room may show of themselves, and what that may not do to the page of somebody else: of an operator who
// looks at them, and of others on the board.

import type { Browser, Page } from "playwright-core";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { useBrowser } from "../support/browser-suite.ts";
import type { DevServer } from "../support/dev-server.ts";
import { askRoom, inspect } from "../support/inspector.ts";
import { newBoard, pane, seen, visit } from "../support/pages.ts";

let browser: Browser;
let server: DevServer;
const visitors = useBrowser("strangers", (started) => {
  ({ browser, server } = started);
});

let room: string;
let ask: ReturnType<typeof askRoom>;
beforeEach(() => {
  room = newBoard();
  ask = askRoom(server.url, room);
});

const sockets: WebSocket[] = [];
afterEach(() => {
  for (const socket of sockets.splice(0)) socket.close();
});

/** Come by a client of one's own, and show something. */
async function come(user: object, ...shown: readonly object[]): Promise<WebSocket> {
  const address = new URL(`/rooms/${room}/socket`, server.url.replace("http", "ws"));
  address.searchParams.set("user", JSON.stringify(user));
  address.searchParams.set("behaviour", "board");
  const socket = new WebSocket(address.href, ["collab-room.v2"]);
  sockets.push(socket);
  await new Promise((resolve) => socket.addEventListener("message", resolve, { once: true }));
  for (const data of shown) socket.send(JSON.stringify({ type: "presence", data }));
  return socket;
}

async function look(tab: string): Promise<{ page: Page; asked: string[] }> {
  const visitor = await inspect(browser, server.url, `/rooms/${room}/${tab}`);
  visitors.push(visitor);
  const { page } = visitor;
  const asked: string[] = [];
  page.on("request", (request) => asked.push(request.url()));
  return { page, asked };
}

describe("an operator", () => {
  test("sees and removes people whose names are no texts", async () => {
    await ask("PUT", "", {});
    const names = [{ toString: null }, ["x"], 5, null, " "];
    for (const [index, name] of names.entries())
      await ask("POST", "/users", { id: `user-${index}`, name });
    const { page } = await look("people");
    for (const index of names.keys())
      await page.getByRole("listitem", { name: `user-${index}`, exact: true }).waitFor();
    const row = page.getByRole("listitem", { name: "user-0", exact: true });
    await row.getByRole("button", { name: "Remove…" }).click();
    await page.getByRole("button", { name: "Remove", exact: true }).click();
    await row.waitFor({ state: "detached" });
  });

  test("sees people whose ids are names that JavaScript has", async () => {
    await ask("PUT", "", {});
    const ids = ["constructor", "toString", "__proto__"];
    for (const id of ids) await ask("POST", "/users", { id });
    const { page } = await look("people");
    for (const id of ids) {
      const row = page.getByRole("listitem", { name: id, exact: true });
      expect(await row.locator(".person-head").innerText()).not.toContain("undefined");
    }
  });

  test.each(["people", "presence"])("asks for nothing by a colour: %s", async (tab) => {
    await come({ id: "eve", color: "url(/rooms/eve/trace)" });
    await come({ id: "bob", name: "Bob", color: "rgb(1, 2, 3)" });
    const { page, asked } = await look(tab);
    const colors = (): Promise<string[]> =>
      page.evaluate(
        `[...document.querySelectorAll(".dot")].map((dot) => getComputedStyle(dot).backgroundColor)`,
      );
    await expect.poll(colors, { timeout: 15_000 }).toContain("rgb(1, 2, 3)");
    expect(asked.filter((url) => url.endsWith("/rooms/eve/trace"))).toEqual([]);
  });
});

describe("somebody on a board", () => {
  test("sees a cursor again that was nowhere", async () => {
    const visitor = await visit(browser, server.url, room);
    visitors.push(visitor);
    await seen(pane(visitor.page));
    const stranger = await come({ id: "eve" }, { cursor: { x: 1e308, y: 0 } });
    const cursor = visitor.page.locator(".cursor");
    await cursor.waitFor({ state: "attached" });
    for (const point of [
      { x: -1e308, y: -1e308 },
      { x: 120, y: 80 },
    ])
      stranger.send(JSON.stringify({ type: "presence", data: { cursor: point } }));
    await expect
      .poll(() => cursor.getAttribute("style"), { timeout: 15_000 })
      .toContain("translate(120px, 80px)");
  });

  test("invites by the board's address, whatever else the link had", async () => {
    const visitor = await visit(browser, server.url, room, { rest: `&x=${"x".repeat(4000)}` });
    visitors.push(visitor);
    await seen(pane(visitor.page));
    await visitor.page.getByRole("button", { name: "Invite" }).click();
    const address = visitor.page.getByLabel("Link to this board");
    expect(await address.inputValue()).toBe(`${server.url}/?board=${room}`);
    await visitor.page.getByRole("img", { name: "QR code for the link" }).waitFor();
  });
});
