// Browsers that cannot store edits, or return something other than what was written. The room still works, and the
// application is told (rule C7).

import { expect, test, vi } from "vitest";
import { comeBack, createBoard, keepTime, push, pushOffline } from "./support/board.ts";
import { FakeBrowser, type StoredRecord } from "./support/fake-browser.ts";

type Change = (record: StoredRecord) => StoredRecord;

/** Change the edits of a stored record. */
const edits =
  (change: (kept: Record<string, never>) => object): Change =>
  (record) => ({ ...record, edits: JSON.stringify(change(JSON.parse(record.edits))) });

const task = (change: object): Change =>
  edits((kept) => {
    const tasks: readonly object[] = kept["tasks"] as never;
    return { ...kept, tasks: tasks.map((each) => ({ ...each, ...change })) };
  });

const damages: Readonly<Record<string, Change>> = {
  "edits that are not text": (record) => ({ ...record, edits: 7 as never }),
  "edits that are not JSON": (record) => ({ ...record, edits: record.edits.slice(1) }),
  "edits that are null": (record) => ({ ...record, edits: "null" }),
  "no client": edits((kept) => ({ ...kept, client: undefined })),
  "an invalid client name": edits((kept) => ({ ...kept, client: "a b" })),
  "an invalid version": edits((kept) => ({ ...kept, version: -1 })),
  "invalid scopes": edits((kept) => ({ ...kept, scopes: [1] })),
  "no tasks": edits((kept) => ({ ...kept, tasks: {} })),
  "an invalid task": edits((kept) => ({ ...kept, tasks: [null] })),
  "a task without a time": task({ madeAt: "now" }),
  "a reference to a missing request": task({ seq: 1 }),
  "an invalid hold": task({ held: "maybe" }),
  "an invalid action": task({ action: { name: 1 } }),
  "invalid operations": task({ operations: [1] }),
  "an operation without a path": task({ operations: [{ op: "remove" }] }),
  "an operation without its value": task({ operations: [{ op: "add", path: "/log/-" }] }),
  "an unknown operation": task({ operations: [{ op: "nonsense", path: "/log/-" }] }),
  "an invalid request": edits((kept) => ({ ...kept, requests: [{ seq: 1 }], nextSeq: 2 })),
  "a request with a wrong number": edits((kept) => ({
    ...kept,
    requests: [{ seq: 1, text: '{"seq":2}' }],
    nextSeq: 3,
  })),
  "a request with a number that is not used yet": edits((kept) => ({
    ...kept,
    requests: [{ seq: 1, text: '{"seq":1}' }],
    nextSeq: 1,
  })),
  "no state": (record) => ({ ...record, state: undefined as never }),
  "the state of another version": (record) => ({
    ...record,
    state: record.state.replace(",0]", ",1]"),
  }),
  "an invalid state": (record) => ({ ...record, state: record.state.replace(/\n.*/, "\n[]") }),
  "half a state": (record) => ({ ...record, state: record.state.slice(0, -1) }),
};

test.for(Object.entries(damages))(
  "[C7] a record with %s is reported and removed, and the room starts without it",
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

test("[C7] a damaged record of a closed tab does not block the others", async () => {
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

test("[C7] the application is told once if the storage is full, and editing continues", async () => {
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

test("[C7] an edit is not sent twice even if its record could not be updated", async () => {
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

test("[C7] edits that could not be written are written once there is space again", async () => {
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

test("[C7] without IndexedDB, the room works and the application is told", async () => {
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

test("[C7] a database that does not respond delays the room by at most three seconds", async () => {
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

test("[C7] a database that the browser has closed is opened again", async () => {
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

test("[C7] a browser that forbids access to its storage is treated as one that cannot store edits", async () => {
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
