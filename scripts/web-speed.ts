// `npm run speed`: how much JavaScript the demo loads, how soon it shows a board, and how long its frames take while 50
// people move their cursors, from a browser trace; how soon the inspector shows a large state, and how long its frames
// take while the state is scrolled and changed. It only prints and never fails, because the results depend on the load
// of the machine.

import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { Browser, CDPSession } from "playwright-core";
import { launchBrowser } from "../test/support/browser.ts";
import { startDevServer } from "../test/support/dev-server.ts";
import { demoBytes, sizeText } from "./web-size.ts";

const people = 50;
const seconds = 10;
const perSecond = 25;

const folder = await mkdtemp(join(tmpdir(), "collab-room-speed-"));
const server = await startDevServer({ persistTo: folder });
const browser = await launchBrowser();
try {
  console.log(sizeText(demoBytes()));
  await measureLoad(browser);
  await measureInspector(browser);
  await measureFrames(browser);
} finally {
  await browser.close();
  await server.kill();
  await rm(folder, { recursive: true, force: true });
}

async function measureLoad(from: Browser): Promise<void> {
  const times: number[] = [];
  for (let round = 0; round < 7; round++) {
    const context = await from.newContext({ viewport: { width: 1360, height: 900 } });
    const page = await context.newPage();
    const begin = performance.now();
    await page.goto(`${server.url}/?board=load-${round}`);
    await page.locator(".note").first().waitFor();
    times.push(performance.now() - begin);
    await context.close();
  }
  const sorted = times.toSorted((a, b) => a - b);
  console.log(
    `first board visible: median ${at(sorted, 0.5)} ms, slowest ${at(sorted, 1)} ms of ${times.length} loads, each in a fresh profile`,
  );
}

async function measureFrames(from: Browser): Promise<void> {
  const board = `crowd-${crypto.randomUUID()}`;
  const page = await from.newPage({ viewport: { width: 1360, height: 900 } });
  await page.goto(`${server.url}/?board=${board}`);
  await page.locator(".note").first().waitFor();
  const leave = await crowd(board);
  await page.locator(`.cursor:nth-child(${people})`).waitFor({ state: "attached" });
  const events = await trace(await page.context().newCDPSession(page));
  leave();
  print(`${people} people moving`, events);
}

/** 20,000 values in 2,000 objects: 1 MiB as JSON. */
function largeState(): object {
  return {
    notes: Object.fromEntries(
      Array.from({ length: 1_998 }, (_, index) => [
        `note-${index}`,
        {
          order: `V${index}`,
          text: `Number ${index}: ${"all of this is text of a note, as people write them. ".repeat(7)}`,
          x: index,
          y: index * 2,
          color: "sky",
          by: `person-${index % 40}`,
          done: index % 3 === 0,
          votes: index % 7,
          due: null,
        },
      ]),
    ),
  };
}

async function measureInspector(from: Browser): Promise<void> {
  const ask = (method: string, path: string, body: unknown, type = "application/json") =>
    fetch(`${server.url}/rooms/large${path}`, {
      method,
      headers: { "content-type": type },
      body: JSON.stringify(body),
    });
  await ask("PUT", "", { behaviour: "doc" });
  await ask("PUT", "/state", largeState());
  const times: number[] = [];
  for (let round = 0; round < 7; round++) {
    const context = await from.newContext({ viewport: { width: 1360, height: 900 } });
    const page = await context.newPage();
    const begin = performance.now();
    await page.goto(`${server.url}/inspector#/rooms/large/state`);
    await page.getByRole("treeitem").first().waitFor();
    times.push(performance.now() - begin);
    await context.close();
  }
  const sorted = times.toSorted((a, b) => a - b);
  const page = await from.newPage({ viewport: { width: 1360, height: 900 } });
  await page.goto(`${server.url}/inspector#/rooms/large/state`);
  const status = await page.locator(".state .status").innerText();
  console.log(
    `inspector, ${status.replaceAll(/\s+/g, " ")}: state visible: median ${at(sorted, 0.5)} ms, slowest ${at(sorted, 1)} ms of ${times.length} loads, each in a fresh profile`,
  );
  const begin = performance.now();
  await page.getByRole("button", { name: "Expand all" }).click();
  await page.getByRole("treeitem").filter({ hasText: "votes" }).first().waitFor();
  console.log(`all expanded: ${(performance.now() - begin).toFixed(1)} ms`);
  await page.getByRole("tree").hover();
  // Frames are recognised by these callbacks, and the page itself requests none while it scrolls.
  await page.evaluate("(function tick() { requestAnimationFrame(tick); })()");
  let change = 0;
  const timers = [
    setInterval(() => void page.mouse.wheel(0, 400).catch(() => {}), 50),
    setInterval(() => {
      // Requests still in flight at the end do not matter.
      const patch = [{ op: "replace", path: "/notes/note-9/x", value: change++ }];
      ask("PATCH", "/state", patch, "application/json-patch+json").catch(() => {});
    }, 100),
  ];
  const events = await trace(await page.context().newCDPSession(page));
  for (const timer of timers) clearInterval(timer);
  print("the whole state expanded, scrolling, with ten changes a second", events);
}

/** Users who move their cursors and ignore what they receive. @returns a function that stops them */
async function crowd(board: string): Promise<() => void> {
  const sockets = await Promise.all(
    Array.from({ length: people }, async (_, index) => {
      const user = JSON.stringify({ id: `p${index}`, name: `P${index}`, color: "#6741d9" });
      const query = new URLSearchParams({ user, behaviour: "board" });
      const address = `${server.url.replace("http", "ws")}/rooms/${board}/socket?${query}`;
      const socket = new WebSocket(address, ["collab-room.v2"]);
      const { promise, resolve } = Promise.withResolvers<void>();
      socket.addEventListener("message", () => resolve(), { once: true });
      await promise;
      return socket;
    }),
  );
  let step = 0;
  const timer = setInterval(() => {
    step++;
    for (const [index, socket] of sockets.entries()) {
      const angle = step / 12 + (index * 2 * Math.PI) / people;
      const reach = 80 + (index % 10) * 24;
      const cursor = {
        x: Math.round(600 + Math.cos(angle) * reach * 1.5),
        y: Math.round(300 + Math.sin(angle) * reach),
      };
      socket.send(JSON.stringify({ type: "presence", data: { cursor } }));
    }
  }, 1000 / perSecond);
  return () => {
    clearInterval(timer);
    for (const socket of sockets) socket.close();
  };
}

type TraceEvent = {
  readonly name: string;
  readonly ph: string;
  readonly tid: number;
  readonly pid: number;
  /** µs */
  readonly ts: number;
  readonly dur?: number;
  /** µs of CPU time. */
  readonly tdur?: number;
  readonly args?: { readonly name?: string };
};

async function trace(devtools: CDPSession): Promise<readonly TraceEvent[]> {
  const events: TraceEvent[] = [];
  devtools.on("Tracing.dataCollected", ({ value }) =>
    events.push(...(value as never as TraceEvent[])),
  );
  const categories = "devtools.timeline,toplevel,disabled-by-default-devtools.timeline,__metadata";
  await devtools.send("Tracing.start", {
    transferMode: "ReportEvents",
    traceConfig: { includedCategories: categories.split(",") },
  });
  await sleep(seconds * 1000);
  const complete = new Promise<void>((resolve) =>
    devtools.once("Tracing.tracingComplete", () => resolve()),
  );
  await devtools.send("Tracing.end");
  await complete;
  return events;
}

/**
 * A frame is the work of the page's main thread from one frame start to the next: scripts, style, layout, paint. If
 * other processes compete for the cores, the wall-clock time exceeds the CPU time.
 */
function print(what: string, events: readonly TraceEvent[]): void {
  const callbacks = events.filter(({ name }) => name === "FireAnimationFrame");
  const [first] = callbacks;
  if (!first) throw new Error("The trace has no frames.");
  const onMain = (event: TraceEvent): boolean => event.tid === first.tid && event.pid === first.pid;
  const starts = callbacks
    .filter(onMain)
    .map(({ ts }) => ts)
    .toSorted((a, b) => a - b);
  const tasks = events.filter((event) => onMain(event) && event.name === "RunTask" && event.dur);
  const frames = starts.slice(0, -1).map((start, index) => {
    const end = starts[index + 1] ?? start;
    const spent = { "wall-clock": 0, CPU: 0 };
    for (const { ts, dur = 0, tdur = 0 } of tasks) {
      const overlap = Math.max(Math.min(ts + dur, end) - Math.max(ts, start), 0);
      spent["wall-clock"] += overlap / 1000;
      spent.CPU += ((overlap / dur) * tdur) / 1000;
    }
    return spent;
  });
  console.log(`${what}: ${starts.length} frames in ${seconds} s`);
  for (const measure of ["CPU", "wall-clock"] as const) {
    const sorted = frames.map((frame) => frame[measure]).toSorted((a, b) => a - b);
    const inTime = sorted.filter((ms) => ms <= 16.7).length / sorted.length;
    console.log(
      `work per frame, ${measure} time: median ${at(sorted, 0.5)} ms, p95 ${at(sorted, 0.95)} ms, ` +
        `p99 ${at(sorted, 0.99)} ms; ${(inTime * 100).toFixed(1)} % within 16.7 ms`,
    );
  }
}

/** The value at a quantile of the sorted values. */
function at(sorted: readonly number[], part: number): string {
  const index = Math.min(Math.floor(sorted.length * part), sorted.length - 1);
  return (sorted[index] ?? NaN).toFixed(1);
}
