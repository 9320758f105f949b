// The three servers of a measurement, and the client process. Each measurement gets rooms that nobody has
// used, and starts when its server has become idle.

import { setTimeout } from "node:timers/promises";
import { type Server, startServer } from "../../test/support/server.ts";
import { ClientProcess } from "../client/process.ts";
import type { ServerName, Target } from "../client/server-protocols.ts";
import { itemCount } from "../client/updates.ts";
import { cpuSeconds } from "../processes.ts";

export const serverNames: readonly ServerName[] = ["ours", "bare", "partyserver"];

const startByName: Readonly<Record<ServerName, () => Promise<Server>>> = {
  ours: () => startServer({ main: "bench/workers/rooms.ts", vars: { AUTH_MODE: "open" } }),
  bare: () =>
    startServer({ main: "bench/workers/bare-socket.ts", objects: { OBJECT: "BareSocket" } }),
  partyserver: () => startServer({ main: "bench/workers/party.ts", objects: { PARTY: "Party" } }),
};

export class BenchServers {
  readonly client: ClientProcess;
  readonly #servers: ReadonlyMap<ServerName, Server>;
  #roomCount = 0;

  private constructor(servers: ReadonlyMap<ServerName, Server>) {
    this.#servers = servers;
    this.client = new ClientProcess();
  }

  static async start(names: readonly ServerName[] = serverNames): Promise<BenchServers> {
    const servers = new Map<ServerName, Server>();
    for (const name of names) servers.set(name, await startByName[name]());
    return new BenchServers(servers);
  }

  async stop(): Promise<void> {
    this.client.stop();
    await Promise.all(Array.from(this.#servers.values(), (server) => server.stop()));
  }

  /**
   * Create a room on an idle server.
   * @param fill bytes to add to the state, beside the items that updates change
   */
  async createRoom(name: ServerName, fill = 0): Promise<Target> {
    const server = this.#servers.get(name);
    if (server === undefined) throw new Error(`${name} is not running`);
    const target = {
      server: name,
      url: server.url,
      room: `room${this.#roomCount++}`,
      pid: server.pid,
    };
    if (name === "ours") await startRoom(target, fill);
    await whenIdle(server.pid);
    return target;
  }
}

/** Only for our own server: the others create a room when somebody connects, and hold no state. */
async function startRoom({ url, room }: Target, fill: number): Promise<void> {
  const items = Object.fromEntries(Array.from({ length: itemCount }, (_, n) => [`k${n}`, ""]));
  const state = { title: "", items, fill: "x".repeat(fill) };
  await send("PUT", new URL(`/rooms/${room}`, url), { behaviour: "fast" });
  await send("PUT", new URL(`/rooms/${room}/state`, url), state);
}

/** Send a request that has to succeed. @param body is sent as JSON */
export async function send(method: "PUT" | "POST", url: URL, body: unknown): Promise<void> {
  const response = await fetch(url, {
    method,
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  });
  if (!response.ok)
    throw new Error(`${method} ${url.pathname}: ${response.status} ${await response.text()}`);
  await response.body?.cancel();
}

/** A server is idle when it used at most this many CPU seconds within the poll interval (ms). */
const [idleCpuSeconds, pollInterval, idleTimeout] = [0.03, 250, 10_000];

/** Wait until a server is idle, or until the timeout. */
async function whenIdle(pid: number): Promise<void> {
  const end = performance.now() + idleTimeout;
  for (;;) {
    const before = cpuSeconds(pid);
    await setTimeout(pollInterval);
    if (before === undefined || performance.now() > end) return;
    if ((cpuSeconds(pid) ?? 0) - before <= idleCpuSeconds) return;
  }
}
