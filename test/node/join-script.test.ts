// `npm run join` as a process, against a server that closes its sockets.

import { spawn } from "node:child_process";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { WebSocketServer, type WebSocket } from "ws";

const script = join(import.meta.dirname, "../../scripts/join.ts");
const welcome = JSON.stringify({ type: "welcome", epoch: "first", version: 7 });

const ends: (() => void)[] = [];
afterEach(() => {
  for (const end of ends.splice(0)) end();
});

type Close = (socket: WebSocket) => void;

/** Run the script against a server that treats its sockets like this, one after another. */
const run = (...closes: Close[]) => runAs(["ada"], ...closes);

/** @param who the options that say who joins */
async function runAs(who: readonly string[], ...closes: Close[]) {
  const server = new WebSocketServer({ host: "127.0.0.1", port: 0 });
  ends.push(() => server.close());
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const queries: (string | null)[][] = [];
  const named: (string | null | undefined)[][] = [];
  server.on("connection", (socket, { url = "", headers }) => {
    const { searchParams } = new URL(url, "ws://server");
    named.push([searchParams.get("user"), headers.authorization]);
    queries.push([searchParams.get("since"), searchParams.get("epoch")]);
    socket.send(welcome);
    // The client's first message shows that it has received the welcome.
    socket.once("message", () => closes[queries.length - 1]?.(socket));
  });
  const client = spawn(process.execPath, [
    script,
    "room",
    ...who,
    "--url",
    `ws://127.0.0.1:${port}`,
  ]);
  ends.push(() => client.kill());
  let output = "";
  client.stdout.on("data", (text) => (output += String(text)));
  const [exitCode] = (await once(client, "exit")) as [number | null];
  return { queries, named, exitCode, output };
}

test("[W4] the script resumes after a broken connection and after 42xx, and stays away after 40xx", async () => {
  const { queries, exitCode, output } = await run(
    (socket) => socket.terminate(),
    (socket) => socket.close(4291, "too_slow"),
    (socket) => socket.close(4001, "kicked"),
  );
  expect(queries).toEqual([
    [null, null],
    ["7", "first"],
    ["7", "first"],
  ]);
  expect(output).toContain("closed: 4001 kicked");
  expect(exitCode).toBe(1);
});

test("[W4] the script ends when it would need a new token, and without an error when it has left", async () => {
  const renewed = await run((socket) => socket.close(4109, "expired"));
  expect(renewed).toMatchObject({ queries: [[null, null]], exitCode: 1 });
  const left = await run((socket) => socket.close(1000, "left"));
  expect(left).toMatchObject({ queries: [[null, null]], exitCode: 0 });
});

test("[A1] the script sends its token in a header, and then does not need a user", async () => {
  const leave: Close = (socket) => socket.close(1000, "left");
  const { named: alone } = await runAs(["--token", "one.two.three"], leave);
  expect(alone).toEqual([[null, "Bearer one.two.three"]]);
  const { named: both } = await runAs(["ada", "--token", "one.two.three"], leave);
  expect(both).toEqual([['{"id":"ada","name":"ada"}', "Bearer one.two.three"]]);
  const { named: neither } = await runAs(["ada"], leave);
  expect(neither).toEqual([['{"id":"ada","name":"ada"}', undefined]]);
});
