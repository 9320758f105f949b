// The demo in a browser, against the server of `npm run dev`: what one person does, another sees, also with a line that
// was cut and a server that was killed.

import type { Browser, Locator, Page } from "playwright-core";
import { beforeEach, describe, expect, test } from "vitest";
import { useBrowser, type BrowserSuite } from "../support/browser-suite.ts";
import { startDevServer, type DevServer } from "../support/dev-server.ts";
import {
  allKept,
  newBoard,
  note,
  pane,
  press,
  seen,
  soon,
  textOf,
  visit,
  type VisitOptions,
} from "../support/pages.ts";

let browser: Browser;
let server: DevServer;
let suite: BrowserSuite;
const visitors = useBrowser("demo", (started) => {
  suite = started;
  ({ browser, server } = suite);
});

let board: string;
beforeEach(() => {
  board = newBoard();
});

async function come(name: string, options: VisitOptions = {}): Promise<Page> {
  const visitor = await visit(browser, server.url, board, { name, ...options });
  visitors.push(visitor);
  await seen(pane(visitor.page));
  return visitor.page;
}

const write = async (found: Locator, text: string): Promise<void> => {
  await found.locator("textarea").focus();
  await found.page().keyboard.press("Control+End");
  await found.page().keyboard.type(text);
};
const placeOf = async (found: Locator): Promise<string> =>
  (await found.getAttribute("style")) ?? "";
const statusOf = (view: Locator): Promise<string> =>
  view.locator(".status [role=status]").innerText();
const said = (page: Page): Locator => page.locator(".said span");

describe("two people on a board", () => {
  test("see each other's notes, text, editing and typing", async () => {
    const [ada, bob] = await Promise.all([come("Ada"), come("Bob", { color: "#0b7285" })]);
    await press(ada, "Add note");
    await ada.keyboard.type("Milk");
    const seenByBob = note(pane(bob), "Milk");
    await seenByBob.waitFor();
    await expect.poll(() => bob.locator(".typing").innerText(), soon).toBe("Ada is typing…");
    await expect.poll(() => seenByBob.locator(".editor").innerText(), soon).toBe("Ada is editing");
    expect(await seenByBob.getAttribute("style")).toContain("outline-color: rgb(194, 37, 92)");
    await expect.poll(() => bob.locator(".typing").innerText(), soon).toBe("");
  });

  test("write into one note at once, and both texts stay", async () => {
    const [ada, bob] = await Promise.all([come("Ada"), come("Bob")]);
    const [hers, his] = [ada, bob].map((page) => page.locator("[data-id=b]")) as [Locator, Locator];
    await his.locator("textarea").focus();
    await bob.keyboard.press("Control+Home");
    await Promise.all([write(hers, " from Ada"), bob.keyboard.type("From Bob. ")]);
    const whole = "From Bob. Write here together. Both edits are kept. from Ada";
    await expect.poll(() => textOf(hers), soon).toBe(whole);
    await expect.poll(() => textOf(his), soon).toBe(whole);
  });

  test("see where the other points, by transform alone, and are pointed to those outside", async () => {
    const [ada, bob] = await Promise.all([come("Ada"), come("Bob")]);
    const box = await ada.locator(".viewport").boundingBox();
    await ada.mouse.move((box?.x ?? 0) + 300, (box?.y ?? 0) + 200);
    const cursor = bob.locator(".cursor");
    await expect
      .poll(() => cursor.getAttribute("style"), soon)
      .toBe("transform: translate(300px, 200px);");
    expect(await cursor.innerText()).toBe("Ada");
    expect(await bob.locator(".arrow").isVisible()).toBe(false);
    await bob.locator(".viewport").hover();
    await bob.mouse.wheel(0, 400);
    await bob.getByRole("button", { name: "Scroll to Ada" }).click();
    await expect.poll(() => bob.locator(".arrow").isVisible(), soon).toBe(false);
  });

  test("see a cursor fade when the other does nothing for a while", async () => {
    const [ada, bob] = await Promise.all([come("Ada"), come("Bob")]);
    await ada.clock.install();
    await ada.locator(".viewport").hover();
    const cursor = bob.locator(".cursor");
    await expect.poll(() => cursor.getAttribute("data-idle"), soon).toBe("false");
    await ada.clock.fastForward(30_000);
    await expect.poll(() => cursor.getAttribute("data-idle"), soon).toBe("true");
    await bob.locator(".avatars li", { hasText: "Ada, idle" }).waitFor();
    // Back, but no longer pointing at the board.
    await ada.locator(".pane-head").hover();
    await bob.locator(".avatars li", { hasText: "Ada, online" }).waitFor();
    expect(await cursor.count()).toBe(0);
  });

  test("see the other's new name and colour", async () => {
    const [ada, bob] = await Promise.all([come("Ada"), come("Bob")]);
    await ada.getByLabel("Your name").fill("Adele");
    await bob.locator(".avatars li", { hasText: "Adele, online" }).waitFor();
    await ada.reload();
    expect(await ada.getByLabel("Your name").inputValue()).toBe("Adele");
    await bob.locator(".avatars li", { hasText: "Adele, online" }).waitFor();
  });

  test("fit on one page", async () => {
    const page = await come("Ada");
    await press(page, "Add a second person");
    await seen(pane(page, 1));
    await write(pane(page, 1).locator("[data-id=a]"), " Bob");
    const text = "Drag me by the dots. Everyone sees it move. Bob";
    await expect.poll(() => textOf(pane(page, 0).locator("[data-id=a]")), soon).toBe(text);
    await press(page, "Remove Bob");
    await expect.poll(() => page.locator(".avatars li").count(), soon).toBe(1);
  });
});

test("five people are a stack of four and one more, of whom several type", async () => {
  const names = ["Ada", "Bob", "Cleo", "Dan", "Edith"];
  const pages = await Promise.all(names.map((name) => come(name)));
  const [first] = pages as [Page];
  await expect.poll(() => first.locator(".avatars .more").innerText(), soon).toMatch(/^\+1/);
  await expect
    .poll(() => first.locator(".avatars").innerText(), soon)
    .toContain("Ada (You), online");
  await Promise.all(
    pages.slice(1).map((page, index) => write(page.locator("[data-id=a]"), `${index}`)),
  );
  await expect
    .poll(() => first.locator(".typing").innerText(), soon)
    .toBe("Several people are typing…");
});

test("two tabs of one user are one person", async () => {
  const id = crypto.randomUUID();
  const [one] = await Promise.all([come("Ada", { id }), come("Ada", { id })]);
  const bob = await come("Bob");
  await expect.poll(() => bob.locator(".avatars li").count(), soon).toBe(2);
  expect(await one.locator(".avatars li").count()).toBe(2);
});

describe("undo", () => {
  test("takes back what this person did, a drag in one step, and leaves what others did", async () => {
    const [ada, bob] = await Promise.all([come("Ada"), come("Bob")]);
    const hers = ada.locator("[data-id=a]");
    const before = await placeOf(hers);
    const grip = await hers.locator(".grip").boundingBox();
    const from = { x: (grip?.x ?? 0) + 20, y: (grip?.y ?? 0) + 10 };
    await ada.mouse.move(from.x, from.y);
    await ada.mouse.down();
    await ada.mouse.move(from.x + 60, from.y + 40, { steps: 6 });
    await ada.mouse.up();
    const after = await placeOf(hers);
    expect(after).toContain("translate(108px, 96px)");
    await expect.poll(() => placeOf(bob.locator("[data-id=a]")), soon).toBe(after);
    await press(bob, "Add note");
    await bob.keyboard.type("Bread");
    await note(pane(ada), "Bread").waitFor();
    await press(ada, "Undo");
    expect(await said(ada).innerText()).toBe("Undone.");
    expect(await placeOf(hers)).toBe(before);
    await note(pane(ada), "Bread").waitFor();
    await press(ada, "Redo");
    expect(await placeOf(hers)).toBe(after);
  });

  test("says what it has left alone, and because of whom", async () => {
    const [ada, bob] = await Promise.all([come("Ada"), come("Bob")]);
    const [hers, his] = [ada, bob].map((page) => page.locator("[data-id=a]")) as [Locator, Locator];
    await hers.locator(".swatch").click();
    await expect.poll(() => his.getAttribute("data-color"), soon).toBe("rose");
    await his.locator(".swatch").click();
    await expect.poll(() => hers.getAttribute("data-color"), soon).toBe("mint");
    await press(ada, "Undo");
    expect(await said(ada).innerText()).toBe("Skipped 1 change: Bob has edited it since.");
    expect(await hers.getAttribute("data-color")).toBe("mint");
  });
});

test("the keyboard alone adds, writes, moves, paints, orders, undoes and removes", async () => {
  const page = await come("Ada");
  await page.locator(".viewport").focus();
  await page.keyboard.press("Tab");
  const first = page.locator("[data-id=a]");
  await page.keyboard.press("ArrowRight");
  await expect.poll(() => placeOf(first), soon).toContain("translate(68px, 56px)");
  await page.keyboard.press("Control+z");
  await expect.poll(() => placeOf(first), soon).toContain("translate(48px, 56px)");
  await page.keyboard.press("Tab");
  await page.keyboard.press("Enter");
  await expect.poll(() => first.getAttribute("data-color"), soon).toBe("rose");
  await page.keyboard.press("Tab");
  await page.keyboard.press("Enter");
  await expect.poll(() => placeOf(first), soon).toContain("--level: 3");
  await page.keyboard.press("Shift+Tab");
  await page.keyboard.press("Shift+Tab");
  await page.keyboard.press("Enter");
  await page.keyboard.press("Control+End");
  await page.keyboard.type(" Yes.");
  await expect
    .poll(() => textOf(first), soon)
    .toBe("Drag me by the dots. Everyone sees it move. Yes.");
  await page.keyboard.press("Escape");
  await page.keyboard.press("Delete");
  await expect.poll(() => page.locator(".note").count(), soon).toBe(3);
  expect(await page.locator(":focus").getAttribute("class")).toBe("grip");
});

test("a finger drags a note", async () => {
  const phone = { viewport: { width: 390, height: 780 }, hasTouch: true, isMobile: true };
  const page = await come("Ada", phone);
  const grip = page.locator("[data-id=a] .grip");
  await grip.scrollIntoViewIfNeeded();
  const box = await grip.boundingBox();
  const [x, y] = [(box?.x ?? 0) + 20, (box?.y ?? 0) + 12];
  const devtools = await page.context().newCDPSession(page);
  const touch = (type: string, ...points: { x: number; y: number }[]) =>
    devtools.send("Input.dispatchTouchEvent", { type, touchPoints: points } as never);
  await touch("touchStart", { x, y });
  await touch("touchMove", { x: x + 20, y: y + 10 });
  await touch("touchMove", { x: x + 40, y: y + 30 });
  await touch("touchEnd");
  await expect
    .poll(() => placeOf(page.locator("[data-id=a]")), soon)
    .toContain("translate(88px, 86px)");
});

describe("with the plug pulled", () => {
  test("edits wait and are counted, and merge when the line is back", async () => {
    const [ada, bob] = await Promise.all([come("Ada"), come("Bob")]);
    await ada.getByRole("switch", { name: "Pull the plug" }).click();
    await write(ada.locator("[data-id=b]"), " offline");
    await expect
      .poll(() => statusOf(pane(ada)), soon)
      .toMatch(/^Unplugged, \d+ edits not sent yet$/);
    await bob.locator("[data-id=b] textarea").focus();
    await bob.keyboard.press("Control+Home");
    await bob.keyboard.type("Online: ");
    await expect.poll(() => statusOf(pane(bob)), soon).toBe("Live, all saved");
    expect(await textOf(ada.locator("[data-id=b]"))).toBe(
      "Write here together. Both edits are kept. offline",
    );
    await ada.getByRole("switch", { name: "Pull the plug" }).click();
    const merged = "Online: Write here together. Both edits are kept. offline";
    for (const page of [ada, bob])
      await expect.poll(() => textOf(page.locator("[data-id=b]")), soon).toBe(merged);
    await expect.poll(() => statusOf(pane(ada)), soon).toBe("Live, all saved");
  });

  test("a slow line shows its frames, and what a round trip takes", async () => {
    const page = await come("Ada");
    await page.getByRole("slider", { name: "Lag" }).fill("600");
    await press(page, "Show frames");
    await press(page, "Add note");
    await expect.poll(() => statusOf(pane(page)), soon).toContain("saving");
    await expect.poll(() => statusOf(pane(page)), soon).toBe("Live, all saved");
    await page
      .locator(".frames tr[data-from=page]", { hasText: '"type":"update"' })
      .first()
      .waitFor();
    const roundTrip = async () => parseInt(await page.locator(".frames > p").innerText());
    await expect.poll(roundTrip, soon).toBeGreaterThanOrEqual(600);
  });
});

describe("what has not been sent", () => {
  const pull = (page: Page): Promise<void> =>
    page.getByRole("switch", { name: "Pull the plug" }).first().click();
  const cutOffWith = async (page: Page, text: string): Promise<void> => {
    await pull(page);
    await press(page, "Add note");
    await page.keyboard.type(text);
    await note(pane(page), text).waitFor();
    await allKept(page);
  };

  test("is there after a reload, and arrives once when the plug is back", async () => {
    const [ada, bob] = await Promise.all([come("Ada"), come("Bob")]);
    await cutOffWith(ada, "Milk");
    await ada.reload();
    await note(pane(ada), "Milk").waitFor();
    await expect
      .poll(() => statusOf(pane(ada)), soon)
      .toMatch(/^Unplugged, \d+ edits not sent yet$/);
    // What is written on top of it counts as well.
    await write(note(pane(ada), "Milk"), " and bread");
    await allKept(ada);
    await ada.reload();
    await note(pane(ada), "Milk and bread").waitFor();
    expect(await note(pane(bob), "Milk").count()).toBe(0);
    await pull(ada);
    await note(pane(bob), "Milk and bread").waitFor();
    await expect.poll(() => statusOf(pane(ada)), soon).toBe("Live, all saved");
    expect(await note(pane(bob), "Milk").count()).toBe(1);
    expect(await note(pane(ada), "Milk").count()).toBe(1);
  });

  test("is there after a reload for both people of one page", async () => {
    const page = await come("Ada");
    await press(page, "Add a second person");
    await seen(pane(page, 1));
    await pane(page, 1).getByRole("switch").click();
    await write(pane(page, 1).locator("[data-id=a]"), " Bob");
    await allKept(page);
    await page.reload();
    await seen(pane(page));
    const his = pane(page, 1).locator("[data-id=a]");
    await expect.poll(() => textOf(his), soon).toMatch(/ Bob$/);
    expect(await textOf(pane(page, 0).locator("[data-id=a]"))).not.toMatch(/Bob/);
    await pane(page, 1).getByRole("switch").click();
    await expect.poll(() => textOf(pane(page, 0).locator("[data-id=a]")), soon).toMatch(/ Bob$/);
  });

  test("a page that has nothing of the board yet says so while the plug is pulled", async () => {
    const page = await come("Ada");
    await pull(page);
    await page.reload();
    await page.locator(".notice[data-kind=cut]").waitFor();
    await press(page, "Plug back in");
    await seen(pane(page));
  });

  test("is sent by the next tab when its own was closed, in the name of the same person", async () => {
    const [ada, bob] = await Promise.all([come("Ada"), come("Bob")]);
    await ada.getByLabel("Your name").fill("Adele");
    await cutOffWith(ada, "Milk");
    // Pages that nobody has told who they are.
    const open = async (): Promise<Page> => {
      const page = await ada.context().newPage();
      await page.goto(ada.url());
      await seen(pane(page));
      return page;
    };
    const another = await open();
    expect(await another.getByLabel("Your name").inputValue()).not.toBe("Adele");
    expect(await note(pane(another), "Milk").count()).toBe(0);
    await ada.close();
    const again = await open();
    expect(await again.getByLabel("Your name").inputValue()).toBe("Adele");
    await note(pane(bob), "Milk").waitFor();
    expect(await note(pane(bob), "Milk").count()).toBe(1);
  });

  test("is sent by the other tab of the same person when its own was closed", async () => {
    const [ada, bob] = await Promise.all([come("Ada"), come("Bob")]);
    const twin = await ada.context().newPage();
    const person = await ada.evaluate("sessionStorage.getItem('person-0')");
    await twin.addInitScript(`sessionStorage.setItem("person-0", ${JSON.stringify(person)})`);
    await twin.goto(ada.url());
    await seen(pane(twin));
    await expect.poll(() => bob.locator(".avatars li").count(), soon).toBe(2);
    await cutOffWith(ada, "Milk");
    expect(await note(pane(twin), "Milk").count()).toBe(0);
    await ada.close();
    await note(pane(twin), "Milk").waitFor();
    await note(pane(bob), "Milk").waitFor();
    expect(await note(pane(bob), "Milk").count()).toBe(1);
  });

  test.each([
    { answer: "Keep", count: 1 },
    { answer: "Discard", count: 0 },
  ])("is asked for when it is old, and $answer is an answer", async ({ answer, count }) => {
    const [ada, bob] = await Promise.all([come("Ada"), come("Bob")]);
    await ada.clock.install();
    await cutOffWith(ada, "Milk");
    await ada.clock.fastForward(10 * 60_000);
    await pull(ada);
    const question = ada.locator(".stale");
    expect(await question.innerText()).toMatch(
      /^\d+ edits you made since .+ are not on the board yet\. Others may have changed it in the meantime\./,
    );
    expect(await note(pane(bob), "Milk").count()).toBe(0);
    await press(ada, answer);
    expect(await question.count()).toBe(0);
    await expect.poll(() => statusOf(pane(ada)), soon).toBe("Live, all saved");
    expect(await note(pane(ada), "Milk").count()).toBe(count);
    await expect.poll(() => note(pane(bob), "Milk").count(), soon).toBe(count);
  });
});

test("what an input method composes stays, and so does what others write meanwhile", async () => {
  const [ada, bob] = await Promise.all([come("Ada"), come("Bob")]);
  const [hers, his] = [ada, bob].map((page) => page.locator("[data-id=b]")) as [Locator, Locator];
  await hers.locator("textarea").focus();
  await ada.keyboard.press("Control+End");
  const devtools = await ada.context().newCDPSession(ada);
  const composing = { text: "に", selectionStart: 1, selectionEnd: 1 };
  await devtools.send("Input.imeSetComposition", composing);
  await his.locator("textarea").focus();
  await bob.keyboard.press("Control+Home");
  await bob.keyboard.type("Bob: ");
  await expect.poll(() => hers.getAttribute("aria-label"), soon).toContain("Note: Bob: ");
  expect(await textOf(hers)).toBe("Write here together. Both edits are kept.に");
  await devtools.send("Input.insertText", { text: "日本" });
  const whole = "Bob: Write here together. Both edits are kept.日本";
  for (const found of [hers, his]) await expect.poll(() => textOf(found), soon).toBe(whole);
});

test("a note that is removed under somebody who writes says so, and the keyboard stays on the board", async () => {
  const [ada, bob] = await Promise.all([come("Ada"), come("Bob")]);
  await write(ada.locator("[data-id=b]"), " more");
  const remove = "Delete note: Write here together. Bot";
  await bob.getByRole("button", { name: remove, exact: true }).click();
  await expect
    .poll(() => said(ada).innerText(), soon)
    .toBe("Someone deleted the note you were working on.");
  expect(await ada.locator(":focus").getAttribute("class")).toBe("viewport");
  await expect.poll(() => bob.locator(".typing").innerText(), soon).toBe("");
  await press(bob, "Undo");
  await ada.locator("[data-id=b]").waitFor();
  await expect
    .poll(() => textOf(ada.locator("[data-id=b]")), soon)
    .toContain("Both edits are kept.");
});

test("a server that is killed and starts again gets what was done meanwhile, once", async () => {
  const [ada, bob] = await Promise.all([come("Ada"), come("Bob")]);
  await server.kill();
  await expect.poll(() => statusOf(pane(ada)), soon).toMatch(/^Reconnecting/);
  await press(ada, "Add note");
  await ada.keyboard.type("Written while it was down");
  expect(await statusOf(pane(ada))).toContain("not sent yet");
  const port = Number(new URL(server.url).port);
  server = await startDevServer({ persistTo: suite.folder, port });
  suite.server = server;
  await expect.poll(() => statusOf(pane(ada)), { timeout: 30_000 }).toBe("Live, all saved");
  await expect.poll(() => note(pane(bob), "Written while").count(), soon).toBe(1);
  expect(await textOf(note(pane(bob), "Written while"))).toBe("Written while it was down");
  for (const { complaints } of visitors) {
    // The browser tells of each attempt to reach a server that is down.
    const others = complaints.filter((text) => !/^WebSocket connection to|net::ERR_/.test(text));
    expect(others).toEqual([]);
    complaints.length = 0;
  }
});
