// What comes between while an operator works in the inspector: other people, other tokens, rooms that stop or cannot save,
// a service that is gone. Nothing that was typed is lost, and the page says what is wrong.

import { join } from "node:path";
import type { Browser, Page } from "playwright-core";
import { beforeEach, describe, expect, onTestFinished, test } from "vitest";
import { useBrowser } from "../support/browser-suite.ts";
import { startDevServer, type DevServer } from "../support/dev-server.ts";
import { askRoom, inspect, row, saysBlank } from "../support/inspector.ts";
import { pane, press, seen, soon, visit } from "../support/pages.ts";
import { secret, tokenOf } from "../support/tokens.ts";

let browser: Browser;
let server: DevServer;
let folder: string;
const visitors = useBrowser("troubles", (started) => {
  ({ browser, server, folder } = started);
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

/** The browser tells of each attempt to reach a service that is away. */
function allowUnreachable(): void {
  for (const { complaints } of visitors) {
    expect(complaints.filter((text) => !text.includes("net::ERR_"))).toEqual([]);
    complaints.length = 0;
  }
}

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

  test("says why an earlier state could not be compared", async () => {
    await startWithState();
    await ask("PUT", "/state", { title: "Pier" });
    const page = await openTab("timeline");
    await page.locator(".journal-row").last().click();
    const bringBack = page.getByRole("button", { name: "Restore…" });
    await bringBack.waitFor();
    await page.context().setOffline(true);
    await bringBack.click();
    await page.getByRole("alert").getByText("Can’t reach the service.").waitFor();
    await page.context().setOffline(false);
    await bringBack.click();
    await page.getByRole("dialog", { name: "Restore version 1" }).waitFor();
    expect(await page.getByRole("alert").count()).toBe(0);
    await page.goto("about:blank");
    allowUnreachable();
  });
});

describe("a service that is away", () => {
  test("is told of beside the last that is known of a room", async () => {
    await startWithState();
    const page = await openTab("operations");
    await page.getByText("Running", { exact: true }).waitFor();
    await page.context().setOffline(true);
    await page.getByText("Unreachable", { exact: true }).waitFor();
    await page.getByText("Can’t reach the service. Showing the last known data.").waitFor();
    await page.context().setOffline(false);
    await page.getByText("Running", { exact: true }).waitFor();
    await page.goto("about:blank");
    allowUnreachable();
  });
});

describe("an edit in its row", () => {
  test("reaches its item, though that has moved while it was typed", async () => {
    await startWithState();
    const page = await openTab("state");
    await row(page, '1"urgent"').dblclick();
    await page.getByLabel("New value (JSON)").fill('"late"');
    await ask("PUT", "/state", { ...state, tags: ["new", ...state.tags] });
    await row(page, '0"new"').waitFor();
    await page.keyboard.press("Enter");
    const dialog = page.getByRole("dialog");
    expect(await dialog.locator("[data-side=before]").innerText()).toContain("urgent");
    await press(dialog, "Send");
    await dialog.waitFor({ state: "hidden" });
    expect(await ask("GET", "/state")).toEqual({ ...state, tags: ["new", "draft", "late"] });
  });
});

describe("people without a session", () => {
  test("get no scope before it was asked, because theirs are not known", async () => {
    await startWithState();
    await ask("POST", "/users", { id: "ada" });
    const page = await openTab("people");
    await page.getByText("Their scopes are only known while they have an open session.").waitFor();
    const act = page.getByRole("switch", { name: "room:act" });
    await act.click();
    const dialog = page.getByRole("dialog", { name: "Grant ada only room:act" });
    expect(await dialog.innerText()).toContain("they will have room:act and nothing else.");
    await press(dialog, "Grant room:act");
    await expect.poll(() => act.getAttribute("aria-checked"), soon).toBe("true");
    expect(await ask("GET", "/inspect/users")).toMatchObject({ users: [{ scopes: ["room:act"] }] });
  });
});

describe("the wire", () => {
  test("is copied from where it was cleared, and shows a frame below the list", async () => {
    await startWithState();
    const page = await openTab("wire");
    await page.context().grantPermissions(["clipboard-read", "clipboard-write"]);
    await page.getByText("No frames yet.").waitFor();
    await ask("PUT", "/state", { title: "Pier" });
    await press(page, "Clear");
    const user = encodeURIComponent('{"id":"ada"}');
    const address = `${server.url.replace("http", "ws")}/rooms/${room}/socket?user=${user}`;
    const socket = new WebSocket(address, ["collab-room.v2"]);
    onTestFinished(() => socket.close());
    const frame = page.locator(".wire-row").last();
    await frame.waitFor();
    await press(page, "Copy as test");
    await page.getByRole("button", { name: "Copied" }).waitFor();
    const text = await page.evaluate("navigator.clipboard.readText()");
    expect(text).toContain('"title": "Pier"');
    expect(text).not.toContain("Bridge");
    await frame.click();
    const box = await page.getByRole("region", { name: "Frame", exact: true }).boundingBox();
    expect((box?.y ?? Infinity) + (box?.height ?? 0)).toBeLessThanOrEqual(900);
  });
});

test("a board leads to its room in the inspector, and that back to the board", async () => {
  const visitor = await visit(browser, server.url, room, { name: "Ada", id: "ada" });
  visitors.push(visitor);
  const { page } = visitor;
  await seen(pane(page));
  await page.getByRole("link", { name: "Inspector" }).click();
  await page.getByRole("heading", { name: room }).waitFor();
  await page.getByRole("tab", { name: "Wire" }).click();
  const link = page.getByRole("link", { name: "Open this board" });
  expect(await link.getAttribute("href")).toBe(`/?board=${room}`);
});

describe("a token", () => {
  test("is replaced below a dialog that stays open, and what was refused is done", async () => {
    const closed = await startDevServer({
      persistTo: join(folder, "closed"),
      vars: { AUTH_SECRET: secret },
    });
    try {
      const [first, second] = await Promise.all(
        ["ada", "bob"].map((sub) => tokenOf({ sub, scopes: { "*": ["room:admin"] } })),
      );
      await askRoom(closed.url, "plans", first)("PUT", "", {});
      const page = await open("/rooms/plans/operations", closed.url);
      const field = page.getByLabel("Token with the room:admin scope");
      await field.fill(first ?? "");
      await page.keyboard.press("Enter");
      await page.getByLabel("Event").fill("deployed");
      await page.route("**/rooms/plans/broadcast", (route) =>
        route.request().headers()["authorization"] === `Bearer ${first}`
          ? route.fulfill({ status: 401, json: { code: "token_expired", status: 401 } })
          : route.continue(),
      );
      await press(page, "Broadcast…");
      await press(page.getByRole("dialog", { name: "Broadcast" }), "Send to everyone");
      await page.getByText("The token has expired.").waitFor();
      await page.keyboard.press("Escape");
      await page.keyboard.press("Escape");
      await field.fill(second ?? "");
      await page.keyboard.press("Enter");
      await page.getByText("Sent “deployed”.").waitFor();
      expect(await page.getByLabel("Event").inputValue()).toBe("deployed");

      await press(page, "Change token");
      await field.fill(await tokenOf({ sub: "pia", scopes: { "plans*": ["room:admin"] } }));
      await page.keyboard.press("Enter");
      await page.getByRole("link", { name: "Rooms" }).first().click();
      await page.getByLabel("Search rooms by the start of their name").fill("pl");
      await page.getByText("does not cover all rooms starting with “pl”").waitFor();
      expect(await saysBlank(page, "forbidden")).toEqual([
        "This token does not cover all rooms starting with “pl”. Type more of the name above.",
        "Search rooms",
      ]);
    } finally {
      await closed.kill();
    }
  }, 90_000);
});

test("a room that cannot save is found in the list, says why, and is mended", async () => {
  const failing = await startDevServer({
    persistTo: join(folder, "failing"),
    vars: { AUTH_MODE: "open" },
    worker: "test/fixtures/failing-save-worker.ts",
  });
  try {
    const asked = askRoom(failing.url, room);
    await asked("PUT", "", { behaviour: "kept" });
    const page = await open("/", failing.url);
    const badge = page.locator(".rooms .badge");
    await expect.poll(() => badge.innerText(), soon).toBe("Running");
    await asked("PUT", "/state", { store: "full" });
    await expect.poll(() => badge.innerText(), soon).toBe("Not saving");
    await page.getByRole("link", { name: room }).click();
    const alarm = page.getByRole("alert");
    await alarm.waitFor();
    expect(await alarm.innerText()).toContain("The disk is full. ");
    await row(page, "store").dblclick();
    await page.getByLabel("New value (JSON)").fill('"works"');
    await page.keyboard.press("Enter");
    await press(page.getByRole("dialog"), "Send");
    await alarm.waitFor({ state: "detached" });
    await page.getByRole("link", { name: "Rooms" }).first().click();
    await expect.poll(() => badge.innerText(), soon).toBe("Running");
  } finally {
    await failing.kill();
  }
}, 90_000);

describe("a fault of the page", () => {
  test("is told of where it is, and the rest of the room can be used", async () => {
    await startWithState();
    const page = await openTab("state");
    await row(page, "Bridge").waitFor();
    await page.route("**/inspect/users*", (route) =>
      route.fulfill({ json: { users: [null], total: 1 } }),
    );
    await page.getByRole("tab", { name: "People" }).click();
    await page
      .getByRole("alert")
      .getByText("Something went wrong in this part of the page.")
      .waitFor();
    await page.getByRole("tab", { name: "State" }).click();
    await row(page, "Bridge").waitFor();
    await page.unroute("**/inspect/users*");
    await page.getByRole("tab", { name: "People" }).click();
    await page.getByText("Nobody is in this room.").waitFor();
    for (const visitor of visitors) visitor.complaints.length = 0; // the fault is in the console
  });

  test("in one pane of the demo leaves the frame of the page", async () => {
    const context = await browser.newContext();
    onTestFinished(() => context.close());
    await context.addInitScript("delete Intl.Segmenter;");
    const page = await context.newPage();
    await page.goto(`${server.url}/?board=${room}`);
    await page
      .getByRole("alert")
      .getByText("Something went wrong in this part of the page.")
      .waitFor();
    await page.getByRole("button", { name: "View source" }).waitFor();
    await page.getByRole("button", { name: "Reload the page" }).click();
    await page.waitForLoadState();
  });
});
