// Several tabs of one browser. Each has its own record, and the leading tab sends what closed tabs have left behind.

import { expect, test } from "vitest";
import { comeBack, createBoard, keepTime, push, pushOffline } from "./support/board.ts";

/** ms after which the leading tab has looked for records of other tabs. */
const lookTime = 61_000;

test("[C7] two tabs that are reloaded both continue with their own edits", async () => {
  const scene = await createBoard();
  const { net, tab, open, log } = scene;
  const other = open();
  await net.settle();
  await pushOffline(scene, tab, "a");
  await pushOffline(scene, other, "b");
  for (const each of [tab, other]) each.reload();
  await net.settle();
  expect(tab.room.getSnapshot().state?.log).toEqual(["a"]);
  expect(other.room.getSnapshot().state?.log).toEqual(["b"]);
  await comeBack(scene);
  expect([...log()].toSorted()).toEqual(["a", "b"]);
  expect(tab.room.state).toEqual(net.state);
  expect(other.room.state).toEqual(net.state);
});

test("[C7] edits of a closed tab are sent once by another tab, and their record is removed", async () => {
  const scene = await createBoard();
  const { net, tab, open, log, browser } = scene;
  const other = open();
  await net.settle();
  await pushOffline(scene, other, "a", "b");
  other.close();
  await comeBack(scene);
  expect(log()).toEqual(["a", "b"]);
  expect(tab.room.state.log).toEqual(["a", "b"]);
  expect(tab.room.saved).toEqual({ state: "saved" });
  expect(await browser.stored()).toEqual([]);
  expect(tab.room.people.map(({ id }) => id)).toEqual(["ada"]);
  expect(net.users.map(({ id }) => id)).toEqual(["ada"]);
});

test("[C7] the other tabs notice after a while that a tab was closed", async () => {
  const scene = await createBoard();
  const { net, tab, open, log } = scene;
  const other = open();
  await net.settle();
  other.cutOff();
  push(other, "a");
  await net.advance(keepTime);
  other.close();
  await net.advance(1000);
  expect(log()).toEqual([]);
  await net.advance(lookTime);
  await net.settle();
  expect(log()).toEqual(["a"]);
  expect(tab.room.state.log).toEqual(["a"]);
});

test("[C7] a new tab first shows the edits of one closed tab, and those of the others follow", async () => {
  const scene = await createBoard();
  const { net, tab, open, log, browser } = scene;
  const others = [open(), open()];
  await net.settle();
  await pushOffline(scene, tab, "a");
  for (const [at, other] of others.entries()) await pushOffline(scene, other, `b${at}`);
  for (const each of [tab, ...others]) each.close();
  const next = open();
  await net.settle();
  expect(next.room.getSnapshot().state?.log).toHaveLength(1);
  await comeBack(scene);
  await net.advance(lookTime);
  expect([...log()].toSorted()).toEqual(["a", "b0", "b1"]);
  expect(next.room.state).toEqual(net.state);
  expect(await browser.stored()).toEqual([]);
});

test("[C7] another tab takes over when the leading tab is closed", async () => {
  const scene = await createBoard();
  const { net, tab, open, log } = scene;
  const [second, third] = [open(), open()];
  await net.settle();
  await pushOffline(scene, third, "a");
  third.close();
  tab.close();
  await comeBack(scene);
  expect(second.room.state.log).toEqual(["a"]);
  expect(log()).toEqual(["a"]);
});

test("[C7] the application decides about edits of a closed tab that are too old", async () => {
  const scene = await createBoard();
  const { net, tab, open, log, browser } = scene;
  const [second, third] = [open(), open()];
  await net.settle();
  await pushOffline(scene, second, "a");
  await pushOffline(scene, third, "b");
  second.close();
  third.close();
  await net.advance(6 * 60_000);
  await comeBack(scene);
  await net.settle();
  expect(log()).toEqual([]);
  const [first, other] = tab.stale;
  expect(tab.stale).toMatchObject([
    { why: "age", count: 1 },
    { why: "age", count: 1 },
  ]);
  first?.apply();
  other?.discard();
  await net.settle();
  expect(log()).toHaveLength(1);
  expect(await browser.stored()).toEqual([]);
});

test("[C7] refusals of a closed tab's edits are reported", async () => {
  const scene = await createBoard();
  const { net, tab, open, log } = scene;
  const other = open();
  await net.settle();
  net.drop("ada");
  other.room.update((state) => {
    state.title = "x".repeat(51);
  });
  push(other, "a");
  await net.advance(keepTime);
  other.close();
  await comeBack(scene);
  expect(tab.refused.map(({ code }) => code)).toEqual(["invalid_state"]);
  expect(log()).toEqual(["a"]);
});

test("[C7] a duplicated tab does not take the record of the original", async () => {
  const scene = await createBoard();
  const { net, tab, log } = scene;
  await pushOffline(scene, tab, "a");
  const copy = tab.duplicate();
  await net.settle();
  expect(copy.room.getSnapshot().state).toBeNull();
  await comeBack(scene);
  expect(log()).toEqual(["a"]);
  expect(copy.room.state.log).toEqual(["a"]);
});

test("[C7] without locks, a tab continues with its own record and leaves those of others alone", async () => {
  const { net, browser, open, log, tab: first } = await createBoard();
  first.close();
  browser.without = ["locks"];
  const [tab, other] = [open(), open()];
  await net.settle();
  net.drop("ada");
  push(tab, "a");
  push(other, "b");
  await net.advance(keepTime);
  other.close();
  tab.reload();
  await net.settle();
  expect(tab.room.getSnapshot().state?.log).toEqual(["a"]);
  net.restore("ada");
  await net.settle();
  await net.advance(lookTime);
  expect(log()).toEqual(["a"]);
  expect(await browser.stored()).toHaveLength(1);
});

test("[C7] without locks, a duplicated tab asks before it sends the edits that both tabs have", async () => {
  const { net, browser, open, log, tab: first } = await createBoard();
  first.close();
  browser.without = ["locks"];
  const tab = open();
  await net.settle();
  net.drop("ada");
  await net.advance(0);
  push(tab, "a", "b");
  await net.advance(keepTime);
  const copy = tab.duplicate();
  await net.settle();
  expect(copy.room.getSnapshot().state?.log).toEqual(["a", "b"]);
  net.restore("ada");
  await net.advance(30_000);
  await net.settle();
  const questions = [...tab.stale, ...copy.stale];
  expect(questions).toMatchObject([{ why: "unknown", count: 2 }]);
  for (const edits of questions) edits.discard();
  await net.settle();
  expect(log()).toEqual(["a", "b"]);
  expect(tab.room.state.log).toEqual(["a", "b"]);
  expect(copy.room.state.log).toEqual(["a", "b"]);
});

test("[C7] without locks and session storage, a page starts without stored edits", async () => {
  const { net, browser, open, log, tab: first } = await createBoard();
  first.close();
  browser.without = ["locks", "sessionStorage"];
  const tab = open();
  await net.settle();
  net.drop("ada");
  push(tab, "a");
  await net.advance(keepTime);
  tab.reload();
  net.restore("ada");
  await net.settle(tab.room.ready);
  expect(tab.room.state.log).toEqual([]);
  expect(tab.problems).toEqual([]);
  expect(log()).toEqual([]);
});

test("[C7] without locks, a tab whose client name is taken keeps edits with unknown outcome in its own record", async () => {
  const { net, browser, open, log, tab: first } = await createBoard();
  first.close();
  browser.without = ["locks"];
  const tab = open();
  await net.settle();
  net.lag(400);
  push(tab, "a");
  await net.advance(keepTime);
  const copy = tab.duplicate();
  await net.advance(350);
  push(tab, "b");
  await net.advance(500);
  // The room has closed this tab's socket, because the copy uses the same name. What the tab has sent since is lost.
  expect(tab.room.status.state).toBe("reconnecting");
  copy.cutOff();
  push(copy, "c");
  await net.advance(keepTime);
  tab.hide();
  await net.advance(0);
  tab.reload();
  copy.reload();
  await net.advance(10_000);
  await net.settle();
  expect(tab.stale).toMatchObject([{ why: "unknown", count: 1 }]);
  expect(log()).toEqual(["a", "c"]);
  tab.stale[0]?.apply();
  await net.settle();
  expect(log()).toEqual(["a", "c", "b"]);
  expect(tab.room.state).toEqual(net.state);
  expect(copy.room.state).toEqual(net.state);
  expect(await browser.stored()).toEqual([]);
});

test("[C7] a record that the room does not accept does not block the others", async () => {
  const scene = await createBoard();
  const { net, tab, open, log, browser } = scene;
  const bob = open("bob");
  const others = [open(), open()];
  await net.settle();
  net.lag(400, "bob");
  push(bob, "bob");
  await net.advance(keepTime);
  const [{ edits } = { edits: "" }] = await browser.stored();
  const { client } = JSON.parse(edits) as { client: string };
  await net.settle();
  for (const other of others) await pushOffline(scene, other, "a");
  for (const other of others) other.close();
  const [record] = await browser.stored();
  await browser.store({
    ...record!,
    edits: record!.edits.replace(/"client":"[^"]*"/, `"client":"${client}"`),
  });
  await comeBack(scene);
  expect(log()).toEqual(["bob", "a"]);
  expect(await browser.stored()).toHaveLength(1);
  expect(tab.room.status.state).toBe("connected");
  await net.advance(10_000);
  expect(browser.locks.held.filter((name) => name.includes(record!.key[2]))).toEqual([]);
});

test("[C7] records of other tabs are left alone while nothing can be sent", async () => {
  const scene = await createBoard();
  const { net, open, browser } = scene;
  const other = open();
  await net.settle();
  await pushOffline(scene, other, "a");
  const [record] = await browser.stored();
  other.close();
  await net.advance(lookTime);
  expect(browser.locks.held.filter((name) => name.includes(record!.key[2]))).toEqual([]);
});

test("[C7] a tab that has left the room does not wait for locks", async () => {
  const { net, open, browser } = await createBoard();
  const other = open();
  await net.settle();
  expect(browser.locks.waiting).toBe(1);
  other.room.leave();
  await net.settle();
  expect(browser.locks.waiting).toBe(0);
  expect(browser.locks.held).toHaveLength(2);
});

test("[C7] edits of a closed tab are not sent in the name of another user", async () => {
  const identify = (token: string) => ({ user: { id: token }, scopes: ["room:admin"] as const });
  const token = { now: "ada" };
  const options = {
    persist: "ada",
    token: () => {
      if (token.now === "") throw new Error("nobody is signed in");
      return token.now;
    },
  };
  const scene = await createBoard(options, { identify: identify as never });
  const { net, tab, open, log, browser } = scene;
  const other = open("ada", options);
  await net.settle();
  other.cutOff();
  push(other, "a");
  await net.advance(keepTime);
  other.close();
  token.now = "bob";
  await net.advance(lookTime);
  await net.settle();
  expect(log()).toEqual([]);
  expect(await browser.stored()).toHaveLength(1);
  token.now = "";
  await net.advance(lookTime);
  token.now = "ada";
  await net.advance(lookTime);
  await net.settle();
  expect(log()).toEqual(["a"]);
  expect(tab.room.status.state).toBe("connected");
});
