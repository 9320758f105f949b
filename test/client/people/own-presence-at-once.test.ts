// The user's own presence as the client shows it before the room has confirmed it (rules P1, C3).

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

test("[P1] users see their own presence at once, and others see it once the room has told them", async () => {
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

test("[P1] the room's confirmation of the presence changes no object", async () => {
  const { net, ada } = await two();
  ada.setPresence({ tool: "pen" });
  const { self, people } = ada.getSnapshot();
  await net.settle();
  expect(ada.getSnapshot().self).toBe(self);
  expect(ada.getSnapshot().people).toBe(people);
});

test("[P1] a removed name is replaced by the default until the room sends another one", async () => {
  const { net, ada, bob } = await two();
  ada.setPresence({ name: null, color: null, tool: "pen" });
  expect(ada.self.presence).toMatchObject({ name: "Anonymous", color: "#6366F1", tool: "pen" });
  await net.settle();
  expect(ada.self.presence).toEqual(bob.others[0]?.presence);
});

test("[P1] a session that stops typing and goes idle leaves the user as the other session shows them", async () => {
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

test("[P1] presence that the user has no scope to set is not shown to the user either", async () => {
  const { ada } = await two({ scopes: { ada: ["room:create", "room:read", "room:write"] } });
  ada.setPresence({ tool: "pen" });
  expect(ada.self.presence).not.toHaveProperty("tool");
});
