// Calls into the room from inside a recipe, and values that change each time they are read (rules C1, C8).

import { expect, onTestFinished, test } from "vitest";
import { defineRoom } from "../../../src/behaviours/define.ts";
import { createTestRoom } from "../../../src/testing/index.ts";

type State = { list: string[]; votes: number; o: Record<string, Record<string, unknown>> };

async function open() {
  const board = defineRoom<State>({ initialState: { list: [], votes: 0, o: {} } });
  const net = createTestRoom(board);
  onTestFinished(() => net.close());
  const ada = net.join("ada");
  await net.settle(ada.ready);
  return { net, ada };
}

test("[C1] a recipe that edits the room again is refused, and nothing changes", async () => {
  const { net, ada } = await open();
  ada.update(({ list }) => void list.push("before"));
  for (const again of [
    () => ada.update(({ list }) => void list.push("inner")),
    () => ada.history.undo(),
  ])
    expect(() =>
      ada.update(({ list }) => {
        list.push("outer");
        again();
      }),
    ).toThrow(/A recipe is running/);
  expect(ada.state.list).toEqual(["before"]);
  await net.settle();
  expect(net.state).toEqual(ada.state);
  expect(ada.history.undo()).toEqual({ undone: true, skipped: 0 });
});

test("[C3] inside a recipe the room's state is still the one shown before it", async () => {
  const { net, ada } = await open();
  ada.update(({ list, o }) => {
    list.push("one", "two");
    o["kept"] = { n: 1 };
  });
  const { state } = ada;
  const seen: unknown[] = [];
  ada.update((draft) => {
    draft.list.unshift("zero");
    const { o } = draft;
    seen.push(ada.state, ada.getSnapshot().state);
    draft.list.splice(1, 1);
    o["more"] = { n: 2 };
    delete o["kept"];
    seen.push(ada.state);
    draft.votes++;
  });
  expect(seen.every((each) => each === state)).toBe(true);
  expect(ada.state).toEqual({ list: ["zero", "two"], votes: 1, o: { more: { n: 2 } } });
  await net.settle();
  expect(net.state).toEqual(ada.state);
});

test("[C3] the state read in a recipe that throws does not show its changes afterwards", async () => {
  const { ada } = await open();
  expect(() =>
    ada.update(({ list }) => {
      list.push("half");
      throw new Error(String(ada.state.list));
    }),
  ).toThrow();
  expect(ada.state.list).toEqual([]);
});

test("[C1, C3] an optimistic recipe that edits the room is refused, and nothing is sent", async () => {
  const { net, ada } = await open();
  const optimistic = (draft: State): void => {
    draft.votes++;
    ada.update((inner) => void inner.votes++);
  };
  const refused = ada.action("vote" as never, {} as never, { optimistic });
  await expect(refused).rejects.toThrow("A recipe is running.");
  ada.update((draft) => void draft.list.push("behind it"));
  await net.settle();
  expect(ada.state).toEqual({ list: ["behind it"], votes: 0, o: {} });
  expect(net.state).toEqual(ada.state);
});

test("[C1, C3] an asynchronous optimistic recipe is refused, and nothing is sent", async () => {
  const { net, ada } = await open();
  const optimistic = (async (draft: State) => void draft.votes++) as never;
  const refused = ada.action("vote" as never, {} as never, { optimistic });
  await expect(refused).rejects.toThrow("asynchronous");
  expect(ada.state).toEqual(net.state);
  expect(ada.saved).toEqual({ state: "saved" });
});

test("[C1] a value that differs on each read is read once", async () => {
  const { net, ada } = await open();
  let reads = 0;
  const value = Object.defineProperty({}, "id", { enumerable: true, get: () => reads++ });
  ada.update((draft) => void Object.assign(draft.o, { value }));
  await net.settle();
  expect(net.state).toEqual(ada.state);
});

test("[C1] negative zero becomes zero, as in JSON", async () => {
  const { net, ada } = await open();
  ada.update((draft) => void (draft.votes = -0));
  await net.settle();
  expect(Object.is(ada.state.votes, 0)).toBe(true);
});

test("[C8] no key gives a draft access to a shared prototype", async () => {
  const { net, ada } = await open();
  const key = "__proto__";
  ada.update(({ o }) => {
    o[key] ??= {};
    (o[key] as { polluted: boolean }).polluted = true;
  });
  expect("polluted" in {}).toBe(false);
  await net.settle();
  expect(JSON.stringify(net.state.o)).toBe('{"__proto__":{"polluted":true}}');
});
