// Listeners that react to what they are told (rules C3, C5).

import { expect, onTestFinished, test } from "vitest";
import { defineRoom } from "../../../src/behaviours/define.ts";
import { RoomClient } from "../../../src/client/room-client.ts";
import type { RoomStatus } from "../../../src/client/types.ts";
import { createTestRoom } from "../../../src/testing/index.ts";
import { FakeEnvironment } from "../support/fake-environment.ts";

test("[C5] each listener gets every status in order, whatever another listener does in response", async () => {
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

test("[C5] a listener that reconnects after each failure does not cause a storm of attempts", async () => {
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

test("[C5] a listener that reconnects after each final close does not cause a storm of attempts", async () => {
  for (const token of [undefined, () => Promise.reject(new Error("signed out"))]) {
    const environment = new FakeEnvironment();
    const room = new RoomClient(
      {
        url: "https://rooms.example.com",
        room: "design",
        user: { id: "ada" },
        ...(token && { token }),
      },
      environment,
    );
    let ends = 0;
    room.on("status", ({ state }) => {
      // Without this limit, a storm would keep the test from failing.
      if ((state === "closed" || state === "needs-token") && ++ends < 100) room.reconnect();
    });
    for (let ms = 0; ms < 3000; ms += 10) {
      await environment.advance(10);
      const socket = environment.sockets.at(-1);
      if (socket?.closedWith !== null) continue;
      socket.open();
      socket.receive({ type: "error", code: "forbidden", detail: "No." });
      socket.closeByRoom(4003, "forbidden");
    }
    expect(ends).toBeGreaterThan(5);
    expect(ends).toBeLessThan(15);
  }
});

test("[C5] each attempt is reported once, and no status is reported twice", async () => {
  const net = createTestRoom(defineRoom({}));
  onTestFinished(() => net.close());
  const ada = net.join("ada");
  await net.settle(ada.ready);
  const heard: RoomStatus[] = [];
  let changes = 0;
  ada.on("status", (status) => heard.push(status));
  ada.subscribe(() => changes++);
  net.drop("ada");
  await net.advance(3000);
  net.restore("ada");
  await net.settle();
  const attempts = heard.flatMap((status) => ("attempt" in status ? status.attempt : []));
  expect(attempts.length).toBeGreaterThan(2);
  expect(attempts).toEqual(attempts.map((_, index) => index + 1));
  expect(heard.slice(attempts.length)).toEqual([{ state: "connected" }]);
  expect(changes).toBe(heard.length);
});

test("[C5] being offline is reported once, however many attempts are made", async () => {
  const environment = new FakeEnvironment();
  environment.isNetworkUp = false;
  const room = new RoomClient(
    { url: "https://rooms.example.com", room: "design", user: { id: "ada" } },
    environment,
  );
  const heard: string[] = [];
  room.on("status", ({ state }) => heard.push(state));
  for (let attempt = 0; attempt < 3; attempt++) {
    await environment.advance(30_000);
    environment.socket.closeByRoom(1006);
  }
  expect(environment.sockets.length).toBeGreaterThan(2);
  expect(room.status).toEqual({ state: "offline" });
  expect(heard).toEqual([]);
});
