// A room with `connect: false` does nothing until it is asked to connect. After that it behaves like any other room.

import { expect, test, vi } from "vitest";
import { defineRoom } from "../../src/behaviours/define.ts";
import { connectRoom } from "../../src/client/connect.ts";
import type { ConnectOptions } from "../../src/client/types.ts";
import { TestRoom } from "../../src/testing/test-room.ts";

const doc = defineRoom<{ title: string }>({ initialState: { title: "Untitled" } });

function open(more: Partial<ConnectOptions> = {}) {
  const net = new TestRoom(doc);
  const options = net.optionsFor("ada");
  const environment = { ...options.environment, beforeUnload: vi.fn(() => () => {}) };
  const room = connectRoom<typeof doc>({ ...options, connect: false, ...more, environment });
  return { net, room, beforeUnload: environment.beforeUnload };
}

test("[C5] a room with `connect: false` neither joins nor adds listeners, however much time passes", async () => {
  const { net, room, beforeUnload } = open();
  room.setPresence({ typing: true });
  await net.advance(60_000);
  expect(net.isRunning).toBe(false);
  expect(room.status).toEqual({ state: "connecting" });
  expect(room.getSnapshot().state).toBeNull();
  expect(beforeUnload).not.toHaveBeenCalled();
});

test("[C5] the room connects when asked to, with the presence that was set before", async () => {
  const { net, room } = open();
  room.setPresence({ cursor: 7 });
  room.reconnect();
  await net.settle(room.ready);
  await net.settle();
  expect(room.status).toEqual({ state: "connected" });
  expect(room.state).toEqual({ title: "Untitled" });
  expect(room.self.presence?.cursor).toBe(7);
});

test("[C5] the room warns before the page closes, with one listener for all of its connections", async () => {
  const { net, room, beforeUnload } = open();
  room.reconnect();
  await net.settle(room.ready);
  room.disconnect();
  room.reconnect();
  await net.settle();
  expect(beforeUnload).toHaveBeenCalledTimes(1);
  const silent = open({ warnBeforeUnload: false });
  silent.room.reconnect();
  expect(silent.beforeUnload).not.toHaveBeenCalled();
});

test("[C5] a wrong address is refused as soon as the room is asked to connect", () => {
  const { room } = open({ url: "rooms.example.com" });
  expect(() => room.reconnect()).toThrow(TypeError);
  expect(() => open({ url: "rooms.example.com", connect: true })).toThrow(TypeError);
});
