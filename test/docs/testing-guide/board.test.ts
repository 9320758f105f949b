// The examples of docs/guides/testing.md, which guide.test.ts compares with it.

import { increment } from "collab-room/client";
import { createTestRoom } from "collab-room/testing";
import { expect, test } from "vitest";
import { board, type Env } from "./board.ts";

const env: Env = { save() {} };

test("everybody sees the new title", async () => {
  const net = createTestRoom(board, { env });
  const ada = net.join("ada");
  const bob = net.join({ id: "bob", name: "Bob" });
  await net.settle();

  ada.update((draft) => {
    draft.title = "Bridge";
  });
  expect(ada.state.title).toBe("Bridge"); // at once
  await net.settle();
  expect(bob.state.title).toBe("Bridge");
  expect(net.state.title).toBe("Bridge"); // the room's, committed
});

test("a title must not be empty", async () => {
  const net = createTestRoom(board, { env });
  const ada = net.join("ada");
  await net.settle();

  expect(await net.settle(ada.action("rename", { title: "Pier" }))).toBe("Sketch");
  const refused = net.settle(ada.action("rename", { title: "" }));
  await expect(refused).rejects.toMatchObject({ code: "action_refused" });
});

test("two votes at the same moment are two votes", async () => {
  const net = createTestRoom(board, { env });
  const [ada, bob] = [net.join("ada"), net.join("bob")];
  await net.settle();

  net.lag({ ms: 300, jitter: 100 }); // each way; net.lag(300, "ada") for one user
  for (const room of [ada, bob]) room.update((draft) => increment(draft, "votes"));
  await net.settle();
  expect(net.state.votes).toBe(2);
});

test("an edit without a network is not lost", async () => {
  const net = createTestRoom(board, { env });
  const [ada, bob] = [net.join("ada"), net.join("bob")];
  await net.settle();

  net.drop("ada"); // with { silent: true }, neither side is told
  ada.update((draft) => {
    draft.title = "Pier";
  });
  await net.settle();
  expect(ada.saved).toMatchObject({ state: "unsaved", reason: "disconnected" });
  expect(net.warnsBeforeUnload("ada")).toBe(true);

  net.restore("ada");
  await net.settle();
  expect(bob.state.title).toBe("Pier");
});

test("an edit outlives the page", async () => {
  const net = createTestRoom(board, { env });
  const ada = net.join("ada", { persist: true });
  await net.settle();

  net.drop("ada");
  ada.update((draft) => {
    draft.title = "Pier";
  });
  ada.leave(); // the page is closed
  await net.settle();
  const again = net.join("ada", { persist: true });
  await net.settle();
  expect(again.getSnapshot().state?.title).toBe("Pier"); // before it is connected

  net.restore("ada");
  await net.settle();
  expect(net.state.title).toBe("Pier");
});

test("a user who is gone for 10 s has left, and an empty room stops after half an hour", async () => {
  const net = createTestRoom(board, { env });
  const ada = net.join("ada");
  net.join("bob");
  await net.settle();

  net.drop("bob");
  await net.advance(10_000);
  expect(ada.others).toEqual([]);

  ada.leave();
  await net.advance(31 * 60_000);
  expect(net.isRunning).toBe(false);
});

test("the state is saved once the store is back", async () => {
  const saved: object[] = [];
  let isDown = true;
  const save: Env["save"] = (_, state) => (isDown ? { error: "down" } : void saved.push(state));
  const net = createTestRoom(board, { env: { save } });
  await net.start();

  await net.room.updateState((state) => ({ ...state, votes: 5 }));
  await net.settle();
  isDown = false;
  await net.advance(2000); // the next attempt
  expect(saved).toEqual([{ title: "Sketch", votes: 5 }]);
});

test("nobody notices an eviction or a crash", async () => {
  const net = createTestRoom(board, { env });
  const ada = net.join("ada");
  await net.settle();

  net.evict(); // hibernation: memory goes, sockets stay
  await net.settle(ada.action("rename", { title: "Bridge" }));
  net.crash(); // a deployment: sockets go, too
  await net.settle();
  expect(ada.status).toEqual({ state: "connected" });
  expect(ada.state.title).toBe("Bridge");
});

test("readers only read, until they may write", async () => {
  const net = createTestRoom(board, { env, scopes: { bob: ["room:read"] } });
  net.join("ada");
  await net.settle();
  const bob = net.join("bob");
  await net.settle();

  expect(bob.can("room:write")).toBe(false);
  await net.setScopes("bob", ["room:read", "room:write"]);
  await net.settle();
  expect(bob.can("room:write")).toBe(true);

  await net.kick("bob");
  await net.settle();
  expect(bob.status).toMatchObject({ state: "closed", reason: "kicked" });
});

test.for([1, 2, 3, 4, 5])("everyone agrees in the end, with seed %i", async (seed) => {
  const net = createTestRoom(board, { env, seed });
  const rooms = ["ada", "bob", "cyd"].map((id) => net.join(id));
  await net.settle();

  net.lag({ ms: 20, jitter: 500 });
  for (const room of rooms)
    room.update((draft) => {
      draft.title += room.self.id;
    });
  await net.settle();
  for (const room of rooms) expect(room.state).toEqual(net.state);
});
