// Browsers that keep nothing, not everything, or something else than was written: the room works all the same, and the
// application is told (rule C7).

import { expect, test, vi } from "vitest";
import { comeBack, createBoard, keepTime, push, pushOffline } from "./support/board.ts";
import { FakeBrowser, type StoredRecord } from "./support/fake-browser.ts";

type Change = (record: StoredRecord) => StoredRecord;

/** Change the edits of a record. */
const edits =
  (change: (kept: Record<string, never>) => object): Change =>
  (record) => ({ ...record, edits: JSON.stringify(change(JSON.parse(record.edits))) });

const task = (change: object): Change =>
  edits((kept) => {
    const tasks: readonly object[] = kept["tasks"] as never;
    return { ...kept, tasks: tasks.map((each) => ({ ...each, ...change })) };
  });

const damages: Readonly<Record<string, Change>> = {
  "no text": (record) => ({ ...record, edits: 7 as never }),
  "no JSON": (record) => ({ ...record, edits: record.edits.slice(1) }),
  "another value": (record) => ({ ...record, edits: "null" }),
  "no client": edits((kept) => ({ ...kept, client: undefined })),
  "a client that the service would refuse": edits((kept) => ({ ...kept, client: "a b" })),
  "a version that is none": edits((kept) => ({ ...kept, version: -1 })),
  "scopes that are none": edits((kept) => ({ ...kept, scopes: [1] })),
  "no tasks": edits((kept) => ({ ...kept, tasks: {} })),
  "a task that is none": edits((kept) => ({ ...kept, tasks: [null] })),
  "no time": task({ madeAt: "now" }),
  "a request that is not there": task({ seq: 1 }),
  "a hold that is none": task({ held: "maybe" }),
  "an action that is none": task({ action: { name: 1 } }),
  "operations that are none": task({ operations: [1] }),
  "an operation without a path": task({ operations: [{ op: "remove" }] }),
  "an operation without what it needs": task({ operations: [{ op: "add", path: "/log/-" }] }),
  "an operation that is none": task({ operations: [{ op: "nonsense", path: "/log/-" }] }),
  "a request that is none": edits((kept) => ({ ...kept, requests: [{ seq: 1 }], nextSeq: 2 })),
  "a request with another number": edits((kept) => ({
    ...kept,
    requests: [{ seq: 1, text: '{"seq":2}' }],
    nextSeq: 3,
  })),
  "a request that is to come": edits((kept) => ({
    ...kept,
    requests: [{ seq: 1, text: '{"seq":1}' }],
    nextSeq: 1,
  })),
  "no state": (record) => ({ ...record, state: undefined as never }),
  "the state of another version": (record) => ({
    ...record,
    state: record.state.replace(",0]", ",1]"),
  }),
  "a state that is none": (record) => ({ ...record, state: record.state.replace(/\n.*/, "\n[]") }),
  "half a state": (record) => ({ ...record, state: record.state.slice(0, -1) }),
};

test.for(Object.entries(damages))(
  "[C7] a record with %s is told of and removed, and the room begins anew",
  async ([, damage]) => {
    const scene = await createBoard();
    const { net, tab, log, browser } = scene;
    await pushOffline(scene, tab, "a");
    const [record] = await browser.stored();
    tab.close();
    await browser.store(damage(record as StoredRecord));
    tab.reload();
    await comeBack(scene);
    await net.settle(tab.room.ready);
    expect(tab.problems).toMatchObject([{ code: "internal" }]);
    expect(tab.problems[0]?.detail).toMatch(
      /^persist: a record of unsaved edits is damaged, and was removed: .+\.$/,
    );
    expect(tab.room.state).toEqual(net.state);
    expect(log()).toEqual([]);
    expect(await browser.stored()).toEqual([]);
    push(tab, "b");
    await net.settle();
    expect(log()).toEqual(["b"]);
  },
);

test("[C7] a damaged record of a closed tab does not keep the others from being sent", async () => {
  const scene = await createBoard();
  const { net, tab, open, log, browser } = scene;
  const [second, third] = [open(), open()];
  await net.settle();
  await pushOffline(scene, second, "a");
  await pushOffline(scene, third, "b");
  second.close();
  third.close();
  const [record] = await browser.stored();
  await browser.store({ ...(record as StoredRecord), edits: "{" });
  await comeBack(scene);
  expect(tab.problems).toHaveLength(1);
  expect(log()).toHaveLength(1);
  expect(await browser.stored()).toEqual([]);
});

test("[C7] where no more can be written, the application is told once, and editing goes on", async () => {
  const scene = await createBoard();
  const { net, tab, log, browser } = scene;
  browser.isFull = true;
  await pushOffline(scene, tab, "a");
  push(tab, "b");
  await net.advance(20_000);
  expect(tab.problems).toMatchObject([{ code: "internal" }]);
  expect(tab.problems[0]?.detail).toMatch(/^persist: edits are not kept now, .+/);
  expect(tab.asks).toBe(true);
  await comeBack(scene);
  expect(log()).toEqual(["a", "b"]);
  expect(tab.room.saved).toEqual({ state: "saved" });
});

test("[C7] an edit is not sent twice if its record could not be kept up to date", async () => {
  const scene = await createBoard();
  const { net, tab, log, browser } = scene;
  await pushOffline(scene, tab, "a");
  browser.isFull = true;
  net.lag(400);
  net.restore("ada");
  await net.advance(15_000);
  expect(log()).toEqual(["a"]);
  tab.reload();
  await net.settle(tab.room.ready);
  expect(log()).toEqual(["a"]);
});

test("[C7] what could not be written is written as soon as there is room again", async () => {
  const scene = await createBoard();
  const { net, tab, log, browser } = scene;
  browser.isFull = true;
  await pushOffline(scene, tab, "a");
  expect(await browser.stored()).toEqual([]);
  browser.isFull = false;
  await net.advance(10_000);
  expect(await browser.stored()).toHaveLength(1);
  tab.reload();
  await comeBack(scene);
  expect(log()).toEqual(["a"]);
});

test("[C7] without IndexedDB, the room works, and the application is told", async () => {
  const { net, browser, open, log } = await createBoard();
  browser.without = ["indexedDB"];
  const tab = open();
  await net.settle(tab.room.ready);
  push(tab, "a");
  await net.settle();
  expect(log()).toEqual(["a"]);
  expect(tab.problems.map(({ detail }) => detail)).toEqual([
    "persist: edits are not kept, because the browser does not take them: there is no IndexedDB here.",
  ]);
});

test("[C7] a database that does not answer holds the room up for three seconds at most", async () => {
  const { net, browser, open, log } = await createBoard();
  browser.isSilent = true;
  const tab = open();
  await net.advance(0);
  await net.advance(2999);
  expect(tab.room.status.state).toBe("connecting");
  expect(net.users).toHaveLength(1);
  await net.advance(1);
  await net.settle(tab.room.ready);
  push(tab, "a");
  await net.settle();
  expect(log()).toEqual(["a"]);
  expect(tab.problems.map(({ detail }) => detail)).toEqual([
    "persist: edits are not kept, because the browser does not take them: it has not answered for 3000 ms.",
  ]);
  const { held, given } = browser.locks;
  await vi.waitFor(() => expect(browser.written).not.toHaveLength(0));
  browser.catchUp();
  await vi.waitFor(() => expect(browser.locks.given).toBe(given + 1));
  await net.settle();
  expect(browser.locks.held).toEqual(held);
});

test("[C7] a database of a later release is left alone", async () => {
  const { net, open, log, browser } = await createBoard();
  const later = browser.factory.open("collab-room", 2);
  await new Promise<void>((resolve) => {
    later.addEventListener("success", resolve);
  });
  const tab = open();
  await net.settle(tab.room.ready);
  push(tab, "a");
  await net.settle();
  expect(log()).toEqual(["a"]);
  expect(tab.problems).toHaveLength(1);
});

test("[C7] a database that the browser has closed meanwhile is opened again", async () => {
  const scene = await createBoard();
  const { net, tab, log } = scene;
  tab.closeDatabases();
  await pushOffline(scene, tab, "a");
  tab.reload();
  await comeBack(scene);
  expect(log()).toEqual(["a"]);
  expect(tab.problems).toEqual([]);
  expect(net.now).toBeGreaterThan(keepTime);
});

test("[C7] a browser in which even to look is forbidden is one that keeps nothing", async () => {
  const { net, open, log } = await createBoard();
  const browser = new FakeBrowser();
  browser.without = ["indexedDB", "locks", "sessionStorage"];
  const tab = browser.open<never>(net as never, "bob");
  await net.settle(tab.room.ready);
  expect(tab.problems).toHaveLength(1);
  const other = open();
  await net.settle(other.room.ready);
  push(other, "a");
  await net.settle();
  expect(log()).toEqual(["a"]);
});
