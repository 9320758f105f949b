// The client library, beside the server that it follows: what 1,000 changes of others cost a client with pending edits,
// and what the room has spent on them. The room runs in a real server; the frames that it sends are then played to a
// client in this process, which never gets an answer to its own edits.

import { setTimeout as pause } from "node:timers/promises";
import { WebSocket } from "ws";
import type { Environment } from "../src/client/environment.ts";
import { RoomClient } from "../src/client/room-client.ts";
import { startServer, type Server } from "../test/support/server.ts";
import { cpuSeconds } from "./processes.ts";
import { isMet, type Relation } from "./report.ts";
import { send } from "./sockets/bench-servers.ts";
import { median } from "./statistics.ts";

const [changes, pending, rounds] = [1000, 20, 5];
/** Items of the state, which is about 50 KB. */
const items = 500;
const keys = 6000;

type Line = { readonly text: string; readonly met: boolean };

function line(what: string, value: number, digits: number, target?: [Relation, number]): Line {
  const met = target === undefined || isMet(value, ...target);
  const verdict = target === undefined ? "      " : met ? "met   " : "MISSED";
  const wanted = target ? `, target ${target.join(" ")}` : "";
  return { text: `${verdict}  ${what}: ${value.toFixed(digits)}${wanted}`, met };
}

/** @returns the number of missed targets */
export async function benchLibrary(): Promise<number> {
  const server = await startServer({ main: "bench/workers/rooms.ts", vars: { AUTH_MODE: "open" } });
  try {
    const results: Played[] = [];
    for (let round = 0; round < rounds; round++) results.push(await follow(server, round));
    const serverCpu = median(results.map((each) => each.serverCpu));
    const clientCpu = median(results.map((each) => each.clientCpu));
    const wide = wideObject();
    const lines = [
      line(
        `${changes} changes of a 50 KB state, ${pending} edits pending: CPU of the room, ms`,
        serverCpu,
        0,
      ),
      line("  CPU of the client, with a snapshot for each frame, ms", clientCpu, 0),
      line("  times that of the room", clientCpu / serverCpu, 2, ["<=", 0.5]),
      line("  notifications for each frame", median(results.map((each) => each.notified)), 2, [
        "<=",
        1,
      ]),
      line(`a change in an object of ${keys} keys, ms`, wide.change, 3, ["<=", 0.2]),
      line("  and a snapshot of that object, once for a frame, ms", wide.snapshot, 2),
    ];
    for (const { text } of lines) console.log(text);
    return lines.filter(({ met }) => !met).length;
  } finally {
    await server.stop();
  }
}

type Played = { readonly serverCpu: number; readonly clientCpu: number; readonly notified: number };

/** Let a writer change a room, and play what a watcher was sent to a client. */
async function follow(server: Server, round: number): Promise<Played> {
  const room = `library${round}`;
  await send("PUT", new URL(`/rooms/${room}`, server.url), { behaviour: "fast" });
  const list = Array.from({ length: items }, (_, n) => ({
    id: `i${n}`,
    text: `text of ${n} `.repeat(4),
    x: n,
  }));
  await send("PUT", new URL(`/rooms/${room}/state`, server.url), { list, title: "" });
  const frames: string[] = [];
  const watcher = await connect(server, room, "watcher", (text) => frames.push(text));
  let version = 0;
  let answered = 0;
  const writer = await connect(server, room, "writer", (text) => {
    for (const message of [JSON.parse(text) as unknown].flat() as {
      type: string;
      ok?: boolean;
      version: number;
    }[]) {
      if (message.type === "welcome") ({ version } = message);
      if (message.type === "reply" && message.ok) answered++;
    }
  });
  const before = cpuSeconds(server.pid) ?? Number.NaN;
  for (let n = 0; n < changes; n++) {
    writer.send(JSON.stringify({ type: "update", ref: n, patch: changeOf(n), base: version }));
    // A few at once, as of several people; and no base within a window.
    if (n % 5 === 4) await until(() => answered > n);
  }
  await until(() => answered === changes);
  const serverCpu = ((cpuSeconds(server.pid) ?? Number.NaN) - before) * 1000;
  await pause(200);
  writer.close();
  watcher.close();
  return { serverCpu, ...play(frames) };
}

/** Mostly values, and now and then an item more or less. */
function changeOf(n: number): unknown[] {
  const at = (n * 7919) % (items - 50);
  if (n % 10 === 3)
    return [{ op: "add", path: `/list/${at}`, value: { id: `n${n}`, text: "new", x: 0 } }];
  if (n % 10 === 7) return [{ op: "remove", path: `/list/${at}` }];
  return [{ op: "add", path: `/list/${at}/x`, value: n }];
}

function play(frames: readonly string[]): { clientCpu: number; notified: number } {
  const [welcome = "", ...rest] = frames.filter((frame) => frame !== "pong");
  const { room, receive } = clientOf(welcome);
  for (let n = 0; n < pending; n++)
    room.update(((draft: { list: { text: string }[] }) => {
      (draft.list[n * 23] as { text: string }).text = `mine ${n}`;
    }) as never);
  let notified = 0;
  room.subscribe(() => {
    notified++;
    room.getSnapshot();
  });
  const before = process.cpuUsage();
  for (const frame of rest) receive(frame);
  const { user, system } = process.cpuUsage(before);
  return { clientCpu: (user + system) / 1000, notified: notified / rest.length };
}

/** A client on a line that the measurement plays: nothing that it sends arrives. */
function clientOf(welcome: string): { room: RoomClient; receive(frame: string): void } {
  const listeners = new Map<string, (event: { data: unknown }) => void>();
  const environment: Environment = {
    now: () => Date.now(),
    random: Math.random,
    newId: () => crypto.randomUUID(),
    later: () => () => {},
    soon: (call) => queueMicrotask(call),
    open: () => ({
      readyState: 1,
      send() {},
      close() {},
      addEventListener: (type: string, listener: never) => void listeners.set(type, listener),
    }),
    isOnline: () => true,
    onPage: () => () => {},
    beforeUnload: () => () => {},
    report: (error) => console.error(error),
    browser: {},
    during: (work) => work,
    baseUrl: null,
  };
  const room = new RoomClient(
    { url: "http://room", room: "bench", user: { id: "me" } },
    environment,
  );
  listeners.get("open")?.({ data: null });
  const receive = (data: string): void => listeners.get("message")?.({ data });
  receive(welcome);
  return { room, receive };
}

/** ms for one change of one key among many, without and with a snapshot. */
function wideObject(): { change: number; snapshot: number } {
  const wide = Object.fromEntries(Array.from({ length: keys }, (_, n) => [`k${n}`, { n }]));
  const user = { id: "me", joinedAt: new Date(0).toISOString(), seq: 1, meta: {} };
  const limits = {
    messagesPerSecond: 1e6,
    bytesPerSecond: 1e9,
    patchOperations: 1000,
    frameBytes: 1e6,
    pingInterval: 30_000,
  };
  const { room, receive } = clientOf(
    JSON.stringify({
      type: "welcome",
      epoch: "e",
      session: "s",
      room: "bench",
      user,
      users: [user],
      presence: {},
      version: 0,
      scopes: ["room:admin"],
      limits,
      resumed: false,
      state: { wide },
    }),
  );
  let version = 0;
  const change = (): void => {
    const patch = [{ op: "add", path: `/wide/k${(version * 31) % keys}/n`, value: version }];
    receive(JSON.stringify({ type: "change", from: version, to: ++version, patch }));
  };
  const time = (run: () => void): number => {
    const all = Array.from({ length: 300 }, () => {
      const start = performance.now();
      run();
      return performance.now() - start;
    });
    return median(all);
  };
  return {
    change: time(change),
    snapshot: time(() => {
      change();
      room.getSnapshot();
    }),
  };
}

async function connect(
  server: Server,
  room: string,
  user: string,
  take: (text: string) => void,
): Promise<WebSocket> {
  const address = new URL(
    `/rooms/${room}/socket?user=${encodeURIComponent(JSON.stringify({ id: user }))}`,
    server.url,
  );
  const socket = new WebSocket(address.href, "collab-room.v2");
  let isWelcome = false;
  socket.on("message", (data: Buffer) => {
    isWelcome = true;
    take(data.toString());
  });
  await until(() => isWelcome);
  return socket;
}

async function until(isTrue: () => boolean): Promise<void> {
  const end = performance.now() + 20_000;
  while (!isTrue()) {
    if (performance.now() > end) throw new Error("waited 20 s");
    await pause(1);
  }
}
