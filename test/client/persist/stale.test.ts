// After a reload, the application is asked about edits that may no longer be wanted, or whose outcome is unknown, just
// as it is before one (rule C7).

import { expect, test } from "vitest";
import { comeBack, createBoard, keepTime, push, pushOffline } from "./support/board.ts";

const tooLong = 6 * 60_000;

test("[C7] the application is asked about old edits after a reload, and they are sent if it applies them", async () => {
  const scene = await createBoard();
  const { net, tab, log } = scene;
  await pushOffline(scene, tab, "a", "b");
  const madeAt = net.now - keepTime;
  await net.advance(tooLong);
  tab.reload();
  await comeBack(scene);
  expect(log()).toEqual([]);
  expect(tab.room.state.log).toEqual(["a", "b"]);
  expect(tab.stale).toMatchObject([{ why: "age", count: 2, oldest: madeAt }]);
  tab.stale[0]?.apply();
  await net.settle();
  expect(log()).toEqual(["a", "b"]);
});

test("[C7] old edits that are discarded after a reload are reverted, and their record is removed", async () => {
  const scene = await createBoard();
  const { net, tab, log, browser } = scene;
  await pushOffline(scene, tab, "a", "b");
  await net.advance(tooLong);
  tab.reload();
  await comeBack(scene);
  tab.stale[0]?.discard();
  await net.settle();
  expect(tab.room.state.log).toEqual([]);
  expect(tab.room.saved).toEqual({ state: "saved" });
  expect(log()).toEqual([]);
  expect(await browser.stored()).toEqual([]);
});

test("[C7] an unanswered question is asked again by the next page", async () => {
  const scene = await createBoard();
  const { net, tab, log } = scene;
  await pushOffline(scene, tab, "a");
  await net.advance(tooLong);
  tab.reload();
  await comeBack(scene);
  await net.advance(keepTime);
  tab.reload();
  await net.settle(tab.room.ready);
  expect(tab.stale).toMatchObject([{ why: "age", count: 1 }]);
  tab.stale[0]?.apply();
  await net.settle();
  expect(log()).toEqual(["a"]);
});

test("[C7] after a purge, the application is asked about edits that were sent, and the others are sent", async () => {
  const scene = await createBoard();
  const { net, tab, log } = scene;
  net.lag(1000);
  push(tab, "a");
  await net.advance(keepTime);
  net.drop("ada");
  await net.advance(0);
  tab.room.update((state) => {
    state.title = "Pier";
  });
  await net.advance(keepTime);
  tab.close();
  net.lag(0);
  await net.room.stop({ purge: true });
  tab.reload();
  await comeBack(scene);
  await net.settle(tab.room.ready);
  expect(net.state).toMatchObject({ log: [], title: "Pier" });
  expect(tab.stale).toMatchObject([{ why: "unknown", count: 1 }]);
  expect(tab.room.state.log).toEqual([]);
  await net.advance(keepTime);
  // The unknown outcome is stored too.
  tab.reload();
  await net.settle(tab.room.ready);
  tab.room.update((state) => {
    state.map["key"] = "value";
  });
  tab.hide();
  await net.settle();
  expect(log()).toEqual([]);
  expect(tab.room.state.log).toEqual([]);
  expect(tab.stale).toMatchObject([{ why: "unknown", count: 1 }]);
  tab.stale[0]?.apply();
  await net.settle();
  expect(log()).toEqual(["a"]);
  expect(tab.room.state).toEqual(net.state);
});

test("[C7] an action with an unknown outcome is reported, and not called again", async () => {
  const scene = await createBoard();
  const { net, tab, log } = scene;
  net.lag(1000);
  tab.room.action("log", { token: "a" }).catch(() => {});
  await net.advance(keepTime);
  net.drop("ada");
  tab.close();
  net.lag(0);
  await net.room.stop({ purge: true });
  tab.reload();
  await comeBack(scene);
  await net.settle(tab.room.ready);
  expect(tab.problems.map(({ code }) => code)).toEqual(["request_forgotten"]);
  expect(log()).toEqual([]);
  expect(tab.room.saved).toEqual({ state: "saved" });
});
