// A room that violates the protocol does no more harm than a dropped connection (rule C8).

import { expect, test } from "vitest";
import { RoomClient } from "../../../src/client/room-client.ts";
import { FakeEnvironment, type FakeSocket } from "../support/fake-environment.ts";
import { welcome } from "../support/welcome.ts";

async function open() {
  const environment = new FakeEnvironment();
  const room = new RoomClient(
    { url: "https://rooms.example.com", room: "design", user: { id: "ada" } },
    environment,
  );
  await environment.advance(0);
  const socket = environment.sockets[0] as FakeSocket;
  socket.open();
  const reasons: string[] = [];
  room.on("resync", ({ reason }) => reasons.push(reason));
  return { environment, room, socket, reasons };
}

test("[C8] a welcome without users is reported, and the client asks for another one", async () => {
  const { environment, room, socket, reasons } = await open();
  socket.receive(welcome({ users: null } as never));
  expect(reasons).toHaveLength(1);
  await environment.advance(1000);
  const next = environment.sockets[1] as FakeSocket;
  next.open();
  next.receive(welcome());
  expect(room.status).toEqual({ state: "connected" });
});

test("[C8] invalid presence is reported, and the change in the same frame is shown", async () => {
  const { room, socket, reasons } = await open();
  socket.receive(welcome({ state: { n: 0 }, version: 0, seq: 0 } as never));
  let told = 0;
  room.subscribe(() => told++);
  socket.receive(
    { type: "change", from: 0, to: 1, patch: [{ op: "replace", path: "/n", value: 1 }] },
    { type: "presence", joins: null },
  );
  expect(room.state).toEqual({ n: 1 });
  expect(told).toBeGreaterThan(0);
  expect(reasons).toHaveLength(1);
});

test("[C8] invalid scopes are reported, and the previous ones stay", async () => {
  const { room, socket, reasons } = await open();
  socket.receive(welcome({ scopes: ["room:read"] }));
  socket.receive({ type: "scopes", scopes: null });
  expect(reasons).toHaveLength(1);
  expect(room.scopes).toEqual(["room:read"]);
  expect(room.can("room:write")).toBe(false);
});
