// Edits that the room does not have yet survive a reload, and are carried out once (rule C7).

import { expect, test, vi } from "vitest";
import { type Board, comeBack, createBoard, keepTime, push, pushOffline } from "./support/board.ts";
import { connectRoom } from "../../../src/client/connect.ts";

test("[C7] edits made offline are shown after a reload, and arrive once and in order", async () => {
  const scene = await createBoard();
  const { net, tab, log, browser } = scene;
  await pushOffline(scene, tab, "a", "b", "c");
  tab.reload();
  await net.settle();
  expect(tab.room.getSnapshot()).toMatchObject({ state: { log: ["a", "b", "c"] }, self: null });
  expect(tab.room.saved).toMatchObject({ state: "unsaved", reason: "disconnected", count: 3 });
  await comeBack(scene);
  await net.settle(tab.room.ready);
  expect(log()).toEqual(["a", "b", "c"]);
  expect(tab.room.state).toEqual(net.state);
  expect(tab.room.saved).toEqual({ state: "saved" });
  expect(await browser.stored()).toEqual([]);
});

test("[C7] a user can continue editing before the room has answered, and reload once more", async () => {
  const scene = await createBoard();
  const { net, tab, log } = scene;
  await pushOffline(scene, tab, "a");
  tab.reload();
  await net.settle();
  await pushOffline(scene, tab, "b");
  tab.reload();
  await net.settle();
  await pushOffline(scene, tab, "c");
  expect(tab.room.state.log).toEqual(["a", "b", "c"]);
  await comeBack(scene);
  expect(log()).toEqual(["a", "b", "c"]);
});

test("[C7] an edit is carried out once if the page reloads before its reply arrives", async () => {
  const { net, tab, log } = await createBoard();
  net.lag(400);
  push(tab, "a");
  await net.advance(keepTime);
  await net.advance(200);
  expect(log()).toEqual(["a"]);
  expect(tab.room.saved.state).toBe("saving");
  tab.reload();
  await net.settle(tab.room.ready);
  expect(log()).toEqual(["a"]);
  expect(tab.room.state.log).toEqual(["a"]);
  expect(tab.room.saved).toEqual({ state: "saved" });
});

test("[C7] an edit that was lost in transit is carried out after the reload, at its intended position", async () => {
  const scene = await createBoard();
  const { net, tab, log } = scene;
  await net.room.updateState((state) => ({ ...state, log: ["x", "y"] }));
  await net.settle();
  net.lag(1000, "ada");
  tab.room.update((state) => {
    state.log.splice(1, 0, "a");
  });
  await net.advance(keepTime);
  net.drop("ada");
  await net.room.updateState((state) => ({ ...state, log: ["w", ...state.log] }));
  tab.reload();
  net.lag(0, "ada");
  await comeBack(scene);
  expect(log()).toEqual(["w", "x", "a", "y"]);
  expect(tab.room.state.log).toEqual(["w", "x", "a", "y"]);
});

test("[C7] edits keep their intended positions, whatever others have done in the meantime", async () => {
  const scene = await createBoard();
  const { net, tab, log } = scene;
  await net.room.updateState((state) => ({ ...state, log: ["x", "y", "z"] }));
  await net.settle();
  net.drop("ada");
  tab.room.update((state) => void state.log.splice(1, 1));
  tab.room.update((state) => void state.log.splice(1, 0, "a"));
  await net.advance(keepTime);
  tab.reload();
  await net.settle();
  await net.room.updateState((state) => ({ ...state, log: ["v", "w", ...state.log] }));
  await comeBack(scene);
  expect(log()).toEqual(["v", "w", "x", "a", "z"]);
});

test("[C7] actions are called once, whether or not they were sent, and their optimistic changes are not stored", async () => {
  const scene = await createBoard();
  const { net, tab, log } = scene;
  net.lag(400, "ada");
  const call = (token: string): void => {
    const optimistic = (state: { log: string[] }): void => {
      state.log.push(`${token}?`);
    };
    tab.room.action("log", { token }, { optimistic }).catch(() => {});
  };
  call("a");
  await net.advance(600);
  net.drop("ada");
  call("b");
  push(tab, "c");
  tab.room.update((state) => {
    state.title = "Pier";
  });
  await net.advance(keepTime);
  expect(tab.room.state.log).toEqual(["a?", "b?", "c"]);
  tab.reload();
  net.lag(0, "ada");
  await net.settle();
  expect(tab.room.getSnapshot().state).toMatchObject({ log: ["c"], title: "Pier" });
  await comeBack(scene);
  expect(log()).toEqual(["a", "b", "c"]);
  expect(net.state.title).toBe("Pier");
});

test("[C7] an edit of an optimistic change is dropped with it, but the rest of the update is kept", async () => {
  const scene = await createBoard();
  const { net, tab, log } = scene;
  await net.room.updateState((state) => ({ ...state, log: ["x", "y"] }));
  await net.settle();
  net.drop("ada");
  tab.room
    .action(
      "log",
      { token: "a" },
      { optimistic: (state: { log: string[] }) => void state.log.unshift("a?") },
    )
    .catch(() => {});
  tab.room.update((state) => {
    state.log[0] = "changed";
    state.log[2] = "z";
  });
  await net.advance(keepTime);
  expect(tab.room.state.log).toEqual(["changed", "x", "z"]);
  tab.reload();
  await net.settle();
  expect(tab.room.getSnapshot().state?.log).toEqual(["x", "z"]);
  await comeBack(scene);
  expect(log()).toEqual(["x", "z", "a"]);
});

test("[C7] refusals after a reload are reported", async () => {
  const scene = await createBoard();
  const { net, tab, log } = scene;
  net.drop("ada");
  tab.room.update((state) => {
    state.title = "x".repeat(51);
  });
  tab.room.action("log", { token: "bad" }).catch(() => {});
  push(tab, "a");
  await net.advance(keepTime);
  tab.reload();
  await comeBack(scene);
  expect(tab.refused.map(({ code }) => code)).toEqual(["invalid_state"]);
  expect(tab.problems).toMatchObject([{ code: "action_refused", reason: "bad" }]);
  expect(log()).toEqual(["a"]);
  expect(tab.room.state).toEqual(net.state);
});

test("[C7] keys and names with a special meaning elsewhere are treated as data", async () => {
  const { net, open } = await createBoard();
  const tab = open("__proto__");
  await net.settle(tab.room.ready);
  await net.room.updateState((state) => ({ ...state, map: JSON.parse('{"__proto__":"p"}') }));
  await net.settle();
  net.drop("__proto__");
  tab.room.update((state) => {
    state.map["constructor"] = "c";
    state.map["a/b~c"] = "d";
    state.map["toString"] = "e";
  });
  await net.advance(keepTime);
  tab.reload();
  await net.settle();
  const expected = '{"__proto__":"p","constructor":"c","a/b~c":"d","toString":"e"}';
  expect(JSON.stringify(tab.room.getSnapshot().state?.map)).toBe(expected);
  net.restore("__proto__");
  await net.settle();
  expect(JSON.stringify(net.state.map)).toBe(expected);
  expect(({} as Record<string, unknown>)["p"]).toBeUndefined();
});

test("[C7] a page stores its edits at once when it may be closed", async () => {
  const scene = await createBoard();
  const { net, tab, log, browser } = scene;
  net.drop("ada");
  push(tab, "a");
  expect(await browser.stored()).toEqual([]);
  tab.hide();
  await net.advance(0);
  tab.reload();
  await comeBack(scene);
  expect(log()).toEqual(["a"]);
});

test("[C7] nothing is stored while the room answers quickly", async () => {
  const { net, tab, browser } = await createBoard();
  net.lag(50);
  for (let at = 0; at < 20; at++) {
    push(tab, `${at}`);
    await net.advance(200);
  }
  await net.settle();
  expect(tab.room.saved).toEqual({ state: "saved" });
  expect(browser.writes).toBe(0);
});

test("[C7] the state is written again only if it has changed", async () => {
  const scene = await createBoard();
  const { net, tab, browser } = scene;
  await pushOffline(scene, tab, "a");
  const [first] = await browser.stored();
  await browser.store({ ...first!, state: `${first!.state} ` });
  await pushOffline(scene, tab, "b");
  const [second] = await browser.stored();
  expect(second?.edits).not.toBe(first?.edits);
  expect(second?.state).toBe(`${first?.state} `);
  await net.settle();
});

test("[C7] the browser asks before a page closes only while something is not stored", async () => {
  const scene = await createBoard();
  const { net, tab } = scene;
  net.drop("ada");
  expect(tab.asks).toBe(false);
  push(tab, "a");
  expect(tab.asks).toBe(true);
  await net.advance(keepTime);
  expect(tab.room.saved.state).toBe("unsaved");
  expect(tab.asks).toBe(false);
  push(tab, "b");
  expect(tab.asks).toBe(true);
  await comeBack(scene);
  expect(tab.asks).toBe(false);
});

test("[C7] the browser does not ask about edits that are stored after leave()", async () => {
  const scene = await createBoard();
  const { net, tab } = scene;
  await pushOffline(scene, tab, "a");
  tab.room.leave();
  expect(tab.asks).toBe(false);
  await net.advance(0);
  expect(tab.room.saved.state).toBe("unsaved");
  expect(tab.asks).toBe(false);
});

test("[C7] a page without `persist` asks while something is unsaved, and stores nothing", async () => {
  const scene = await createBoard({ persist: false });
  const { tab, browser, net } = scene;
  await pushOffline(scene, tab, "a");
  expect(tab.asks).toBe(true);
  tab.hide();
  await net.advance(0);
  expect(await browser.stored()).toEqual([]);
});

test("[C7] `persist: true` without a user is refused with a hint, and a user id is enough", async () => {
  expect(() => connectRoom({ url: "https://rooms.test", room: "test", persist: true })).toThrow(
    new TypeError("`persist: true` needs `user`: with tokens, give its id"),
  );
  const identify = (token: string) => ({ user: { id: token }, scopes: ["room:admin"] as const });
  const options = { persist: "ada", token: () => "ada" };
  const scene = await createBoard(options, { identify: identify as never });
  const { tab, log } = scene;
  await pushOffline(scene, tab, "a");
  tab.reload(options);
  await comeBack(scene);
  expect(log()).toEqual(["a"]);
});

test("[C7] edits of one user are never sent in the name of another", async () => {
  const identify = (token: string) => ({ user: { id: token }, scopes: ["room:admin"] as const });
  const token = { now: "ada" };
  const options = { persist: "ada", token: () => token.now };
  const scene = await createBoard(options, { identify: identify as never });
  const { net, tab, log, browser, open } = scene;
  await pushOffline(scene, tab, "a");
  // The page claims to be ada's, but its token is bob's.
  token.now = "bob";
  tab.reload(options);
  await comeBack(scene);
  expect(tab.problems.map(({ detail }) => detail)).toEqual([
    'persist: these are edits of the user "ada", and the room knows this client as "bob".',
  ]);
  expect(tab.room.status).toMatchObject({ state: "closed", reason: "disconnected" });
  expect(log()).toEqual([]);
  expect(await browser.stored()).toHaveLength(1);
  tab.close();
  token.now = "ada";
  const again = open("ada", options);
  await net.settle(again.room.ready);
  expect(log()).toEqual(["a"]);
});

test("[C7] another user of the same browser does not see the stored edits", async () => {
  const scene = await createBoard();
  const { net, tab, log, browser, open } = scene;
  await pushOffline(scene, tab, "a");
  tab.close();
  const bob = open("bob");
  await net.settle(bob.room.ready);
  await net.advance(120_000);
  expect(bob.room.state.log).toEqual([]);
  expect(log()).toEqual([]);
  expect(await browser.stored()).toHaveLength(1);
});

test("[C7] another room in the same browser does not see the stored edits", async () => {
  const scene = await createBoard();
  await pushOffline(scene, scene.tab, "a");
  const other = await createBoard({}, { id: "other" });
  const tab = scene.browser.open<Board>(other.net as never, "ada");
  await other.net.settle(tab.room.ready);
  expect(tab.room.state.log).toEqual([]);
  expect(tab.room.saved).toEqual({ state: "saved" });
  expect(await scene.browser.stored()).toHaveLength(1);
});

test("[C7] an edit that is answered while it is being written does not stay in the record", async () => {
  const { net, tab, log, browser } = await createBoard();
  net.lag(200);
  browser.isSlow = true;
  push(tab, "a");
  await net.advance(300);
  await vi.waitFor(() => expect(browser.written).not.toHaveLength(0));
  await net.advance(200);
  expect(tab.room.saved).toEqual({ state: "saved" });
  browser.catchUp();
  await net.settle();
  expect(await browser.stored()).toEqual([]);
  expect(log()).toEqual(["a"]);
});

test("[C7] an edit that others have made impossible is not stored as if it were still possible", async () => {
  const { net, tab, log } = await createBoard();
  await net.room.updateState((state) => ({ ...state, log: ["x", "y"] }));
  await net.settle();
  net.lag(1000, "ada");
  tab.room.update((state) => {
    state.log[1] = "a";
  });
  await net.room.patchState([{ op: "replace", path: "/log", value: ["v", "w"] }]);
  await net.advance(1100);
  expect(tab.room.state.log).toEqual(["v", "w"]);
  tab.room.update((state) => {
    state.title = "Pier";
  });
  await net.advance(keepTime);
  net.drop("ada");
  tab.reload();
  net.restore("ada");
  await net.advance(1500);
  expect(tab.room.getSnapshot()).toMatchObject({ self: null, state: { log: ["v", "w"] } });
  await net.settle();
  await net.advance(10_000);
  expect(log()).toEqual(["v", "w"]);
  expect(net.state.title).toBe("Pier");
});
