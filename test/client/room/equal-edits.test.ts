// Two users who make the same edit at the same time: each of them keeps working on their own (rules C2, W2).

import { expect, onTestFinished, test } from "vitest";
import { defineRoom } from "../../../src/behaviours/define.ts";
import { insertText } from "../../../src/client/document/intents.ts";
import { createTestRoom } from "../../../src/testing/index.ts";

type Row = { text: string };
const table = defineRoom<{ rows: Row[]; tick: number }>({ initialState: { rows: [], tick: 0 } });
const pushRow = ({ rows }: { rows: Row[] }) => void rows.push({ text: "" });
const typeInto =
  (at: number, text: string) =>
  ({ rows }: { rows: Row[] }) =>
    insertText(rows[at] as Row, "text", 0, text);

/** Ada and Bob in a room that is busy enough to batch edits for a while. */
async function busyRoom() {
  const net = createTestRoom(table);
  onTestFinished(() => net.close());
  const [ada, bob] = [net.join("ada"), net.join("bob")];
  for (let n = 0; n < 20; n++) net.join(`guest-${n}`);
  await net.settle(Promise.all([ada.ready, bob.ready]));
  await net.advance(1000);
  net.lag(50);
  bob.update((state) => void (state.tick = 1)); // the room batches what comes now
  await net.advance(1);
  return { net, ada, bob };
}

test("[C2, W2] text typed into a new row does not end up in an equal row that another user added at the same time", async () => {
  const { net, ada, bob } = await busyRoom();
  bob.update(pushRow);
  await net.advance(1);
  ada.update(pushRow);
  await net.advance(1);
  ada.update(typeInto(0, "Ada's"));
  bob.update(typeInto(0, "Bob's"));
  await net.settle();
  expect(net.state.rows).toEqual([{ text: "Bob's" }, { text: "Ada's" }]);
  expect(ada.state).toEqual(net.state);
  expect(bob.state).toEqual(net.state);
});

test("[C2, W2] the user's own row is still found if other edits have several operations, or none", async () => {
  const { net, ada, bob } = await busyRoom();
  const [carol, dan] = [net.join("carol"), net.join("dan")];
  await net.settle(Promise.all([carol.ready, dan.ready]));
  await net.advance(1000);
  bob.update((state) => void (state.tick = 2));
  await net.advance(1);
  carol.update((state) => void (state.tick = 3)); // Dan's edit overwrites it, so no operation of it is sent
  await net.advance(1);
  dan.update((state) => {
    state.tick = 4;
    state.rows.push({ text: "" }, { text: "" });
  });
  await net.advance(1);
  ada.update((state) => {
    pushRow(state);
    pushRow(state);
  });
  await net.advance(1);
  ada.update(typeInto(1, "Ada's second"));
  await net.settle();
  expect(net.state.rows.map(({ text }) => text)).toEqual(["", "", "", "Ada's second"]);
  expect(ada.state).toEqual(net.state);
});

test("[C6, W2] undo removes the user's own row, although somebody has typed into the other user's equal row", async () => {
  const { net, ada, bob } = await busyRoom();
  bob.update(pushRow);
  await net.advance(1);
  ada.update(pushRow);
  await net.settle();
  bob.update(typeInto(0, "Bob's"));
  await net.settle();
  expect(ada.history.undo()).toEqual({ undone: true, skipped: 0 });
  await net.settle();
  expect(net.state.rows).toEqual([{ text: "Bob's" }]);
});
