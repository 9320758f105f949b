// Server-sent events from a real server to clients over TCP, during hibernation, and with readers that are slow,
// reconnect or vanish.

import { once } from "node:events";
import { connect as connectTcp, type Socket } from "node:net";
import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import { asking, startEnds } from "../support/ends.ts";
import { EventReader } from "../support/event-reader.ts";
import { outsideClients } from "../support/outside-client.ts";
import type { Server } from "../support/server.ts";
import { expectOk } from "../support/session.ts";

let server: Server;
beforeAll(async () => {
  server = await startEnds();
});
afterAll(() => server.stop());

const { connect } = outsideClients(() => server.url);
const ask = asking(() => server);

/** Open an event stream of a room. */
async function follow(id: string, lastEventId?: string): Promise<EventReader & { abort(): void }> {
  const controller = new AbortController();
  onTestFinished(() => controller.abort());
  const response = await fetch(`${server.url}/rooms/${id}/changes`, {
    headers: {
      accept: "text/event-stream",
      ...(lastEventId !== undefined && { "last-event-id": lastEventId }),
    },
    signal: controller.signal,
  });
  expect(response.status).toBe(200);
  expect(response.headers.get("content-type")).toBe("text/event-stream");
  if (response.body === null) throw new Error("The response has no body.");
  return Object.assign(new EventReader(response.body), { abort: () => controller.abort() });
}

async function merge(id: string, json: object): Promise<void> {
  const { status } = await fetch(`${server.url}/rooms/${id}/state`, {
    method: "PATCH",
    headers: { "content-type": "application/merge-patch+json" },
    body: JSON.stringify(json),
  });
  expect(status).toBe(200);
}

test("[H10, R6] a room hibernates while streams are open, and the streams continue", async () => {
  const id = await ask.start("patient");
  const ada = await connect(id, { id: "ada" });
  const events = await follow(id);
  expect(await events.read()).toMatchObject({ event: "state" });
  const instance = async (): Promise<unknown> => expectOk(await ada.act("instance")).result;
  const before = await instance();
  // Each poll wakes the room, so the interval is long enough for it to hibernate.
  await expect.poll(instance, { interval: 12_000, timeout: 60_000 }).not.toBe(before);
  await merge(id, { awake: true });
  expect(await events.read()).toMatchObject({ event: "change", data: { from: 0, to: 1 } });
  // Although nothing happened, a keep-alive was sent for proxies.
  expect(events.received).toMatch(/^retry: 2000\n\n(id: .*\n.*\n.*\n\n)(:\n\n)*id: /);
}, 90_000);

test("[H10] a client that reconnects with Last-Event-ID misses nothing", async () => {
  const id = await ask.start("patient");
  const first = await follow(id);
  await first.read();
  await merge(id, { n: 1 });
  const { id: last } = await first.read();
  first.abort();
  await merge(id, { n: 2 });
  await merge(id, { n: 3 });
  const back = await follow(id, last ?? "");
  for (const from of [1, 2])
    expect(await back.read()).toMatchObject({ event: "change", data: { from, to: from + 1 } });
});

test("[H10] the room forgets a client that has gone, however it went", async () => {
  const id = await ask.start("patient");
  const events = await follow(id);
  await events.read();
  expect(await ask.sockets(id)).toBe(1);
  events.abort();
  // workerd notices when it has something to send: an event, or the next keep-alive.
  const socketsAfterChange = async (): Promise<number> => {
    await merge(id, { n: Math.random() });
    return ask.sockets(id);
  };
  await expect.poll(socketsAfterChange, { timeout: 20_000 }).toBe(0);
});

test("[H10, R7] the stream ends at once when the room stops", async () => {
  const id = await ask.start("patient");
  const events = await follow(id);
  await events.read();
  await fetch(`${server.url}/rooms/${id}`, { method: "DELETE" });
  expect(await events.read()).toEqual({ id: null, event: "stopped", data: {} });
  expect(await events.next()).toBeNull();
});

test("[H10, L1] a client that reads nothing is disconnected, and the room goes on", async () => {
  const id = await ask.start("patient");
  const deaf = await deafClient(id);
  await expect.poll(() => ask.sockets(id), { timeout: 20_000 }).toBe(1);
  const text = "x".repeat(500_000);
  for (let n = 0; n < 100 && (await ask.sockets(id)) > 0; n++)
    await merge(id, { text: `${n}${text}` });
  expect(await ask.sockets(id)).toBe(0);
  const events = await follow(id);
  expect(await events.read()).toMatchObject({ event: "state" });
  // The part that it can still read ends, and it may reconnect.
  deaf.resume();
  await once(deaf, "close");
}, 60_000);

/** A client that requests events and reads none. */
async function deafClient(id: string): Promise<Socket> {
  const { hostname, port } = new URL(server.directUrl);
  const socket = connectTcp(Number(port), hostname);
  onTestFinished(() => void socket.destroy());
  await once(socket, "connect");
  socket.pause();
  socket.write(
    `GET /rooms/${id}/changes HTTP/1.1\r\nHost: localhost\r\nAccept: text/event-stream\r\nConnection: close\r\n\r\n`,
  );
  return socket;
}
