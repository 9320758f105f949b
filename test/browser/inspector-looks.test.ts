// Each page, tab and state of the inspector: it has no serious finding of axe's, fits a phone, breaks no policy, and says
// what is the matter in one sentence with one button. A picture of each goes into .screenshots/, to be looked at.

import { join } from "node:path";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { useBrowser } from "../support/browser-suite.ts";
import { startDevServer, type DevServer } from "../support/dev-server.ts";
import { askRoom, inspect, saysBlank } from "../support/inspector.ts";
import { look } from "../support/look.ts";
import { pane, press, seen, visit } from "../support/pages.ts";
import { secret, tokenOf } from "../support/tokens.ts";

let browser: Browser;
let server: DevServer;
let folder: string;
const visitors = useBrowser("inspector-looks", (started) => {
  ({ browser, server, folder } = started);
});

let room: string;
let ask: ReturnType<typeof askRoom>;
beforeEach(() => {
  room = `plans-${crypto.randomUUID().slice(0, 4)}`;
  ask = askRoom(server.url, room);
});

async function visitInspector(address: string, url = server.url): Promise<Page> {
  const visitor = await inspect(browser, url, address);
  visitors.push(visitor);
  return visitor.page;
}

const openTab = (tab: string): Promise<Page> => visitInspector(`/rooms/${room}/${tab}`);

/** A board with two people on it, one of whom writes. */
async function withPeople(): Promise<Page> {
  const come = async (name: string, color: string): Promise<Page> => {
    const visitor = await visit(browser, server.url, room, { name, color, id: name.toLowerCase() });
    visitors.push(visitor);
    await seen(pane(visitor.page));
    return visitor.page;
  };
  const ada = await come("Ada", "#c2255c");
  await come("Bob", "#0b7285");
  await ada.getByRole("button", { name: "Add note", exact: true }).click();
  await ada.keyboard.type("Milk, bread and a very good plan");
  return ada;
}

describe("the inspector", () => {
  test("lists rooms", async () => {
    for (const name of ["design review", "plans-2026", "retro", "Zürich office", "עברית"])
      await askRoom(server.url, name)("PUT", "", { behaviour: "doc" });
    await withPeople();
    const page = await visitInspector("/");
    await page.getByRole("link", { name: "retro" }).waitFor();
    await page.locator(".rooms td.number.wide").first().waitFor();
    await look(page, "inspector-rooms");
  });

  test("shows a state, what is selected, and what an edit changes", async () => {
    await withPeople();
    const page = await openTab("state");
    await page.getByLabel("Find in the state").fill("Write here");
    await page.locator(".tree-row[aria-selected=true]").waitFor();
    await look(page, "inspector-state");
    await page.locator(".tree-row[aria-selected=true]").dblclick();
    await page.getByLabel("New value (JSON)").fill('"Something else"');
    await look(page, "inspector-edit-field");
    await page.getByLabel("New value (JSON)").press("Enter");
    await page.getByRole("dialog", { name: "Change the state" }).waitFor();
    await look(page, "inspector-edit");
  });

  test("shows the timeline, a change and the state then", async () => {
    await withPeople();
    const page = await openTab("timeline");
    await page.locator(".journal-row").nth(3).waitFor();
    await look(page, "inspector-timeline");
    await page.locator(".journal-row").nth(2).click();
    await press(page, "State after it");
    await page.locator(".moment .tree-row").first().waitFor();
    await look(page, "inspector-moment");
    await press(page, "Restore…");
    await page.getByRole("dialog").waitFor();
    await look(page, "inspector-bring-back");
  });

  test("shows people, and asks before one is removed", async () => {
    await withPeople();
    await ask("POST", "/users", { id: "reader-17", name: "A server’s own user", ttl: 600_000 });
    await ask("POST", "/users", { id: "mallory" });
    await ask("DELETE", "/users/mallory?kick=true&for=3600");
    const page = await openTab("people");
    await page.getByRole("heading", { name: "Banned" }).waitFor();
    await look(page, "inspector-people");
    await press(page, "Remove…");
    await page.getByRole("dialog").waitFor();
    await look(page, "inspector-remove");
  });

  test("shows presence", async () => {
    const ada = await withPeople();
    await ada.locator(".viewport").hover();
    const page = await openTab("presence");
    await page.locator(".presence li").nth(1).waitFor();
    await look(page, "inspector-presence");
  });

  test("shows the wire, and one of its frames", async () => {
    const ada = await withPeople();
    const page = await openTab("wire");
    await page.getByText("No frames yet.").waitFor();
    await look(page, "inspector-wire-empty");
    await ada.locator("[data-id=b] textarea").focus();
    await ada.keyboard.type("Yes. ", { delay: 40 });
    const rows = page.locator(".wire-row", { hasText: "update" });
    await rows.first().click();
    await page.locator(".wire-detail pre").waitFor();
    await look(page, "inspector-wire");
  });

  test("shows actions and their answers", async () => {
    await ask("PUT", "", { behaviour: "doc" });
    const page = await openTab("actions");
    await page.getByLabel("title").fill("Harbour");
    await press(page, "Call…");
    await page.getByRole("dialog").waitFor();
    await look(page, "inspector-call");
    await press(page, "Call rename");
    await page.locator(".answer").waitFor();
    await look(page, "inspector-actions");
  });

  test("shows operations, and asks before it deletes", async () => {
    await ask("PUT", "", { behaviour: "doc" });
    const page = await openTab("operations");
    await page.getByRole("heading", { name: "Purge" }).waitFor();
    await look(page, "inspector-operations");
    await press(page, "Purge…");
    await page.getByRole("dialog").waitFor();
    await look(page, "inspector-purge");
  });

  test("shows metrics", async () => {
    await fetch(`${server.url}/rooms/nowhere-at-all`);
    const page = await visitInspector("/metrics");
    await page.locator(".bars li").first().waitFor();
    await look(page, "inspector-metrics");
  });

  test("mirrors its layout for those who read from right to left", async () => {
    await withPeople();
    const visitor = await inspect(browser, server.url, `/rooms/${room}/people`, {}, "?dir=rtl");
    visitors.push(visitor);
    await visitor.page.locator(".person-row").nth(1).waitFor();
    await look(visitor.page, "inspector-rtl");
  });
});

describe("a state of the inspector", () => {
  test("nothing is found", async () => {
    const page = await visitInspector("/?prefix=no-room-begins-so");
    expect(await saysBlank(page, "empty")).toEqual([
      "No running room has a name starting with “no-room-begins-so”.",
      "Show all rooms",
    ]);
    await look(page, "inspector-none");
  });

  test("nothing is at this address", async () => {
    const page = await visitInspector("/elsewhere");
    expect(await saysBlank(page, "gone")).toEqual([
      "There is no page at this address.",
      "Show all rooms",
    ]);
    await look(page, "inspector-nowhere");
  });

  test("the room is not running", async () => {
    const page = await openTab("state");
    expect(await saysBlank(page, "stopped")).toEqual([
      "This room is not running. Starting it restores its stored state, if there is one.",
      "Start room",
    ]);
    await look(page, "inspector-stopped");
  });

  test("the state is empty, and gets its first member", async () => {
    await ask("PUT", "", { behaviour: "default" });
    const page = await openTab("state");
    expect(await saysBlank(page, "empty")).toEqual([
      "The state is an empty object.",
      "Add a member",
    ]);
    await look(page, "inspector-empty-state");
    await press(page, "Add a member");
    await page.getByLabel("Name of the new member").fill("first");
    await press(page, "Send");
    await page.getByRole("treeitem").filter({ hasText: "first" }).waitFor();
  });

  test("nobody is in the room", async () => {
    await ask("PUT", "", { behaviour: "doc" });
    const page = await openTab("people");
    expect(await saysBlank(page, "empty")).toEqual(["Nobody is in this room.", "Refresh"]);
    await look(page, "inspector-nobody");
  });

  test("the room loads", async () => {
    await ask("PUT", "", { behaviour: "doc" });
    const page = await visitInspector("/");
    await page.route("**/inspect", () => {});
    await page.goto(`${server.url}/inspector#/rooms/${room}/operations`);
    await page.getByText("Loading the room…").waitFor();
    await look(page, "inspector-loading");
  });

  test("the room cannot be read", async () => {
    await ask("PUT", "", { behaviour: "doc" });
    const page = await visitInspector("/");
    const problem = { code: "room_unavailable", title: "The room cannot be reached.", status: 503 };
    await page.route("**/inspect", (route) => route.fulfill({ status: 503, json: problem }));
    await page.goto(`${server.url}/inspector#/rooms/${room}/state`);
    expect(await saysBlank(page, "failed")).toEqual(["The room cannot be reached.", "Try again"]);
    await look(page, "inspector-failed");
    await page.unroute("**/inspect");
    await press(page, "Try again");
    await page.getByRole("tab", { name: "State" }).waitFor();
  });

  test("the room cannot save", async () => {
    await ask("PUT", "", { behaviour: "doc" });
    const page = await visitInspector("/");
    await page.route("**/inspect", async (route) => {
      const answer = await route.fetch();
      const at = (seconds: number) => new Date(Date.now() + seconds * 1000).toISOString();
      const save = {
        status: "failing",
        error: "save_failed",
        reason: "The disk is full.",
        instance: "urn:uuid:4f9f1c1e-5d0b-4c53-8f0a-2f6f0c1f8b11",
        savedAt: at(-600),
        failingSince: at(-170),
        dueAt: at(28),
        attempts: 6,
      };
      await route.fulfill({ json: { ...((await answer.json()) as object), save } });
    });
    await page.goto(`${server.url}/inspector#/rooms/${room}/operations`);
    const alarm = page.getByRole("alert");
    await alarm.waitFor();
    expect(await alarm.innerText()).toMatch(
      /^The room can’t save its state\. saveRoomState: The disk is full\. 6 attempts failed, the first 2 min \d+ s ago\. Next attempt in \d+ s\./,
    );
    await look(page, "inspector-save-fails");
  });
});

describe("a service that asks for tokens", () => {
  let closed: DevServer;
  beforeAll(async () => {
    const vars = { AUTH_SECRET: secret };
    closed = await startDevServer({ persistTo: join(folder, "closed"), vars });
  }, 120_000);
  afterAll(() => closed?.kill());

  test("is asked with the token of a field", async () => {
    const page = await visitInspector("/", closed.url);
    await page.getByText("This service requires a token.").waitFor();
    await look(page, "inspector-token");
  });

  test("shows what a token may not see", async () => {
    const page = await visitInspector("/metrics", closed.url);
    await page
      .getByLabel("Token with the room:admin scope")
      .fill(await tokenOf({ sub: "pia", scopes: { "plans-*": ["room:admin"] } }));
    await page.keyboard.press("Enter");
    expect(await saysBlank(page, "forbidden")).toEqual([
      "This token does not give you access here. You need the room:admin scope.",
      "Use another token",
    ]);
    await look(page, "inspector-forbidden");
    await page.getByRole("link", { name: "Rooms" }).click();
    await saysBlank(page, "forbidden");
    await look(page, "inspector-forbidden-list");
  });
});
