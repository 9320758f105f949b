// What a client shows of itself, before the room has told of it (rules P1, C3).

import { expect, onTestFinished, test } from "vitest";
import { defineRoom } from "../../../src/behaviours/define.ts";
import { createTestRoom, type TestRoomOptions } from "../../../src/testing/index.ts";

async function two(options: TestRoomOptions = {}) {
  const net = createTestRoom(defineRoom({}), options);
  onTestFinished(() => net.close());
  const [ada, bob] = [net.join("ada"), net.join("bob")];
  await net.settle(Promise.all([ada.ready, bob.ready]));
  await net.settle();
  net.lag(200);
  return { net, ada, bob };
}

test("[P1] oneself sees it at once, and others once the room has told them", async () => {
  const { net, ada, bob } = await two();
  let told = 0;
  ada.subscribe(() => told++);
  ada.setPresence({ tool: "pen", cursor: { x: 1 } });
  const shown = { tool: "pen", cursor: { x: 1 }, status: "online", name: "Anonymous" };
  expect(ada.self.presence).toMatchObject(shown);
  expect(ada.getSnapshot().self?.presence).toMatchObject(shown);
  expect(bob.others[0]?.presence).not.toHaveProperty("tool");
  await net.advance(0);
  expect(told).toBe(1);
  await net.settle();
  expect(bob.others[0]?.presence).toMatchObject(shown);
  expect(ada.self.presence).toEqual(bob.others[0]?.presence);
});

test("[P1] the room's word on it changes no object", async () => {
  const { net, ada } = await two();
  ada.setPresence({ tool: "pen" });
  const { self, people } = ada.getSnapshot();
  await net.settle();
  expect(ada.getSnapshot().self).toBe(self);
  expect(ada.getSnapshot().people).toBe(people);
});

test("[P1] a name that is taken away is shown until the room gives another one", async () => {
  const { net, ada, bob } = await two();
  ada.setPresence({ name: null, color: null, tool: "pen" });
  expect(ada.self.presence).toMatchObject({ name: "Anonymous", color: "#6366F1", tool: "pen" });
  await net.settle();
  expect(ada.self.presence).toEqual(bob.others[0]?.presence);
});

test("[P1] a session that stops typing and goes idle leaves its user as the other session has it", async () => {
  const { net, ada, bob } = await two();
  const other = net.join("ada");
  await net.settle(other.ready);
  other.setPresence({ typing: true });
  ada.setPresence({ typing: true });
  await net.advance(1000);
  ada.setPresence({ typing: false, status: "idle" });
  await net.advance(1000);
  expect(ada.self.presence).toMatchObject({ typing: true, status: "online" });
  expect(ada.self.presence).toEqual(bob.others[0]?.presence);
});

test("[P1] what one has no scope to show is not shown to oneself either", async () => {
  const { ada } = await two({ scopes: { ada: ["room:create", "room:read", "room:write"] } });
  ada.setPresence({ tool: "pen" });
  expect(ada.self.presence).not.toHaveProperty("tool");
});
