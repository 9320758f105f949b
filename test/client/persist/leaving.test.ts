// A room that the application leaves or disconnects while its page lives on: its record is available to the next room,
// and nothing is sent twice (rule C7).

import { expect, test } from "vitest";
import { comeBack, createBoard, keepTime, push, pushOffline } from "./support/board.ts";

test("[C7] edits that a room had not sent before leave() are shown by the next room", async () => {
  const scene = await createBoard();
  const { net, tab, open, log } = scene;
  net.drop("ada");
  push(tab, "a", "b");
  tab.room.leave();
  await net.advance(0);
  const next = open();
  await net.settle();
  expect(next.room.getSnapshot().state?.log).toEqual(["a", "b"]);
  await comeBack(scene);
  expect(log()).toEqual(["a", "b"]);
});

test("[C7] a room that was only disconnected continues with its own edits", async () => {
  const scene = await createBoard();
  const { net, tab, log, browser } = scene;
  await pushOffline(scene, tab, "a");
  tab.room.disconnect();
  push(tab, "b");
  await net.advance(keepTime);
  net.restore("ada");
  await net.settle();
  expect(log()).toEqual([]);
  tab.room.reconnect();
  await net.settle();
  expect(log()).toEqual(["a", "b"]);
  expect(tab.stale).toEqual([]);
  expect(tab.room.saved).toEqual({ state: "saved" });
  expect(await browser.stored()).toEqual([]);
});

test("[C7] a room that reconnects after another room sent its edits asks about those alone", async () => {
  const scene = await createBoard();
  const { net, tab, open, log } = scene;
  await pushOffline(scene, tab, "a");
  tab.room.disconnect();
  await net.advance(0);
  push(tab, "b");
  const other = open();
  await comeBack(scene);
  await net.settle(other.room.ready);
  expect(log()).toEqual(["a"]);
  tab.room.reconnect();
  await net.settle();
  expect(tab.stale).toMatchObject([{ why: "unknown", count: 1 }]);
  expect(log()).toEqual(["a", "b"]);
  tab.stale[0]?.discard();
  await net.settle();
  expect(log()).toEqual(["a", "b"]);
  expect(tab.room.state).toEqual(net.state);
});

test("[C7] a room that is left before its record was found does not claim one", async () => {
  const scene = await createBoard();
  const { net, tab, open, log, browser } = scene;
  await pushOffline(scene, tab, "a");
  tab.close();
  const hasty = open();
  hasty.room.leave();
  await net.settle();
  expect(hasty.room.status.state).toBe("closed");
  expect(browser.locks.held).toEqual([]);
  const next = open();
  await comeBack(scene);
  await net.settle(next.room.ready);
  expect(log()).toEqual(["a"]);
});

test("[C7] a room that is disconnected and reconnected while it looks for its record connects once", async () => {
  const scene = await createBoard();
  const { net, tab, open, log } = scene;
  await pushOffline(scene, tab, "a");
  tab.close();
  net.restore("ada");
  const hasty = open();
  hasty.room.disconnect();
  hasty.room.reconnect();
  hasty.room.disconnect();
  hasty.room.reconnect();
  await net.settle();
  expect(log()).toEqual(["a"]);
  expect(hasty.room.status.state).toBe("connected");
  expect(hasty.room.state.log).toEqual(["a"]);
});

test("[C7] a room that is not to connect yet does not look for a record", async () => {
  const scene = await createBoard();
  const { net, tab, open, browser } = scene;
  await pushOffline(scene, tab, "a");
  tab.close();
  const later = open("ada", { connect: false });
  await net.settle();
  expect(browser.locks.held).toEqual([]);
  expect(later.room.getSnapshot().state).toBeNull();
  later.room.reconnect();
  await net.settle();
  expect(later.room.getSnapshot().state?.log).toEqual(["a"]);
});

test("[C7] a room leaves its record to another room that has continued with it in the meantime", async () => {
  const scene = await createBoard();
  const { net, tab, open, log } = scene;
  await pushOffline(scene, tab, "a");
  tab.room.disconnect();
  await net.advance(0);
  const other = open();
  await net.settle();
  await pushOffline(scene, other, "b");
  other.close();
  net.restore("ada");
  tab.room.reconnect();
  await net.settle();
  expect(tab.stale).toMatchObject([{ why: "unknown", count: 1 }]);
  tab.stale[0]?.discard();
  await net.settle();
  expect(log()).toEqual(["a", "b"]);
  expect(tab.room.state).toEqual(net.state);
});

test("[C7] a room that already has a state does not adopt another room's record", async () => {
  const scene = await createBoard();
  const { net, tab, open, log, browser } = scene;
  await pushOffline(scene, tab, "a");
  tab.close();
  net.restore("ada");
  browser.without = ["indexedDB"];
  const other = open();
  await net.settle(other.room.ready);
  net.lag(1000);
  const { committed } = other.room.update((state) => {
    state.log.push("b");
  });
  await net.advance(500);
  other.room.disconnect();
  await expect(committed).rejects.toMatchObject({ code: "room_unavailable" });
  net.lag(0);
  browser.without = [];
  other.room.reconnect();
  await net.settle(other.room.ready);
  await net.settle();
  expect([...log()].toSorted()).toEqual(["a", "b"]);
  expect(other.room.state).toEqual(net.state);
  expect(await browser.stored()).toEqual([]);
});

test("[C7] a page that deletes the database on sign-out leaves nothing behind", async () => {
  const scene = await createBoard();
  const { net, tab, browser, open } = scene;
  await pushOffline(scene, tab, "a");
  tab.room.leave();
  const factory = browser.factory as unknown as {
    deleteDatabase(name: string): { onsuccess: unknown };
  };
  await new Promise((resolve) => {
    factory.deleteDatabase("collab-room").onsuccess = resolve;
  });
  await net.advance(keepTime);
  expect(await browser.stored()).toEqual([]);
  const next = open();
  await comeBack(scene);
  expect(next.room.state.log).toEqual([]);
});

test("[C7] an action of an earlier page is kept while the room is closed, and called later", async () => {
  const scene = await createBoard();
  const { net, tab, open, log } = scene;
  net.drop("ada");
  tab.room.action("log", { token: "a" }).catch(() => {});
  await net.advance(keepTime);
  tab.close();
  const next = open();
  await net.settle();
  next.room.disconnect();
  push(next, "b");
  push(next, "c");
  await net.advance(keepTime);
  expect(next.problems).toEqual([]);
  next.room.reconnect();
  await comeBack(scene);
  expect(log()).toEqual(["a", "b", "c"]);
});
