// Edits that may no longer be wanted, or of which nobody knows whether the room has them, ask the application after a
// reload as they do before one (rule C7).

import { expect, test } from "vitest";
import { comeBack, createBoard, keepTime, push, pushOffline } from "./support/board.ts";

const tooLong = 6 * 60_000;

test("[C7] edits that have become too old are asked about after a reload, and sent if they are wanted", async () => {
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

test("[C7] edits that are no longer wanted after a reload are taken back, and their record goes", async () => {
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

test("[C7] a question without an answer is asked again by the next page", async () => {
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

test("[C7] after a purge, what was sent is asked about, and what was not is sent", async () => {
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
  // The doubt is kept, too.
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

test("[C7] an action of which nobody knows is told of, and not called again", async () => {
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
