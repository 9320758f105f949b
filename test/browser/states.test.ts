// Each state that the demo can be in: it says so in one sentence with one button, has no serious finding of axe's, and
// breaks no policy. A picture of each goes into .screenshots/, to be looked at.

import { join } from "node:path";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { useBrowser } from "../support/browser-suite.ts";
import { startDevServer, type DevServer } from "../support/dev-server.ts";
import { look } from "../support/look.ts";
import {
  allKept,
  newBoard,
  note,
  pane,
  picture,
  press,
  seen,
  visit,
  type VisitOptions,
} from "../support/pages.ts";
import { inSeconds, secret, tokenOf } from "../support/tokens.ts";

let browser: Browser;
let server: DevServer;
let folder: string;
const visitors = useBrowser("states", (started) => {
  ({ browser, server, folder } = started);
});

let board: string;
beforeEach(() => {
  board = newBoard();
});

async function come(options: VisitOptions = {}, url = server.url): Promise<Page> {
  const visitor = await visit(browser, url, board, options);
  visitors.push(visitor);
  return visitor.page;
}

async function ask(method: string, path: string, body?: unknown): Promise<void> {
  const answer = await fetch(`${server.url}/rooms/${board}${path}`, {
    method,
    ...(body !== undefined && {
      headers: { "content-type": "application/json" },
      body: JSON.stringify(body),
    }),
  });
  expect(answer.status).toBeLessThan(300);
}

/** What the page says where the board is not to be used. */
async function saysWith(page: Page, kind: string): Promise<readonly [string, string]> {
  const notice = page.locator(`.notice[data-kind=${kind}]`).first();
  await notice.waitFor({ timeout: 20_000 });
  expect(await notice.locator("button, a").count()).toBe(1);
  return [await notice.locator("p").innerText(), await notice.locator("button, a").innerText()];
}

describe("the demo", () => {
  test("is a live board at once", async () => {
    const page = await come();
    await seen(pane(page));
    await page.locator(".note").first().waitFor();
    await look(page, "start");
  });

  test("shows two people, a cursor, who edits, and who types", async () => {
    const page = await come();
    await press(page, "Add a second person");
    await seen(pane(page, 1));
    const box = await pane(page, 1).locator(".viewport").boundingBox();
    await page.mouse.move((box?.x ?? 0) + 250, (box?.y ?? 0) + 330);
    await pane(page, 1).locator("[data-id=b] textarea").focus();
    await page.keyboard.press("Control+End");
    await page.keyboard.type(" Yes!");
    await pane(page, 0).locator(".cursor").waitFor();
    await pane(page, 0).locator(".editor").waitFor();
    await look(page, "two");
  });

  test("shows what waits while the plug is pulled, and the frames", async () => {
    const page = await come();
    await seen(pane(page));
    await press(page, "Show frames");
    await page.getByRole("switch").click();
    await press(page, "Add note");
    await page.keyboard.type("Written in a tunnel");
    await page.locator(".status[data-saved=unsaved]").waitFor();
    await look(page, "plug");
  });

  test("asks what is to become of edits that are old", async () => {
    const page = await come();
    await seen(pane(page));
    await page.clock.install();
    const plug = page.getByRole("switch");
    await plug.click();
    await press(page, "Add note");
    await page.keyboard.type("Written on a train");
    await page.clock.fastForward(10 * 60_000);
    await plug.click();
    await seen(pane(page));
    const question = page.locator(".stale");
    await question.waitFor();
    expect(await question.locator("button").allInnerTexts()).toEqual(["Keep", "Discard"]);
    await look(page, "stale");
  });

  test("says that nothing of the board is there while the plug is pulled", async () => {
    const page = await come();
    await seen(pane(page));
    await page.getByRole("switch").click();
    await page.reload();
    expect(await saysWith(page, "cut")).toEqual([
      "You are unplugged, and the board has not loaded yet.",
      "Plug back in",
    ]);
    await look(page, "cut");
  });

  test("says that nothing is there yet", async () => {
    await ask("PUT", "", { behaviour: "board" });
    await ask("PUT", "/state", { notes: {} });
    const page = await come();
    expect(await saysWith(page, "empty")).toEqual([
      "No notes here yet. Yours can be the first.",
      "Add the first note",
    ]);
    await look(page, "empty");
    await press(page, "Add the first note");
    await expect.poll(() => page.locator(".note").count()).toBe(1);
  });

  test("says that the board is full, and comes in when it no longer is", async () => {
    await ask("PUT", "", { behaviour: "board" });
    for (let user = 0; user < 100; user++)
      await ask("POST", "/users", { id: `u${user}`, ttl: 600_000 });
    const page = await come();
    expect(await saysWith(page, "full")).toEqual([
      "This board is full. Try again when someone has left.",
      "Try again",
    ]);
    await look(page, "full");
    await ask("DELETE", "/users/u7");
    await press(page, "Try again");
    await seen(pane(page));
    await expect.poll(() => page.locator(".avatars .more").innerText()).toMatch(/^\+96/);
    await look(page, "many");
  });

  test("says that an edit was refused, and why", async () => {
    const full = Object.fromEntries(
      Array.from({ length: 200 }, (_, index) => [
        `n${index}`,
        {
          order: "VV0",
          text: `${index}`,
          x: (index % 20) * 60,
          y: Math.floor(index / 20) * 80,
          color: "sky",
          by: "",
        },
      ]),
    );
    await ask("PUT", "", { behaviour: "board" });
    await ask("PUT", "/state", { notes: full });
    const page = await come();
    await seen(pane(page));
    await press(page, "Add note");
    await expect
      .poll(() => page.locator(".said").innerText())
      .toBe("Your edit was refused: A board can hold up to 200 notes.");
    await picture(page, "refused-edit-light");
  });

  test("says that a room is none of its kind", async () => {
    await ask("PUT", "", { behaviour: "doc" });
    const page = await come();
    expect(await saysWith(page, "other-kind")).toEqual([
      "This room is not a board, so there are no notes to show.",
      "Open a new board",
    ]);
    await look(page, "other-kind");
    await press(page, "Open a new board");
    await seen(pane(page));
  });

  test("says that somebody was removed", async () => {
    const page = await come({ id: "ada" });
    await seen(pane(page));
    await ask("DELETE", "/users/ada?kick=true&for=60");
    expect(await saysWith(page, "removed")).toEqual([
      "You were removed from this board.",
      "Open a new board",
    ]);
    await look(page, "removed");
  });

  test("says that the board was stopped, and starts it again", async () => {
    const page = await come();
    await seen(pane(page));
    await ask("DELETE", "");
    expect(await saysWith(page, "stopped")).toEqual([
      "This board was stopped. It restarts when someone opens it.",
      "Restart the board",
    ]);
    await look(page, "stopped");
    await press(page, "Restart the board");
    await seen(pane(page));
  });

  test("shows the invitation with its QR code, and gives the focus back", async () => {
    const page = await come();
    await seen(pane(page));
    await press(page, "Invite");
    expect(await page.getByLabel("Link to this board").inputValue()).toBe(page.url());
    await page.getByRole("img", { name: "QR code for the link" }).waitFor();
    await look(page, "invitation");
    await page.keyboard.press("Escape");
    expect(await page.locator(":focus").innerText()).toBe("Invite");
  });

  test("shows its source", async () => {
    const page = await come();
    await seen(pane(page));
    await press(page, "View source");
    const text = await page.locator(".source").innerText();
    for (const part of ["defineRoom", "editText", "history.undo()"]) expect(text).toContain(part);
    await look(page, "source");
  });

  test("mirrors its layout for those who read from right to left", async () => {
    const page = await come({ rest: "&dir=rtl" });
    await press(page, "Add a second person");
    await seen(pane(page, 1));
    await look(page, "rtl");
  });
});

describe("a service that asks for tokens", () => {
  let closed: DevServer;
  beforeAll(async () => {
    closed = await startDevServer({
      persistTo: join(folder, "closed"),
      vars: { AUTH_SECRET: secret },
    });
  }, 120_000);
  afterAll(() => closed?.kill());

  test("serves a demo that says so", async () => {
    const page = await come({}, closed.url);
    expect(await saysWith(page, "locked")).toEqual([
      "This service requires a token, so the demo can’t connect.",
      "View the API",
    ]);
    await look(page, "locked");
    expect(await page.getByRole("button", { name: "Add a second person" }).count()).toBe(0);
  });

  const mayWrite = ["room:read", "room:write", "room:create", "presence:write"];

  test("takes the token of a link", async () => {
    const token = await tokenOf({ sub: "ada", scopes: { "*": mayWrite } });
    const page = await come({ rest: `#token=${token}` }, closed.url);
    await seen(pane(page));
    await page.locator(".note").first().waitFor();
    expect(await page.locator(".hero").innerText()).toContain("You are signed in with a token");
    await look(page, "token");
    await press(page, "Invite");
    expect(await page.getByLabel("Link to this board").inputValue()).not.toContain("token");
  });

  test("keeps what a person with a token has not sent across a reload", async () => {
    const token = await tokenOf({ sub: "ada", scopes: { "*": mayWrite } });
    const page = await come({ rest: `#token=${token}` }, closed.url);
    await seen(pane(page));
    await page.getByRole("switch").click();
    await press(page, "Add note");
    await page.keyboard.type("Milk");
    await note(pane(page), "Milk").waitFor();
    await allKept(page);
    await page.reload();
    await note(pane(page), "Milk").waitFor();
    await page.getByRole("switch").click();
    await page.locator(".status[data-saved=saved][data-live=true]").waitFor();
  });

  test("does not let in the token of another board", async () => {
    const token = await tokenOf({ sub: "ada", scopes: { "plans-*": mayWrite } });
    const page = await come({ rest: `#token=${token}` }, closed.url);
    expect(await saysWith(page, "refused")).toEqual([
      "You don’t have access to this board.",
      "Open a new board",
    ]);
    await look(page, "refused");
  });

  test("has a link expire", async () => {
    const token = await tokenOf({ sub: "ada", exp: inSeconds(-600) });
    const page = await come({ rest: `#token=${token}` }, closed.url);
    expect(await saysWith(page, "expired")).toEqual([
      "Your invitation link has expired. Ask for a new one, or try again.",
      "Try again",
    ]);
    await look(page, "expired");
  });
});
