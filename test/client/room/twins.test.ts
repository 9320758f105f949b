// Actions with optimistic changes, and edits on top of those (rules C2, C3).

import * as z from "zod";
import { expect, onTestFinished, test } from "vitest";
import { defineRoom } from "../../../src/behaviours/define.ts";
import { insertText } from "../../../src/client/document/intents.ts";
import { createTestRoom } from "../../../src/testing/index.ts";

const note = z.object({ id: z.string(), text: z.string() });
const board = defineRoom({
  state: z.object({ notes: z.array(note) }),
  initialState: { notes: [] },
  actions: (action) => ({
    add: action(note, (_room, state, added) => ({ state: { notes: [...state.notes, added] } })),
  }),
});

test("[C2, C3] text typed into an item that an action adds optimistically is kept when the action completes", async () => {
  const net = createTestRoom(board);
  onTestFinished(() => net.close());
  const [ada, bob] = [net.join("ada"), net.join("bob")];
  await net.settle(Promise.all([ada.ready, bob.ready]));
  net.lag(100);
  const added = ada.action(
    "add",
    { id: "1", text: "" },
    { optimistic: ({ notes }) => void notes.push({ id: "1", text: "" }) },
  );
  bob.update(({ notes }) => notes.unshift({ id: "2", text: "Bob's" }));
  const { committed } = ada.update(({ notes }) =>
    insertText(notes[0] as { text: string }, "text", 0, "milk"),
  );
  await net.settle(added);
  expect(await net.settle(committed)).toMatchObject({ dropped: [] });
  expect(new Set(net.state.notes)).toEqual(
    new Set([
      { id: "1", text: "milk" },
      { id: "2", text: "Bob's" },
    ]),
  );
  expect(ada.state).toEqual(net.state);
});
