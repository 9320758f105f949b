// The inspector in a browser: what an operator sees of a room and does to it, and what becomes of that in the room and on
// the demo's board.

import { join } from "node:path";
import type { Browser, Locator, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { useBrowser } from "../support/browser-suite.ts";
import { startDevServer, type DevServer } from "../support/dev-server.ts";
import { askRoom, inspect, row, saysBlank } from "../support/inspector.ts";
import { pane, press, seen, soon, visit } from "../support/pages.ts";
import { inSeconds, secret, tokenOf } from "../support/tokens.ts";

let browser: Browser;
let server: DevServer;
let folder: string;
const visitors = useBrowser("inspector", (started) => {
  ({ browser, server, folder } = started);
});

let room: string;
let ask: ReturnType<typeof askRoom>;
beforeEach(() => {
  room = `room-${crypto.randomUUID().slice(0, 8)}`;
  ask = askRoom(server.url, room);
});

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
const hash = (page: Page): string => new URL(page.url()).hash;

const sockets: WebSocket[] = [];
afterEach(() => {
  for (const socket of sockets.splice(0)) socket.close();
});

/** Somebody's socket, as a client of another kind opens one. */
async function openSocket(id: string): Promise<{ frames: string[]; socket: WebSocket }> {
  const user = encodeURIComponent(JSON.stringify({ id }));
  const address = `${server.url.replace("http", "ws")}/rooms/${room}/socket?user=${user}`;
  const socket = new WebSocket(address, ["collab-room.v2"]);
  sockets.push(socket);
  const frames: string[] = [];
  socket.addEventListener("message", ({ data }) => frames.push(String(data)));
  await expect.poll(() => frames.length, soon).toBeGreaterThan(0);
  return { frames, socket };
}

const fact = (page: Page, name: string): Locator =>
  page.locator(".facts > div", { has: page.getByText(name, { exact: true }) }).locator("dd");

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
    await page.getByLabel("Search rooms by the start of their name").fill(prefix);
    await page.getByText("1–20 of 23", { exact: true }).waitFor();
    await expect.poll(() => hash(page), soon).toBe(`#/?prefix=${prefix}`);
    await press(page, "Next");
    await page.getByText("21–23 of 23", { exact: true }).waitFor();
    expect(await page.locator(".rooms tbody tr").count()).toBe(3);
    await page.getByRole("link", { name: `${prefix}32` }).click();
    await page.getByRole("heading", { name: `${prefix}32` }).waitFor();
    await page.goBack();
    await page.getByText("1–20 of 23", { exact: true }).waitFor();
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
    await page.getByLabel("Search rooms by the start of their name").fill(name);
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

describe("the head of a room", () => {
  test("says what it holds, who is there, why it runs, and what it waits for", async () => {
    await startWithState();
    const page = await openTab("operations");
    await expect.poll(() => fact(page, "Version").innerText(), soon).toMatch(/^1\s/);
    expect(await fact(page, "State").innerText()).toMatch(/^\d\d B\s+of 1\.00 MiB$/);
    expect(await fact(page, "Runs").innerText()).toMatch(/^Stops in \d+ min/);
    expect(await fact(page, "Next alarm").innerText()).toMatch(/^in \d+ (s|min)/);
    await openSocket("ada");
    await expect.poll(() => fact(page, "Runs").innerText(), soon).toMatch(/^While people are here/);
    expect(await fact(page, "People").innerText()).toMatch(/^1\s/);
    expect(await fact(page, "Sockets").innerText()).toMatch(/^1 session/);
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
    await page.getByLabel("New value (JSON)").fill("37");
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
    await page.getByLabel("New value (JSON)").fill('"late"');
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
    await page.getByLabel("New value (JSON)").fill('"Mine"');
    await page.keyboard.press("Enter");
    const dialog = page.getByRole("dialog");
    await dialog.waitFor();
    await ask("PUT", "/state", { ...state, title: "Theirs" });
    await press(dialog, "Send");
    expect(await dialog.getByRole("alert").innerText()).toContain(
      "Someone changed this since version 1, so nothing was sent.",
    );
    expect(await ask("GET", "/state")).toMatchObject({ title: "Theirs" });
    await press(dialog, "Compare with the current state");
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
    await press(page, "Collapse all");
    await expect.poll(() => page.getByRole("treeitem").count(), soon).toBe(3);
    await page.getByLabel("Find in the state").fill("urgent");
    await expect.poll(() => page.locator(".selection code").innerText(), soon).toBe("/tags/1");
  });

  test("of a megabyte in 20,000 values scrolls, with few of them in the page", async () => {
    await ask("PUT", "", { behaviour: "doc" });
    await ask("PUT", "/state", largeState());
    const page = await openTab("state");
    await page.getByText("20,001 values").waitFor();
    await press(page, "Expand all");
    await page.getByRole("tree").focus();
    await page.keyboard.press("End");
    await row(page, "n19999").waitFor();
    expect(await page.getByRole("treeitem").count()).toBeLessThan(80);
  });
});

/** 20,000 values in an object, of about 1 MiB. */
const largeState = (): Record<string, unknown> =>
  Object.fromEntries(Array.from({ length: 20_000 }, (_, at) => [`n${at}`, "x".repeat(38)]));

describe("the timeline", () => {
  test("says who has changed what, when and how", async () => {
    await startWithState();
    const { socket } = await openSocket("ada");
    socket.send(
      '{"type":"update","ref":1,"patch":[{"op":"replace","path":"/owner/age","value":37}]}',
    );
    await expect.poll(() => ask("GET", "/state"), soon).toMatchObject({ owner: { age: 37 } });
    await ask("POST", "/actions/rename", { title: "Pier" });
    const page = await openTab("timeline");
    const rows = page.locator(".journal-row");
    await expect.poll(() => rows.count(), soon).toBe(3);
    const [renamed = "", edited = ""] = await rows.allInnerTexts();
    expect(renamed).toMatch(/^3\s+via HTTP: rename\s+replace \/title\s+\d+ B\s+\d\d:\d\d:\d\d$/);
    expect(edited).toMatch(/^2\s+ada\s+replace \/owner\/age/);
    await ask("POST", "/actions/rename", { title: "Dam" });
    await expect.poll(() => rows.count(), soon).toBe(4);
  });

  test("shows the state as it was, and brings it back once it was asked", async () => {
    await startWithState();
    await ask("PUT", "/state", { broken: true });
    const page = await openTab("timeline");
    await page.locator(".journal-row").last().click();
    await press(page, "State after it");
    await row(page, 'title"Bridge"').waitFor();
    await press(page, "Restore…");
    const dialog = page.getByRole("dialog", { name: "Restore version 1" });
    await dialog.locator("[data-side=after]", { hasText: "Bridge" }).waitFor();
    expect(await ask("GET", "/state")).toEqual({ broken: true });
    await press(dialog, "Restore");
    await dialog.waitFor({ state: "hidden" });
    expect(await ask("GET", "/state")).toEqual(state);
  });

  test("goes back page by page, while new changes come", async () => {
    await ask("PUT", "", { behaviour: "doc" });
    for (let at = 0; at < 60; at++) await ask("PUT", "/state", { at });
    const page = await openTab("timeline");
    const rows = page.locator(".journal-row");
    await expect.poll(() => rows.count(), soon).toBe(50);
    await press(page, "Show older changes");
    await expect.poll(() => rows.count(), soon).toBe(60);
    await ask("PUT", "/state", { at: 60 });
    await expect.poll(() => rows.count(), soon).toBe(61);
    expect(await page.getByRole("button", { name: "Show older changes" }).count()).toBe(0);
  });
});

describe("the wire", () => {
  const edit =
    '{"type":"update","ref":1,"patch":[{"op":"replace","path":"/title","value":"Pier"}]}';

  test("shows frames as they pass, by type, user and way, and holds still", async () => {
    await startWithState();
    const [ada, bob] = [await openSocket("ada"), await openSocket("bob")];
    const page = await openTab("wire");
    await page.getByText("No frames yet.").waitFor();
    ada.socket.send(edit);
    const rows = page.locator(".wire-row");
    const sent = rows.filter({ hasText: "update" });
    await sent.waitFor();
    expect(await sent.innerText()).toContain("ada");
    await rows.filter({ hasText: "bob" }).first().waitFor();
    await page.getByLabel("Filter by type, user, session or text").fill("reply");
    await expect.poll(() => rows.count(), soon).toBe(1);
    await page.getByLabel("Filter by type, user, session or text").fill("");
    await page.getByLabel("Direction").selectOption("in");
    await expect.poll(() => rows.count(), soon).toBe(1);
    await press(page, "Pause");
    bob.socket.send('{"type":"presence","data":{"typing":true}}');
    await page.getByText(/^[1-9]\d* more since pausing$/).waitFor();
    expect(await rows.count()).toBe(1);
    await press(page, "Pause");
    await expect.poll(() => rows.count(), soon).toBe(2);
  });

  test("ends the trace once nobody looks", async () => {
    await startWithState();
    const page = await openTab("wire");
    await page.getByText("No frames yet.").waitFor();
    const ended = page.waitForEvent("requestfailed", (request) => request.url().endsWith("/trace"));
    await page.getByRole("tab", { name: "State" }).click();
    expect((await ended).failure()?.errorText).toBe("net::ERR_ABORTED");
  });

  test("is copied as a test", async () => {
    await startWithState();
    const { socket } = await openSocket("ada");
    const page = await openTab("wire");
    await page.context().grantPermissions(["clipboard-read", "clipboard-write"]);
    await page.getByText("No frames yet.").waitFor();
    socket.send(edit);
    socket.send('{"type":"action","ref":2,"name":"rename","payload":{"title":"Dam"}}');
    await page.locator(".wire-row[data-way=in]", { hasText: "rename" }).waitFor();
    await press(page, "Copy as test");
    await page.getByRole("button", { name: "Copied" }).waitFor();
    const text = await page.evaluate("navigator.clipboard.readText()");
    for (const line of [
      'import { doc } from "./doc.ts";',
      '"title": "Bridge"',
      'const person1 = net.join("ada");',
      'patched(state, [{"op":"replace","path":"/title","value":"Pier"}])',
      'await net.settle(person1.action("rename", {"title":"Dam"}));',
    ])
      expect(text).toContain(line);
  });
});

describe("actions", () => {
  test("are forms made from the schemas of their inputs", async () => {
    await startWithState();
    const page = await openTab("actions");
    await page.getByLabel("title").fill("Harbour");
    await press(page, "Call…");
    const dialog = page.getByRole("dialog", { name: "Call rename" });
    expect(await dialog.locator(".patch").innerText()).toBe('{\n  "title": "Harbour"\n}');
    await press(dialog, "Call rename");
    await page.getByText("Done. The state is at version 2.").waitFor();
    expect(await page.locator(".answer pre").innerText()).toBe('"renamed"');
    expect(await ask("GET", "/state")).toMatchObject({ title: "Harbour" });
  });

  test("show why they were refused", async () => {
    await startWithState();
    const page = await openTab("actions");
    await press(page, "Call…");
    await press(page.getByRole("dialog"), "Call rename");
    expect(await page.getByRole("alert").innerText()).toContain("title: Too small");
    expect(await ask("GET", "/state")).toEqual(state);
  });

  test("that a room does not have lead to its state", async () => {
    await ask("PUT", "", { behaviour: "board" });
    const page = await openTab("actions");
    expect(await saysBlank(page, "empty")).toEqual([
      "Rooms of kind “board” have no actions.",
      "Edit the state",
    ]);
  });
});

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
    const sentence = ada.getByText("You can view this board, but not edit it.");
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
    await page.getByRole("dialog", { name: "Revoke access for Ada" }).waitFor();
    await page.keyboard.press("Escape");
    expect(await ask("GET", "/users/ada")).toMatchObject({ sessions: 1 });
    await admin.click();
    await press(page.getByRole("dialog", { name: "Make Ada an admin" }), "Grant room:admin");
    await expect.poll(() => admin.getAttribute("aria-checked"), soon).toBe("true");
  });

  test("are removed, and kept out for as long as was chosen", async () => {
    const ada = await come("Ada");
    const page = await openTab("people");
    await press(page, "Remove…");
    const dialog = page.getByRole("dialog", { name: "Remove Ada" });
    await dialog.getByLabel("For a day").check();
    await press(dialog, "Remove");
    await ada.getByText("You were removed from this board.").waitFor();
    await page.getByText("Nobody is in this room.").waitFor();
    await page.getByText("can rejoin in 23 h 59 min").waitFor();
    await press(page, "Unban…");
    await press(page.getByRole("dialog", { name: "Unban ada" }), "Unban");
    await page.getByRole("heading", { name: "Banned" }).waitFor({ state: "detached" });
    await ask("POST", "/users", { id: "ada" });
  });
});

describe("people who have lost the line", () => {
  test("have a countdown until they leave", async () => {
    await startWithState();
    const { socket } = await openSocket("ada");
    const page = await openTab("people");
    await page.getByText("1 session", { exact: true }).first().waitFor();
    socket.close();
    const left = page.getByText("Disconnected. They leave in");
    await left.waitFor();
    expect(await left.innerText()).toMatch(/in \d+ s unless they reconnect\.$/);
    await page.getByText("Nobody is in this room.").waitFor();
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
    const { frames } = await openSocket("ada");
    const page = await openTab("operations");
    await page.getByLabel("Event").fill("deployed");
    await page.getByLabel("Payload (JSON)").fill('{"release": 7}');
    await press(page, "Broadcast…");
    await press(page.getByRole("dialog"), "Send to everyone");
    await page.getByText("Sent “deployed”.").waitFor();
    await expect.poll(() => frames.join(), soon).toContain('"payload":{"release":7}');
  });

  test("touch a room, which then stops later", async () => {
    await ask("PUT", "", { behaviour: "doc", idleTimeout: 600_000 });
    const before = (await ask("GET", "")) as { idleDeadline: string };
    const page = await openTab("operations");
    await press(page, "Touch");
    await page.getByText("Idle timer restarted.").waitFor();
    const after = (await ask("GET", "")) as { idleDeadline: string };
    expect(Date.parse(after.idleDeadline)).toBeGreaterThan(Date.parse(before.idleDeadline));
  });

  test("stop a room, and start it again", async () => {
    await startWithState();
    const page = await openTab("operations");
    await press(page, "Stop…");
    await press(page.getByRole("dialog", { name: "Stop this room" }), "Stop room");
    expect(await saysBlank(page, "stopped")).toEqual([
      "This room is not running. Starting it restores its stored state, if there is one.",
      "Start room",
    ]);
    await press(page, "Start room");
    await page.getByRole("tab", { name: "State" }).click();
    await row(page, "Bridge").waitFor();
  });

  test("purge a room only when its name is typed", async () => {
    await startWithState();
    const page = await openTab("operations");
    await press(page, "Purge…");
    const dialog = page.getByRole("dialog", { name: "Purge this room" });
    const purge = dialog.getByRole("button", { name: "Purge room" });
    await dialog.getByLabel(`Type ${room} to confirm`).fill(room.slice(0, -1));
    expect(await purge.isDisabled()).toBe(true);
    await dialog.getByLabel(`Type ${room} to confirm`).fill(room);
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

test("a field that finds rooms stays the one that is typed into, also after a pause", async () => {
  await startWithState();
  const page = await visitInspector("/");
  const field = page.getByLabel("Search rooms by the start of their name");
  await field.focus();
  await page.keyboard.type("room-");
  await expect.poll(() => hash(page), soon).toBe("#/?prefix=room-");
  await page.keyboard.type(room.slice("room-".length));
  await expect.poll(() => hash(page), soon).toBe(`#/?prefix=${room}`);
  expect(await field.inputValue()).toBe(room);
  await page.getByRole("link", { name: "Rooms" }).first().click();
  await expect.poll(() => field.inputValue(), soon).toBe("");
});

test("the keyboard alone leads from the list to a room that is stopped", async () => {
  await startWithState();
  const page = await visitInspector("/");
  await page.getByLabel("Search rooms by the start of their name").focus();
  await page.keyboard.type(room);
  await page.keyboard.press("Enter");
  await page.getByRole("tab", { name: "State" }).focus();
  await page.keyboard.press("End");
  await expect.poll(() => hash(page), soon).toBe(`#/rooms/${room}/operations`);
  expect(await page.locator(":focus").innerText()).toBe("Operations");
  await page.keyboard.press("ArrowRight");
  await expect.poll(() => hash(page), soon).toBe(`#/rooms/${room}/state`);
  await page.keyboard.press("ArrowLeft");
  await page.getByRole("button", { name: "Stop…" }).waitFor();
  const focused = page.locator(":focus");
  for (let at = 0; at < 12 && (await focused.innerText()) !== "Stop…"; at++)
    await page.keyboard.press("Tab");
  await page.keyboard.press("Enter");
  const dialog = page.getByRole("dialog", { name: "Stop this room" });
  await dialog.waitFor();
  await page.keyboard.press("Escape");
  await dialog.waitFor({ state: "detached" });
  expect(await page.locator(":focus").innerText()).toBe("Stop…");
  await page.keyboard.press("Enter");
  await dialog.waitFor();
  expect(await focused.innerText()).toBe("Cancel");
  await page.keyboard.press("Tab");
  await page.keyboard.press("Enter");
  await saysBlank(page, "stopped");
});

test("a finger edits a state on a phone", async () => {
  await startWithState();
  const phone = { viewport: { width: 390, height: 780 }, hasTouch: true, isMobile: true };
  const page = await visitInspector(`/?prefix=${room}`, server.url, phone);
  await page.getByRole("link", { name: room }).tap();
  await row(page, "age36").tap();
  await page.getByRole("button", { name: "Edit", exact: true }).tap();
  await page.getByLabel("New value (JSON)").fill("38");
  await page.keyboard.press("Enter");
  await page.getByRole("dialog").getByRole("button", { name: "Send" }).tap();
  await expect.poll(() => ask("GET", "/state"), soon).toMatchObject({ owner: { age: 38 } });
  await page.getByRole("button", { name: "Show more" }).tap();
  expect(await fact(page, "Saved").innerText()).toBe("In the room only");
});

test("a server that is killed and starts again is followed from where it was left", async () => {
  const place = { persistTo: join(folder, "killed") };
  let mortal = await startDevServer(place);
  try {
    const asked = askRoom(mortal.url, room);
    await asked("PUT", "", { behaviour: "doc" });
    await asked("PUT", "/state", state);
    const page = await visitInspector(`/rooms/${room}/state`, mortal.url);
    await row(page, 'title"Bridge"').waitFor();
    // The head of the room is loaded apart from its state.
    await expect.poll(() => fact(page, "Version").innerText(), soon).toMatch(/^1\s/);
    expect(await page.title()).toBe(`${room}: Inspector`);
    await mortal.kill();
    await page.getByText("Reconnecting…").waitFor();
    await row(page, 'title"Bridge"').waitFor();
    mortal = await startDevServer({ ...place, port: Number(new URL(mortal.url).port) });
    await page.getByText("Live", { exact: true }).waitFor();
    await asked("PUT", "/state", { ...state, title: "Pier" });
    await row(page, 'title"Pier"').waitFor();
    await page.goto("about:blank");
    for (const { complaints } of visitors) {
      // The browser tells of each attempt to reach a server that is down.
      expect(complaints.filter((text) => !text.includes("net::ERR_"))).toEqual([]);
      complaints.length = 0;
    }
  } finally {
    await mortal.kill();
  }
}, 90_000);

describe("a service that asks for tokens", () => {
  let closed: DevServer;
  beforeAll(async () => {
    const vars = { AUTH_SECRET: secret };
    closed = await startDevServer({ persistTo: join(folder, "closed"), vars });
  }, 120_000);
  afterAll(() => closed?.kill());

  const enter = async (page: Page, token: string): Promise<void> => {
    await page.getByLabel("Token with the room:admin scope").fill(token);
    await page.keyboard.press("Enter");
  };
  const administrator = () => tokenOf({ sub: "root", scopes: { "*": ["room:admin"] } });

  test("gets one from a field, which no address and no other tab has", async () => {
    const page = await visitInspector("/", closed.url);
    await page.getByText("This service requires a token.").waitFor();
    const token = await administrator();
    await enter(page, `Bearer ${token.slice(0, 40)}\n${token.slice(40)}`);
    await page.getByText("No rooms are running.").waitFor();
    expect(page.url()).toBe(`${closed.url}/inspector#/`);
    await page.reload();
    await page.getByText("No rooms are running.").waitFor();
    expect(await page.evaluate("JSON.stringify([localStorage, document.cookie])")).toBe('[{},""]');
    await press(page, "Change token");
    await page.getByText("Enter another token.").waitFor();
    await page.reload();
    await page.getByText("This service requires a token.").waitFor();
  });

  test("says that a token is none, or is of no use any more", async () => {
    const page = await visitInspector("/", closed.url);
    await enter(page, "nonsense");
    await page.getByText("The service rejected this token.").waitFor();
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
      "This token only covers some rooms. Type the start of their names above.",
      "Search rooms",
    ]);
    await press(page, "Search rooms");
    await page.keyboard.type("plans-");
    await page.getByRole("link", { name: "plans-1" }).waitFor();
    expect(await page.locator(".rooms tbody tr").count()).toBe(1);
  });

  test("shows no room to a token that may only read it", async () => {
    await askRoom(closed.url, "seen", await administrator())("PUT", "", {});
    const page = await visitInspector("/rooms/seen/state", closed.url);
    await enter(page, await tokenOf({ sub: "eve", scopes: { seen: ["room:read", "room:write"] } }));
    expect(await saysBlank(page, "forbidden")).toEqual([
      "This token does not give you access here. You need the room:admin scope.",
      "Use another token",
    ]);
    await press(page, "Use another token");
    await enter(page, await administrator());
    await page.getByRole("tab", { name: "State" }).waitFor();
  });
});
