// The three servers and the client between which a measurement plays. Each measurement gets rooms that
// nobody has used, and starts when what came before has come to an end.

import { setTimeout } from "node:timers/promises";
import { type Server, startServer } from "../../test/support/server.ts";
import type { ServerName, Target } from "../client/dialects.ts";
import { LoadClient } from "../client/process.ts";
import { itemCount } from "../client/updates.ts";
import { cpuSeconds } from "../processes.ts";

export const serverNames: readonly ServerName[] = ["ours", "bare", "partyserver"];

const start: Readonly<Record<ServerName, () => Promise<Server>>> = {
  ours: () => startServer({ main: "bench/workers/rooms.ts", vars: { AUTH_MODE: "open" } }),
  bare: () =>
    startServer({ main: "bench/workers/bare-socket.ts", objects: { OBJECT: "BareSocket" } }),
  partyserver: () => startServer({ main: "bench/workers/party.ts", objects: { PARTY: "Party" } }),
};

export class Arena {
  readonly client: LoadClient;
  readonly #servers: ReadonlyMap<ServerName, Server>;
  #rooms = 0;

  private constructor(servers: ReadonlyMap<ServerName, Server>) {
    this.#servers = servers;
    this.client = new LoadClient();
  }

  static async open(names: readonly ServerName[] = serverNames): Promise<Arena> {
    const servers = new Map<ServerName, Server>();
    for (const name of names) servers.set(name, await start[name]());
    return new Arena(servers);
  }

  async close(): Promise<void> {
    this.client.stop();
    await Promise.all(Array.from(this.#servers.values(), (server) => server.stop()));
  }

  /**
   * A fresh room on a server that is at rest.
   * @param fill bytes of the state, beside the items that updates change
   */
  async room(name: ServerName, fill = 0): Promise<Target> {
    const server = this.#servers.get(name);
    if (server === undefined) throw new Error(`${name} is not in this arena`);
    const target = { server: name, url: server.url, room: `room${this.#rooms++}`, pid: server.pid };
    if (name === "ours") await prepare(target, fill);
    await atRest(server.pid);
    return target;
  }
}

/** The peers hold no state: only a room has one to prepare. */
async function prepare({ url, room }: Target, fill: number): Promise<void> {
  const items = Object.fromEntries(Array.from({ length: itemCount }, (_, n) => [`k${n}`, ""]));
  await put(new URL(`/rooms/${room}`, url), { behaviour: "fast" });
  await put(new URL(`/rooms/${room}/state`, url), { title: "", items, fill: "x".repeat(fill) });
}

async function put(url: URL, body: unknown): Promise<void> {
  const answer = await fetch(url, {
    method: "PUT",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  });
  if (!answer.ok) throw new Error(`PUT ${url.pathname}: ${answer.status} ${await answer.text()}`);
}

const [look, calm, patience] = [250, 0.03, 10_000];

async function atRest(pid: number): Promise<void> {
  const end = performance.now() + patience;
  for (;;) {
    const before = cpuSeconds(pid);
    await setTimeout(look);
    if (before === undefined || performance.now() > end) return;
    if ((cpuSeconds(pid) ?? 0) - before <= calm) return;
  }
}
