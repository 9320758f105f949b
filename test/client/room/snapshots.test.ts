// Snapshots that a view compares with `===` (rule C3).

import { expect, onTestFinished, test } from "vitest";
import { defineRoom } from "../../../src/behaviours/define.ts";
import { createTestRoom } from "../../../src/testing/index.ts";

const board = defineRoom<{ title: string }>({ initialState: { title: "" } });

async function two() {
  const net = createTestRoom(board);
  onTestFinished(() => net.close());
  const [ada, bob] = [net.join("ada"), net.join("bob")];
  await net.settle(Promise.all([ada.ready, bob.ready]));
  return { net, ada, bob };
}

test("[C3] a snapshot is deeply frozen", async () => {
  const { net, ada } = await two();
  net.drop("ada"); // so that its status has several members
  await net.settle();
  const notFrozen = (value: unknown, path: string): string[] =>
    typeof value !== "object" || value === null
      ? []
      : [
          ...(Object.isFrozen(value) ? [] : [path]),
          ...Object.entries(value).flatMap(([key, each]) => notFrozen(each, `${path}/${key}`)),
        ];
  expect(notFrozen(ada.getSnapshot(), "")).toEqual([]);
});

test("[C3] parts of a snapshot that have not changed stay the same objects", async () => {
  const { net, ada, bob } = await two();
  const before = ada.getSnapshot();
  bob.update((state) => void (state.title = "x"));
  await net.settle();
  const after = ada.getSnapshot();
  expect(after.state).toEqual({ title: "x" });
  for (const part of ["status", "saved", "scopes", "history", "people", "counts"] as const)
    expect(after[part], part).toBe(before[part]);
});

test("[C3] an event from another user does not change the snapshot", async () => {
  const { net, ada, bob } = await two();
  const before = ada.getSnapshot();
  const heard: string[] = [];
  ada.on("event", ({ event }) => heard.push(event));
  ada.subscribe(() => heard.push("changed"));
  await net.settle(bob.broadcast("wave"));
  expect(heard).toEqual(["wave"]);
  expect(ada.getSnapshot()).toBe(before);
});

test("[C3] the user's own event does not change the snapshot", async () => {
  const { net, ada } = await two();
  const before = ada.getSnapshot();
  let told = 0;
  ada.subscribe(() => told++);
  await net.settle(ada.broadcast("wave"));
  expect(told).toBe(0);
  expect(ada.getSnapshot()).toBe(before);
});

test("[C3] the snapshot stays the same object if a notification has changed nothing in it", async () => {
  const { net, ada, bob } = await two();
  const before = ada.getSnapshot();
  let told = 0;
  ada.subscribe(() => told++);
  bob.setPresence({ tool: "pen" });
  bob.setPresence({ tool: null });
  await net.settle();
  bob.setPresence({ tool: "pen" });
  await net.settle();
  bob.setPresence({ tool: null });
  await net.settle();
  expect(told).toBeGreaterThan(0);
  expect(ada.getSnapshot()).toBe(before);
});
