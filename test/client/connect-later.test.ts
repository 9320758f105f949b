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
  const endBeforeUnload = vi.fn<() => void>();
  const beforeUnload = vi.fn(() => endBeforeUnload);
  const environment = { ...options.environment, beforeUnload };
  const room = connectRoom<typeof doc>({ ...options, connect: false, ...more, environment });
  return { net, room, beforeUnload, endBeforeUnload };
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

test("[C7] it listens for the end of the page only while it has unsaved edits", async () => {
  const { net, room, beforeUnload, endBeforeUnload } = open();
  room.reconnect();
  await net.settle(room.ready);
  expect(beforeUnload).not.toHaveBeenCalled();
  room.update((draft) => void (draft.title = "Pier"));
  room.update((draft) => void (draft.title = "Harbour"));
  room.disconnect();
  room.reconnect();
  expect(beforeUnload).toHaveBeenCalledTimes(1);
  expect(endBeforeUnload).not.toHaveBeenCalled();
  await net.settle();
  expect(room.saved).toEqual({ state: "saved" });
  expect(endBeforeUnload).toHaveBeenCalledTimes(1);
});

test("[C7] it does not ask before a page is closed if the application wants none of it", async () => {
  const { net, room, beforeUnload } = open({ warnBeforeUnload: false });
  room.reconnect();
  await net.settle(room.ready);
  room.update((draft) => void (draft.title = "Pier"));
  expect(room.saved.state).toBe("saving");
  expect(beforeUnload).not.toHaveBeenCalled();
});

test.each([false, true])(
  "[C5] a wrong address is refused when it is told to connect, with `persist: %s`",
  (persist) => {
    const { room } = open({ url: "rooms.example.com", persist });
    expect(() => room.reconnect()).toThrow(TypeError);
    expect(() => open({ url: "rooms.example.com", persist, connect: true })).toThrow(TypeError);
  },
);
