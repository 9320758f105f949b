import * as z from "zod";
import { expect, test } from "vitest";
import { defineRoom } from "../../src/behaviours/define.ts";
import { TestRoom } from "../../src/testing/test-room.ts";

const board = defineRoom({
  state: z.object({ notes: z.array(z.object({ id: z.string(), text: z.string() })), title: z.string() }),
  initialState: { notes: [], title: "Untitled" },
  actions: (action) => ({
    rename: action(z.object({ title: z.string() }), (_room, state, { title }) => ({ state: { ...state, title }, result: `was ${state.title}` })),
  }),
});

test("hello", async () => {
  const net = new TestRoom(board);
  const ada = net.join("ada");
  const bob = net.join({ id: "bob", name: "Bob" });
  await net.settle(ada.ready);
  await net.settle(bob.ready);
  const { committed } = ada.update((state) => { state.notes.push({ id: "1", text: "milk" }); });
  expect(ada.state.notes).toEqual([{ id: "1", text: "milk" }]);
  expect(await net.settle(committed)).toEqual({ version: 1, dropped: [] });
  expect(bob.state).toEqual(ada.state);
  expect(await net.settle(bob.action("rename", { title: "Pier" }))).toBe("was Untitled");
  expect(ada.state.title).toBe("Pier");
  net.drop("ada");
  ada.update((state) => { state.title = "offline"; });
  bob.update((state) => { state.notes.push({ id: "2", text: "eggs" }); });
  await net.settle();
  expect(ada.status.state).toBe("reconnecting");
  net.restore("ada");
  await net.advance(12000);
  expect(ada.saved).toEqual({ state: "saved" });
  expect(bob.state).toEqual(ada.state);
  expect(ada.people.map(({ id }) => id)).toEqual(["ada", "bob"]);
  console.log(ada.getSnapshot());
  ada.leave(); bob.leave();
});
