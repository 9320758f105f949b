// The inspector in a browser: what an operator sees of a room and does to it, and what becomes of that in the room and on
// the demo's board.

import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Browser, Locator, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { launchBrowser } from "../support/browser.ts";
import { startDevServer, type DevServer } from "../support/dev-server.ts";
import { askRoom, inspect, saysBlank } from "../support/inspector.ts";
import { expectNoComplaints, pane, seen, visit, type Visitor } from "../support/pages.ts";
import { inSeconds, secret, tokenOf } from "../support/tokens.ts";

let browser: Browser;
let server: DevServer;
let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "collab-room-inspector-"));
  [browser, server] = await Promise.all([launchBrowser(), startDevServer({ persistTo: folder })]);
}, 120_000);
afterAll(async () => {
  await Promise.all([browser?.close(), server?.kill()]);
  await rm(folder, { recursive: true, force: true });
});

let room: string;
let ask: ReturnType<typeof askRoom>;
const visitors: Visitor[] = [];
beforeEach(() => {
  room = `room-${crypto.randomUUID().slice(0, 8)}`;
  ask = askRoom(server.url, room);
});
afterEach(async () => {
  const open = visitors.splice(0);
  await Promise.all(open.map(({ page }) => page.context().close()));
  for (const visitor of open) expectNoComplaints(visitor);
});

const soon = { timeout: 15_000, interval: 25 } as const;

async function visitInspector(address: string, url = server.url, options = {}): Promise<Page> {
  const visitor = await inspect(browser, url, address, options);
  visitors.push(visitor);
  return visitor.page;
}

async function come(name: string, board = room): Promise<Page> {
  const visitor = await visit(browser, server.url, board, { name, id: name.toLowerCase() });
  visitors.push(visitor);
  await seen(pane(visitor.page));
  return visitor.page;
}

const openTab = (tab: string): Promise<Page> => visitInspector(`/rooms/${room}/${tab}`);
const press = (view: Page | Locator, name: string): Promise<void> =>
  view.getByRole("button", { name, exact: true }).first().click();
const row = (page: Page, text: string): Locator =>
  page.getByRole("treeitem").filter({ hasText: text });
const hash = (page: Page): string => new URL(page.url()).hash;

const state = { title: "Bridge", tags: ["draft", "urgent"], owner: { name: "Ada", age: 36 } };
async function startWithState(): Promise<void> {
  await ask("PUT", "", { behaviour: "doc" });
  await ask("PUT", "/state", state);
}

describe("the list of rooms", () => {
  test("finds rooms by how their names begin, page by page, and opens them", async () => {
    const prefix = `many-${crypto.randomUUID().slice(0, 8)}-`;
    for (let index = 10; index < 33; index++)
      await askRoom(server.url, `${prefix}${index}`)("PUT", "", {});
    const page = await visitInspector("/");
    await page.getByLabel("Find rooms by how their names begin").fill(prefix);
    await page.getByText("1 to 20 of 23", { exact: true }).waitFor();
    await expect.poll(() => hash(page), soon).toBe(`#/?prefix=${prefix}`);
    await press(page, "Next");
    await page.getByText("21 to 23 of 23", { exact: true }).waitFor();
    expect(await page.locator(".rooms tbody tr").count()).toBe(3);
    await page.getByRole("link", { name: `${prefix}32` }).click();
    await page.getByRole("heading", { name: `${prefix}32` }).waitFor();
    await page.goBack();
    await page.getByText("1 to 20 of 23", { exact: true }).waitFor();
  });

  test("follows how many people are in a room", async () => {
    await ask("PUT", "", { behaviour: "doc" });
    const page = await visitInspector(`/?prefix=${room}`);
    const people = page.locator(".rooms tbody td.number").first();
    await expect.poll(() => people.innerText(), soon).toBe("0");
    await ask("POST", "/users", { id: "ada" });
    await expect.poll(() => people.innerText(), soon).toBe("1");
  });

  test("opens a room by its name, whatever is in that", async () => {
    const name = "Zürich / 3rd floor?#%";
    await askRoom(server.url, name)("PUT", "", {});
    const page = await visitInspector("/");
    await page.getByLabel("Find rooms by how their names begin").fill(name);
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { name, exact: true }).waitFor();
    await page.getByRole("tab", { name: "People" }).click();
    await page.reload();
    await page.getByRole("heading", { name, exact: true }).waitFor();
    expect(await page.getByRole("tab", { name: "People" }).getAttribute("aria-selected")).toBe(
      "true",
    );
  });
});

describe("the state", () => {
  test("follows changes, and flashes them", async () => {
    await startWithState();
    const page = await openTab("state");
    await row(page, "title").waitFor();
    await ask("PUT", "/state", { ...state, title: "Pier" });
    await row(page, 'title"Pier"').locator(".flash").waitFor({ state: "attached" });
    await row(page, "title").locator(".flash").waitFor({ state: "detached" });
  });

  test("shows itself to nobody in the room", async () => {
    await startWithState();
    const page = await openTab("state");
    await row(page, "title").waitFor();
    expect(await ask("GET", "/users")).toMatchObject({ users: [], total: 0 });
  });

  test("is edited in place, and the difference is shown before it is sent", async () => {
    await startWithState();
    const page = await openTab("state");
    await row(page, "age36").dblclick();
    await page.getByLabel("New value, as JSON").fill("37");
    await page.keyboard.press("Enter");
    const dialog = page.getByRole("dialog", { name: "Change the state" });
    expect(await dialog.locator("[data-side=before]").innerText()).toContain("36");
    expect(await dialog.locator("[data-side=after]").innerText()).toContain("37");
    expect(await ask("GET", "/state")).toEqual(state);
    await press(dialog, "Send");
    await dialog.waitFor({ state: "hidden" });
    expect(await ask("GET", "/state")).toEqual({ ...state, owner: { name: "Ada", age: 37 } });
    await row(page, "age37").waitFor();
  });

  test("moves an edit to where its target is now", async () => {
    await startWithState();
    const page = await openTab("state");
    await row(page, '1"urgent"').dblclick();
    await page.getByLabel("New value, as JSON").fill('"late"');
    await page.keyboard.press("Enter");
    const dialog = page.getByRole("dialog");
    await dialog.waitFor();
    await ask("PUT", "/state", { ...state, tags: ["new", ...state.tags] });
    await press(dialog, "Send");
    await dialog.waitFor({ state: "hidden" });
    expect(await ask("GET", "/state")).toEqual({ ...state, tags: ["new", "draft", "late"] });
  });

  test("never undoes what somebody else has done meanwhile", async () => {
    await startWithState();
    const page = await openTab("state");
    await row(page, "title").dblclick();
    await page.getByLabel("New value, as JSON").fill('"Mine"');
    await page.keyboard.press("Enter");
    const dialog = page.getByRole("dialog");
    await dialog.waitFor();
    await ask("PUT", "/state", { ...state, title: "Theirs" });
    await press(dialog, "Send");
    expect(await dialog.getByRole("alert").innerText()).toContain(
      "Somebody has changed this since version 1, so nothing was sent.",
    );
    expect(await ask("GET", "/state")).toMatchObject({ title: "Theirs" });
    await press(dialog, "Compare with the present state");
    await expect
      .poll(() => dialog.locator("[data-side=before]").innerText(), soon)
      .toContain("Theirs");
    await press(dialog, "Send");
    await dialog.waitFor({ state: "hidden" });
    expect(await ask("GET", "/state")).toMatchObject({ title: "Mine" });
  });

  test("takes new members and items, and gives them up, by the keyboard alone", async () => {
    await startWithState();
    const page = await openTab("state");
    await page.getByRole("tree").focus();
    await page.keyboard.press("End");
    await page.keyboard.press("ArrowLeft");
    await expect.poll(() => page.locator(".selection code").innerText(), soon).toBe("/owner");
    await page.keyboard.press("ArrowLeft");
    await expect.poll(() => row(page, "age36").count(), soon).toBe(0);
    await page.keyboard.press("Enter");
    await row(page, "age36").waitFor();
    await page.keyboard.press("Tab");
    await page.keyboard.press("Tab");
    await page.keyboard.press("Enter");
    const dialog = page.getByRole("dialog", { name: "Add to the state" });
    await dialog.getByLabel("Name of the new member").waitFor();
    await page.keyboard.type("home");
    await page.keyboard.press("Tab");
    await page.keyboard.press("Control+a");
    await page.keyboard.type('["Here"]');
    await page.keyboard.press("Tab");
    await page.keyboard.press("Tab");
    await page.keyboard.press("Tab");
    await page.keyboard.press("Enter");
    await row(page, "home").waitFor();
    expect(await ask("GET", "/state")).toMatchObject({ owner: { home: ["Here"] } });
    await page.getByRole("tree").focus();
    await page.keyboard.press("End");
    await page.keyboard.press("Delete");
    await page.getByRole("dialog", { name: "Remove from the state" }).waitFor();
    await press(page.getByRole("dialog"), "Remove");
    await expect.poll(() => ask("GET", "/state"), soon).toMatchObject({ owner: { home: [] } });
  });

  test("finds names and values, where they are folded away as well", async () => {
    await startWithState();
    const page = await openTab("state");
    await row(page, "title").waitFor();
    await press(page, "Close all");
    await expect.poll(() => page.getByRole("treeitem").count(), soon).toBe(3);
    await page.getByLabel("Find in the state").fill("urgent");
    await expect.poll(() => page.locator(".selection code").innerText(), soon).toBe("/tags/1");
  });

  test("of a megabyte in 20,000 values scrolls, with few of them in the page", async () => {
    await ask("PUT", "", { behaviour: "doc" });
    await ask("PUT", "/state", largeState());
    const page = await openTab("state");
    await page.getByText("20,001 values").waitFor();
    await press(page, "Open all");
    await page.getByRole("tree").focus();
    await page.keyboard.press("End");
    await row(page, "n19999").waitFor();
    expect(await page.getByRole("treeitem").count()).toBeLessThan(80);
  });
});

/** 20,000 values in an object, of about 1 MiB. */
const largeState = (): Record<string, unknown> =>
  Object.fromEntries(Array.from({ length: 20_000 }, (_, at) => [`n${at}`, "x".repeat(38)]));

describe("people", () => {
  test("have their scopes changed live, which the demo shows", async () => {
    const ada = await come("Ada");
    const page = await openTab("people");
    const write = page.getByRole("listitem", { name: "Ada" }).getByRole("switch", {
      name: "room:write",
    });
    await expect.poll(() => write.getAttribute("aria-checked"), soon).toBe("true");
    const admin = page.getByRole("switch", { name: "room:admin" });
    await admin.click();
    await expect.poll(() => admin.getAttribute("aria-checked"), soon).toBe("false");
    await write.click();
    await expect.poll(() => write.getAttribute("aria-checked"), soon).toBe("false");
    const sentence = ada.getByText("You may look at this board, and not edit it.");
    await sentence.waitFor();
    expect(await ada.getByRole("button", { name: "Add note", exact: true }).count()).toBe(0);
    await write.click();
    await expect.poll(() => write.getAttribute("aria-checked"), soon).toBe("true");
    await sentence.waitFor({ state: "detached" });
    await ada.getByRole("button", { name: "Add note", exact: true }).click();
    await expect.poll(() => ada.locator(".note").count(), soon).toBe(5);
  });

  test("are asked about before they lose the room or get all of it", async () => {
    await come("Ada");
    const page = await openTab("people");
    const admin = page.getByRole("switch", { name: "room:admin" });
    await expect.poll(() => admin.getAttribute("aria-checked"), soon).toBe("true");
    await admin.click();
    await expect.poll(() => admin.getAttribute("aria-checked"), soon).toBe("false");
    await page.getByRole("switch", { name: "room:read" }).click();
    await page.getByRole("dialog", { name: "Shut Ada out" }).waitFor();
    await page.keyboard.press("Escape");
    expect(await ask("GET", "/users/ada")).toMatchObject({ sessions: 1 });
    await admin.click();
    await press(page.getByRole("dialog", { name: "Let Ada do everything" }), "Give room:admin");
    await expect.poll(() => admin.getAttribute("aria-checked"), soon).toBe("true");
  });

  test("are removed, and kept out for as long as was chosen", async () => {
    const ada = await come("Ada");
    const page = await openTab("people");
    await press(page, "Remove…");
    const dialog = page.getByRole("dialog", { name: "Remove Ada" });
    await dialog.getByLabel("For a day").check();
    await press(dialog, "Remove");
    await ada.getByText("You have been removed from this board.").waitFor();
    await page.getByText("Nobody is in this room.").waitFor();
    const refused = await fetch(`${server.url}/rooms/${room}/users`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ id: "ada" }),
    });
    expect(refused.status).toBe(403);
    const { code, retryAfter } = (await refused.json()) as { code: string; retryAfter: number };
    expect(code).toBe("kicked");
    expect(retryAfter).toBeGreaterThan(86_000_000);
  });
});

test("presence is shown as it is now", async () => {
  const ada = await come("Ada");
  const page = await openTab("presence");
  const shown = page.locator(".presence li", { hasText: "Ada" });
  await shown.waitFor();
  const box = await ada.locator(".viewport").boundingBox();
  await ada.mouse.move((box?.x ?? 0) + 123, (box?.y ?? 0) + 45);
  await expect.poll(() => shown.innerText(), soon).toContain('"x": 123');
});

describe("operations", () => {
  test("broadcast an event to every session, once it was asked", async () => {
    await ask("PUT", "", { behaviour: "doc" });
    const socket = new WebSocket(
      `${server.url.replace("http", "ws")}/rooms/${room}/socket?user=${encodeURIComponent('{"id":"ada"}')}`,
      ["collab-room.v2"],
    );
    const frames: string[] = [];
    socket.addEventListener("message", ({ data }) => frames.push(String(data)));
    await expect.poll(() => frames.length, soon).toBe(1);
    const page = await openTab("operations");
    await page.getByLabel("Event").fill("deployed");
    await page.getByLabel("Payload, as JSON").fill('{"release": 7}');
    await press(page, "Broadcast…");
    await press(page.getByRole("dialog"), "Send to everybody");
    await page.getByText("“deployed” was sent.").waitFor();
    await expect.poll(() => frames.join(), soon).toContain('"payload":{"release":7}');
    socket.close();
  });

  test("touch a room, which then stops later", async () => {
    await ask("PUT", "", { behaviour: "doc", idleTimeout: 600_000 });
    const before = (await ask("GET", "")) as { idleDeadline: string };
    const page = await openTab("operations");
    await press(page, "Touch");
    await page.getByText("The time starts again.").waitFor();
    const after = (await ask("GET", "")) as { idleDeadline: string };
    expect(Date.parse(after.idleDeadline)).toBeGreaterThan(Date.parse(before.idleDeadline));
  });

  test("stop a room, and start it again", async () => {
    await startWithState();
    const page = await openTab("operations");
    await press(page, "Stop…");
    await press(page.getByRole("dialog", { name: "Stop this room" }), "Stop it");
    expect(await saysBlank(page, "stopped")).toEqual([
      "This room is not running. It starts with what it has kept, or empty if that is nothing.",
      "Start it",
    ]);
    await press(page, "Start it");
    await page.getByRole("tab", { name: "State" }).click();
    await row(page, "Bridge").waitFor();
  });

  test("purge a room only when its name is typed", async () => {
    await startWithState();
    const page = await openTab("operations");
    await press(page, "Purge…");
    const dialog = page.getByRole("dialog", { name: "Delete all of this room" });
    const purge = dialog.getByRole("button", { name: "Purge it" });
    await dialog.getByLabel(`Type ${room} to go on`).fill(room.slice(0, -1));
    expect(await purge.isDisabled()).toBe(true);
    await dialog.getByLabel(`Type ${room} to go on`).fill(room);
    await purge.click();
    await page.getByRole("heading", { name: "Rooms" }).waitFor();
    const answer = await fetch(`${server.url}/rooms/${room}`);
    expect(answer.status).toBe(404);
  });
});

test("metrics count rooms and requests", async () => {
  await ask("PUT", "", { behaviour: "doc" });
  const page = await visitInspector("/metrics");
  await page.getByRole("rowheader", { name: "PUT /rooms/:id", exact: true }).waitFor();
  const rooms = page.locator(".facts div", { hasText: "Rooms" }).locator("dd");
  expect(Number(await rooms.innerText())).toBeGreaterThan(0);
});

describe("a service that asks for tokens", () => {
  let closed: DevServer;
  beforeAll(async () => {
    const vars = { AUTH_SECRET: secret };
    closed = await startDevServer({ persistTo: join(folder, "closed"), vars });
  }, 120_000);
  afterAll(() => closed?.kill());

  const enter = async (page: Page, token: string): Promise<void> => {
    await page.getByLabel("Token with the scope").fill(token);
    await page.keyboard.press("Enter");
  };
  const administrator = () => tokenOf({ sub: "root", scopes: { "*": ["room:admin"] } });

  test("gets one from a field, which no address and no other tab has", async () => {
    const page = await visitInspector("/", closed.url);
    await page.getByText("This service lets in only people with a token.").waitFor();
    const token = await administrator();
    await enter(page, `Bearer ${token.slice(0, 40)}\n${token.slice(40)}`);
    await page.getByText("No room is running.").waitFor();
    expect(page.url()).toBe(`${closed.url}/inspector#/`);
    await page.reload();
    await page.getByText("No room is running.").waitFor();
    expect(await page.evaluate("JSON.stringify([localStorage, document.cookie])")).toBe('[{},""]');
    await press(page, "Change token");
    await page.getByText("Which token shall it be?").waitFor();
    await page.reload();
    await page.getByText("This service lets in only people with a token.").waitFor();
  });

  test("says that a token is none, or is of no use any more", async () => {
    const page = await visitInspector("/", closed.url);
    await enter(page, "nonsense");
    await page.getByText("The service does not take this token.").waitFor();
    await enter(page, await tokenOf({ sub: "root", exp: inSeconds(-600) }));
    await page.getByText("The token has expired.").waitFor();
  });

  test("shows the rooms of a token that is for some only", async () => {
    const token = await administrator();
    for (const name of ["plans-1", "other-1"])
      await askRoom(closed.url, name, token)("PUT", "", {});
    const page = await visitInspector("/", closed.url);
    await enter(page, await tokenOf({ sub: "pia", scopes: { "plans-*": ["room:admin"] } }));
    expect(await saysBlank(page, "forbidden")).toEqual([
      "This token is not for all rooms. Type above how the names of its rooms begin.",
      "Find its rooms",
    ]);
    await press(page, "Find its rooms");
    await page.keyboard.type("plans-");
    await page.getByRole("link", { name: "plans-1" }).waitFor();
    expect(await page.locator(".rooms tbody tr").count()).toBe(1);
  });

  test("shows the refusal of what a token may not do", async () => {
    await askRoom(closed.url, "seen", await administrator())("PUT", "", {});
    const page = await visitInspector("/rooms/seen/operations", closed.url);
    await enter(page, await tokenOf({ sub: "eve", scopes: { seen: ["room:read"] } }));
    await press(page, "Stop…");
    await press(page.getByRole("dialog"), "Stop it");
    expect(await page.getByRole("alert").innerText()).toContain("room:admin");
  });
});
