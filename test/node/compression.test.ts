// permessage-deflate: 31 KB on the wire can become 31 MiB in a room's memory. The deployed Worker does not accept it.
// The proxy of `wrangler dev` does, whatever the Worker's flags. There, a frame far above the limit ends its session at
// once.

import { once } from "node:events";
import { afterAll, beforeAll, expect, test } from "vitest";
import { WebSocket } from "ws";
import { startServer, type Server } from "../support/server.ts";

let server: Server;
beforeAll(async () => {
  server = await startServer({ vars: { AUTH_MODE: "open" } });
});
afterAll(() => server.stop());

/** Open a socket that offers compression. */
async function open(origin: string): Promise<WebSocket> {
  const user = encodeURIComponent('{"id":"ada"}');
  const url = `${origin.replace(/^http/, "ws")}/rooms/${crypto.randomUUID()}/socket?user=${user}`;
  const socket = new WebSocket(url, { perMessageDeflate: true });
  await once(socket, "message"); // the welcome
  return socket;
}

const frame = (bytes: number): string => JSON.stringify({ type: "touch" }).padEnd(bytes);

test("[L1] the Worker does not accept compression, and a client that offers it works without", async () => {
  const socket = await open(server.directUrl);
  expect(socket.extensions).toBe("");
  socket.send(JSON.stringify({ type: "touch", ref: 1 }));
  expect(JSON.parse(String((await once(socket, "message"))[0]))).toEqual({
    type: "reply",
    ref: 1,
    ok: true,
  });
  socket.terminate();
});

test("[W3, L1] a compressed frame of 31 MiB ends its session at once", async () => {
  const socket = await open(server.url);
  expect(socket.extensions).toContain("permessage-deflate");
  socket.send(frame(31 * 1024 * 1024));
  const [code, reason] = await once(socket, "close");
  expect([code, String(reason)]).toEqual([4413, "too_large"]);
});

test("[W3, L1] frames up to the limit are accepted, compressed or not", async () => {
  for (const origin of [server.url, server.directUrl]) {
    const socket = await open(origin);
    socket.send(JSON.stringify({ type: "touch", ref: 1 }).padEnd(256 * 1024));
    expect(String((await once(socket, "message"))[0])).toContain('"ok":true');
    socket.terminate();
  }
});
