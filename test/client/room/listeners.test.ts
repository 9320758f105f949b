// Listeners that act on what they are told (rules C3, C5).

import { expect, onTestFinished, test } from "vitest";
import { defineRoom } from "../../../src/behaviours/define.ts";
import { RoomClient } from "../../../src/client/room-client.ts";
import { createTestRoom } from "../../../src/testing/index.ts";
import { FakeEnvironment } from "../support/fake-environment.ts";

test("[C5] each listener hears every status in order, whatever another one does about it", async () => {
  const net = createTestRoom(defineRoom({}));
  onTestFinished(() => net.close());
  const ada = net.join("ada");
  const heard: string[] = [];
  ada.on("status", ({ state }) => {
    if (state === "connected") ada.leave();
  });
  ada.on("status", ({ state }) => heard.push(state));
  await net.settle();
  expect(heard).toEqual(["connected", "closed"]);
});

test("[C5] a listener that asks for an attempt after each failure makes no storm of them", async () => {
  const environment = new FakeEnvironment();
  const user = { id: "ada" };
  const room = new RoomClient(
    { url: "https://rooms.example.com", room: "design", user },
    environment,
  );
  room.on("status", ({ state }) => {
    if (state === "reconnecting") room.reconnect();
  });
  for (let ms = 0; ms < 3000; ms += 10) {
    await environment.advance(10);
    if (environment.socket.closedWith === null) environment.socket.closeByRoom(1006);
  }
  expect(environment.sockets.length).toBeGreaterThan(5);
  expect(environment.sockets.length).toBeLessThan(15);
});
