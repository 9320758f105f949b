// The snapshot that a view compares by `===` (rule C3).

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

test("[C3] is frozen down to its leaves", async () => {
  const { net, ada } = await two();
  net.drop("ada"); // a status with members
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

test("[C3] has the same parts as before where they say the same", async () => {
  const { net, ada, bob } = await two();
  const before = ada.getSnapshot();
  bob.update((state) => void (state.title = "x"));
  await net.settle();
  const after = ada.getSnapshot();
  expect(after.state).toEqual({ title: "x" });
  for (const part of ["status", "saved", "scopes", "history", "people", "counts"] as const)
    expect(after[part], part).toBe(before[part]);
});

test("[C3] stays the same when an event comes", async () => {
  const { net, ada, bob } = await two();
  const before = ada.getSnapshot();
  const heard: string[] = [];
  ada.on("event", ({ event }) => heard.push(event));
  ada.subscribe(() => heard.push("changed"));
  await net.settle(bob.broadcast("wave"));
  expect(heard).toEqual(["wave"]);
  expect(ada.getSnapshot()).toBe(before);
});

test("[C3] stays the same when the room has sent an event of one's own", async () => {
  const { net, ada } = await two();
  const before = ada.getSnapshot();
  let told = 0;
  ada.subscribe(() => told++);
  await net.settle(ada.broadcast("wave"));
  expect(told).toBe(0);
  expect(ada.getSnapshot()).toBe(before);
});

test("[C3] is the same object when what is told of has changed nothing in it", async () => {
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
