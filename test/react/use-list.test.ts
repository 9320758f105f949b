// @vitest-environment happy-dom
// A list as components see it.

import { createElement as h, memo } from "react";
import { expect, test } from "vitest";
import { createHooks } from "../../src/react/create-room-context.ts";
import { createFakeRoom, fakeConnect, type FakeRoom } from "./support/fake-room.ts";
import { happens, probe, render } from "./support/render.ts";

type Card = { order: string; text: string };
type Board = { title: string; cards: Record<string, Card> };

const { RoomProvider, useList } = createHooks<Board>(fakeConnect().connect);

const start: Board = {
  title: "Sketch",
  cards: { a: { text: "a", order: "V05" }, b: { text: "b", order: "V09" } },
};

async function show<Value>(use: () => Value, room: FakeRoom<Board>) {
  const { Probe, seen, last } = probe(use);
  const page = await render(h(RoomProvider, { room }, h(memo(Probe))));
  return { page, seen, last };
}

test("[C9] a list renders when one of its items has changed, and not for other parts of the state", async () => {
  const room = createFakeRoom<Board>(start);
  const { seen, last } = await show(() => useList("/cards"), room);
  await happens(() => room.change((state: Board) => (state.title = "Bridge")));
  expect(seen).toHaveLength(1);
  const [, b] = last().items;
  await happens(() =>
    room.change(({ cards }: Board) => (cards["a"] = { text: "A", order: "V07" })),
  );
  expect(seen).toHaveLength(2);
  expect(last().items.map(({ item }) => item.text)).toEqual(["A", "b"]);
  expect(last().items[1]?.item).toBe(b?.item);
});

test("[C9] a list is empty until the room has answered, and cannot be changed before", async () => {
  const room = createFakeRoom<Board>();
  const { last } = await show(() => useList("/cards"), room);
  expect(last().items).toEqual([]);
  expect(() => last().insert({ text: "x" })).toThrow("The room has not answered yet");
  await happens(() => room.answer(start));
  expect(last().items.map(({ key }) => key)).toEqual(["a", "b"]);
});

test("[C9] a selector that is new in each render returns the same list and the same functions", async () => {
  const room = createFakeRoom<Board>(start);
  const { Probe, seen } = probe(() => useList((state) => state.cards));
  const page = await render(h(RoomProvider, { room }, h(Probe)));
  await page.render(h(RoomProvider, { room }, h(Probe)));
  expect(seen[1]).toBe(seen[0]);
  await happens(() => seen[0]?.insert({ text: "c" }, { after: "a" }));
  expect(seen.at(-1)?.items.map(({ item }) => item.text)).toEqual(["a", "c", "b"]);
  expect(seen.at(-1)?.insert).toBe(seen[0]?.insert);
});

test("[C9] a dragged item stays between its neighbours while others change the list", async () => {
  const room = createFakeRoom<Board>(start);
  const { last } = await show(() => useList("/cards"), room);
  const { insert, move } = last();
  await happens(() =>
    room.change(({ cards }: Board) => (cards["c"] = { text: "c", order: "V01" })),
  );
  await happens(() => move("c", { after: "a" }));
  await happens(() => room.change(({ cards }: Board) => delete cards["a"]));
  await happens(() => insert({ text: "d" }, { before: "a" }));
  expect(last().items.map(({ item }) => item.text)).toEqual(["c", "b", "d"]);
});
