// A server that is killed by SIGKILL while numbered requests are in progress. The clients come back and resend requests
// without a reply, and each request takes effect once (rules X1, X2).

import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { NumberedClient } from "../support/numbered-client.ts";
import { outsideClients } from "../support/outside-client.ts";
import { startServer, type Server } from "../support/server.ts";

let folder: string;
let server: Server;
const start = (): Promise<Server> =>
  startServer({ vars: { AUTH_MODE: "open" }, persistTo: folder });

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "collab-room-resend-"));
  server = await start();
});
afterAll(async () => {
  await server.stop();
  await rm(folder, { recursive: true, force: true });
});

const { connect } = outsideClients(() => server.url);

const patch = (value: string) => [{ op: "add", path: "/list/-", value }];

const send = (method: string, path: string, body: unknown, headers = {}): Promise<Response> =>
  fetch(`${server.url}${path}`, {
    method,
    body: JSON.stringify(body),
    headers: { "content-type": "application/json", ...headers },
  });

async function restart(): Promise<void> {
  await server.kill();
  server = await start();
}

const listOf = async (path: string): Promise<string[]> => {
  const { list } = (await (await fetch(`${server.url}${path}/state`)).json()) as { list: string[] };
  return list;
};

test("[X1, S4] after restarts between commit and reply, 60 pushes of three clients are there once each", async () => {
  await send("PUT", "/rooms/pushed", {});
  await send("PUT", "/rooms/pushed/state", { list: [] });
  const clients = ["ada", "bob", "cyd"].map(
    (id) =>
      new NumberedClient((resume) =>
        connect("pushed", { id }, { query: { client: `of-${id}` }, ...(resume && { resume }) }),
      ),
  );
  const asked: string[] = [];
  for (const round of [1, 2, 3, 4]) {
    await Promise.all(clients.map((client) => client.come()));
    const seqs = clients.flatMap((client, index) =>
      Array.from({ length: 5 }, (_, n) => {
        const value = `${round}-${index}-${n}`;
        asked.push(value);
        return { client, seq: client.request({ type: "update", patch: patch(value) }) };
      }),
    );
    // The first replies have arrived. The others are in transit, or not even written.
    while (!seqs.some(({ client, seq }) => client.repliesTo(seq).length > 0))
      await new Promise(setImmediate);
    await restart();
  }
  await Promise.all(clients.map((client) => client.finish()));
  expect((await listOf("/rooms/pushed")).toSorted()).toEqual(asked.toSorted());
}, 60_000);

test("[X2, S4] requests with an idempotency key that are resent after a kill are carried out once", async () => {
  await send("PUT", "/rooms/keyed", {});
  await send("PUT", "/rooms/keyed/state", { list: [] });
  const values = Array.from({ length: 24 }, (_, n) => `value-${n}`);
  const push = (value: string): Promise<Response> =>
    send("PATCH", "/rooms/keyed/state", patch(value), {
      "content-type": "application/json-patch+json",
      "idempotency-key": value,
    });
  const first = values.map((value) => push(value).catch(() => null));
  await Promise.race(first);
  await restart();
  const lost = (await Promise.all(first)).filter((response) => response === null).length;
  const again = await Promise.all(values.map(push));
  expect(again.map(({ status }) => status)).toEqual(values.map(() => 200));
  // Answers from before the kill are still known after it.
  const replayed = again.filter(({ headers }) => headers.get("idempotency-replayed") === "true");
  expect(replayed.length).toBeGreaterThanOrEqual(values.length - lost);
  expect((await listOf("/rooms/keyed")).toSorted()).toEqual(values.toSorted());
}, 60_000);
