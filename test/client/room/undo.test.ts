// Undo in a real room: of increments, of long steps, and of edits that were never sent (rule C6).

import { describe, expect, onTestFinished, test } from "vitest";
import { defineRoom } from "../../../src/behaviours/define.ts";
import { increment } from "../../../src/client/document/intents.ts";
import { createTestRoom } from "../../../src/testing/index.ts";

type State = { title: string; votes: number; x: number; y: number; list: number[] };
const board = defineRoom<State>({ initialState: { title: "", votes: 0, x: 0, y: 0, list: [] } });

async function two(options: { readonly maxOfflineAge?: number } = {}) {
  const net = createTestRoom(board);
  onTestFinished(() => net.close());
  const [ada, bob] = [net.join("ada", options), net.join("bob")];
  await net.settle(Promise.all([ada.ready, bob.ready]));
  return { net, ada, bob };
}

describe("[C6] undo of an increment", () => {
  test("leaves a number alone that somebody else has set since", async () => {
    const { net, ada, bob } = await two();
    ada.update((state) => increment(state, "votes", 5));
    await net.settle();
    bob.update((state) => void (state.votes = 100));
    await net.settle();
    expect(ada.history.undo()).toEqual({ undone: false, skipped: 1 });
    await net.settle();
    expect(net.state.votes).toBe(100);
  });

  test("leaves a number alone that somebody else has assigned together with other members", async () => {
    const { net, ada, bob } = await two();
    ada.update((state) => increment(state, "votes", 5));
    await net.settle();
    await net.settle(bob.update((state) => void Object.assign(state, { votes: 7 })).committed);
    expect(ada.history.undo()).toEqual({ undone: false, skipped: 1 });
    expect(ada.state.votes).toBe(7);
  });

  test("keeps the increments of others, made before and since", async () => {
    const { net, ada, bob } = await two();
    bob.update((state) => increment(state, "votes", 1));
    await net.settle();
    ada.update((state) => increment(state, "votes", 5));
    await net.settle();
    bob.update((state) => increment(state, "votes", 2));
    await net.settle();
    expect(ada.history.undo()).toEqual({ undone: true, skipped: 0 });
    await net.settle();
    expect(net.state.votes).toBe(3);
    ada.history.redo();
    expect(ada.state.votes).toBe(8);
  });

  test.each([
    [0.1, 0.2],
    [0.1, 1e16],
    [-0.3, 0.3],
  ])(
    "from %d by %d restores exactly the previous number, and redo the later one",
    async (from, by) => {
      const { net, ada } = await two();
      ada.update((state) => void (state.votes = from));
      ada.update((state) => increment(state, "votes", by));
      const after = ada.state.votes;
      ada.history.undo();
      await net.settle();
      expect(net.state.votes).toBe(from);
      ada.history.redo();
      await net.settle();
      expect(net.state.votes).toBe(after);
      ada.history.undo();
      expect(ada.state.votes).toBe(from);
    },
  );
});

test("[C6] undo of an increment that a large number could not represent changes nothing", async () => {
  const { net, ada } = await two();
  ada.update((state) => void (state.votes = 1e16));
  ada.update((state) => increment(state, "votes", 1));
  ada.history.undo();
  await net.settle();
  expect(net.state.votes).toBe(1e16);
});

describe("[C6] undo of a long step", () => {
  test("reverts a drag of thousands of edits at once, and redo makes it again", async () => {
    const { net, ada, bob } = await two();
    ada.history.pause();
    for (let n = 1; n <= 1500; n++)
      ada.update((state) => {
        state.x = n;
        state.y = -n;
      });
    ada.history.resume();
    await net.settle();
    const { version } = net;
    expect(ada.history.undo()).toEqual({ undone: true, skipped: 0 });
    await net.settle();
    expect(net.state).toMatchObject({ x: 0, y: 0 });
    expect(net.version - version).toBe(1);
    ada.history.redo();
    await net.settle();
    expect(net.state).toMatchObject({ x: 1500, y: -1500 });
    expect(bob.state).toEqual(net.state);
  });

  test("leaves a dragged value alone that somebody else has set since", async () => {
    const { net, ada, bob } = await two();
    ada.history.pause();
    for (let n = 1; n <= 10; n++)
      ada.update((state) => {
        state.x = n;
        state.y = n;
      });
    ada.history.resume();
    await net.settle();
    bob.update((state) => void (state.x = 99));
    await net.settle();
    expect(ada.history.undo()).toEqual({ undone: true, skipped: 1 });
    expect(ada.state).toMatchObject({ x: 99, y: 0 });
  });

  test("is split into several edits if it has more operations than the room accepts in one", async () => {
    const few = defineRoom<{ list: number[] }>({
      initialState: { list: [] },
      limits: { patchOperations: 10 },
    });
    const net = createTestRoom(few);
    onTestFinished(() => net.close());
    const ada = net.join("ada");
    await net.settle(ada.ready);
    ada.history.pause();
    for (let n = 0; n < 25; n++) ada.update(({ list }) => void list.push(n));
    ada.history.resume();
    await net.settle();
    expect(ada.history.undo()).toEqual({ undone: true, skipped: 0 });
    await net.settle();
    expect(net.state.list).toEqual([]);
    expect(ada.history.redo()).toEqual({ undone: true, skipped: 0 });
    await net.settle();
    expect(net.state.list).toEqual(Array.from({ length: 25 }, (_, n) => n));
    ada.history.undo();
    expect(ada.state.list).toEqual([]);
  });
});

test("[C6] an edit that the application has discarded cannot be undone", async () => {
  const { net, ada } = await two({ maxOfflineAge: 1000 });
  ada.on("stale", ({ discard }) => discard());
  net.drop("ada");
  ada.update((state) => void (state.title = "x"));
  await net.advance(2000);
  net.restore("ada");
  await net.advance(40_000);
  expect(ada.state.title).toBe("");
  expect(ada.history.canUndo).toBe(false);
});

test("[C6] undo of a replaced list item restores the previous item", async () => {
  const { net, ada } = await two();
  ada.update(({ list }) => void list.push(1, 2, 3));
  ada.update(({ list }) => void (list[1] = 20));
  ada.history.undo();
  await net.settle();
  expect(net.state.list).toEqual([1, 2, 3]);
});
