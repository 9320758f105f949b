// HTTP: what rooms cost and how fast they are, as ratios from one run.
//
// Speed is measured against a Worker and a Durable Object with the same I/O and nothing else
// (workers/bare.ts), on the same workerd, turn by turn. Rows are counted, not timed.

import { type Server, startServer } from "../test/support/server.ts";
import { compare } from "./load.ts";
import { isMet, type Relation } from "./report.ts";
import type { RoomPage } from "collab-room";
import { setTimeout } from "node:timers/promises";

type Rows = Record<"room" | "directory", { rows: number; largest: number } | undefined>;
type Servers = { readonly rooms: Server; readonly bare: Server };

const jsonPatch = { "content-type": "application/json-patch+json" };
// A state that stays the same would not be written: every request sets another value.
const titles = Date.now();
const oneKey = (n: number): string =>
  JSON.stringify([{ op: "replace", path: "/title", value: `title ${titles + n}` }]);

let missed = 0;

/** @returns how many targets are missed */
export async function benchHttp(): Promise<number> {
  const rooms = await startServer({ main: "bench/workers/rooms.ts", vars: { AUTH_MODE: "open" } });
  const bare = await startServer({
    main: "bench/workers/bare.ts",
    objects: { OBJECT: "BareObject" },
  });
  try {
    await speed({ rooms, bare });
    await stateSize(rooms);
    await rowsOfTouches(rooms);
    await rowsOfALife(rooms);
  } finally {
    await Promise.all([rooms.stop(), bare.stop()]);
  }
  return missed;
}

async function speed({ rooms, bare }: Servers): Promise<void> {
  await call(rooms, "PUT", "/rooms/speed");
  await call(rooms, "PUT", "/rooms/speed/state", { title: "Untitled" });
  const room = at(rooms.url, "/rooms/speed/state");
  const object = at(bare.url, "/object");

  const get = await compare({ url: room }, { url: object });
  report("GET state, of a bare object's requests/s", get.ratio, ">=", 0.7, rates(get));

  const change = { method: "PATCH", headers: jsonPatch, body: oneKey } as const;
  const patch = await compare({ ...change, url: room }, { ...change, url: object });
  report("PATCH state, of a bare object's requests/s", patch.ratio, ">=", 0.7, rates(patch));
}

async function stateSize(rooms: Server): Promise<void> {
  const change = { method: "PATCH", headers: jsonPatch, body: oneKey } as const;
  const urls = [];
  for (const [id, items] of [
    ["small", 1],
    ["large", 1023],
  ] as const) {
    await call(rooms, "PUT", `/rooms/${id}`);
    const list = Object.fromEntries(
      Array.from({ length: items }, (_, n) => [`item${n}`, { text: "x".repeat(980) }]),
    );
    await call(rooms, "PUT", `/rooms/${id}/state`, { title: "", list });
    urls.push(at(rooms.url, `/rooms/${id}/state`));
  }
  const [small = "", large = ""] = urls;
  const result = await compare({ ...change, url: small }, { ...change, url: large });
  report(
    "cost of a one-key patch at 1 MiB, of that at 1 KiB",
    result.ratio,
    "<=",
    1.5,
    rates(result),
  );

  await call(rooms, "PUT", "/rooms/counted-size");
  await call(
    rooms,
    "PUT",
    "/rooms/counted-size/state",
    await call(rooms, "GET", "/rooms/large/state"),
  );
  await setTitle(rooms, "/rooms/counted-size/state", "first");
  await countedRows(rooms);
  await setTitle(rooms, "/rooms/counted-size/state", "second");
  const { room } = await countedRows(rooms);
  report("rows written by a one-key patch at 1 MiB", room?.rows ?? Number.NaN, "<=", 1);
  report("bytes written by it", room?.largest ?? Number.NaN, "<=", 300);
}

async function rowsOfTouches(rooms: Server): Promise<void> {
  await call(rooms, "PUT", "/rooms/counted-touch");
  await countedRows(rooms);
  for (let n = 0; n < 1000; n++) await call(rooms, "POST", "/rooms/counted-touch/touch");
  const { room } = await countedRows(rooms);
  report("rows written by 1,000 touches on a quiet room", room?.rows ?? Number.NaN, "<=", 10);
}

async function rowsOfALife(rooms: Server): Promise<void> {
  const brief = await liveOnce(rooms, "counted-brief", async () => {});
  report(
    "rows written in a room's life (start, join, 10 updates, leave, stop)",
    brief.total,
    "<=",
    30,
    brief.detail,
  );
  const long = await liveOnce(rooms, "counted-long", () => userCountListed(rooms, "counted-long"));
  console.log(
    `        in one that outlives the sending of its user count: ${long.total} (${long.detail})`,
  );
}

/** @param during what to wait for before the user leaves */
async function liveOnce(
  rooms: Server,
  id: string,
  during: () => Promise<void>,
): Promise<{ total: number; detail: string }> {
  await countedRows(rooms);
  await call(rooms, "PUT", `/rooms/${id}`);
  await call(rooms, "POST", `/rooms/${id}/users`, { id: "ada" });
  await call(rooms, "PUT", `/rooms/${id}/state`, { title: "" });
  for (let n = 1; n < 10; n++) await setTitle(rooms, `/rooms/${id}/state`, `update ${n}`);
  await during();
  await call(rooms, "DELETE", `/rooms/${id}/users/ada`);
  await call(rooms, "DELETE", `/rooms/${id}`);
  const { room, directory } = await countedRows(rooms);
  const [own, listed] = [room?.rows ?? Number.NaN, directory?.rows ?? Number.NaN];
  return { total: own + listed, detail: `${own} by the room, ${listed} by the directory` };
}

async function userCountListed(rooms: Server, id: string): Promise<void> {
  const deadline = Date.now() + 30_000;
  for (;;) {
    const { rooms: found } = (await call(rooms, "GET", `/rooms?prefix=${id}`)) as RoomPage;
    if (found[0]?.users === 1) return;
    if (Date.now() > deadline) throw new Error("the user count was never sent");
    await setTimeout(200);
  }
}

/** Rows and bytes written since the last time. */
async function countedRows(rooms: Server): Promise<Rows> {
  return (await call(rooms, "GET", "/rows")) as Rows;
}

async function setTitle(rooms: Server, path: string, value: string): Promise<void> {
  await call(rooms, "PATCH", path, [{ op: "replace", path: "/title", value }], jsonPatch);
}

async function call(
  rooms: Server,
  method: string,
  path: string,
  body?: unknown,
  headers: Record<string, string> = { "content-type": "application/json" },
): Promise<unknown> {
  const response = await fetch(at(rooms.url, path), {
    method,
    ...(body !== undefined && { headers, body: JSON.stringify(body) }),
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}`);
  return text === "" ? undefined : JSON.parse(text);
}

function at(base: string, path: string): string {
  return new URL(path, base).href;
}

function rates({ first, second }: { first: number; second: number }): string {
  return `${Math.round(first)}/s and ${Math.round(second)}/s`;
}

function report(what: string, value: number, relation: Relation, target: number, more = ""): void {
  const met = isMet(value, relation, target);
  if (!met) missed++;
  const figure = Number.isInteger(value) ? String(value) : value.toFixed(2);
  const detail = more === "" ? "" : `  (${more})`;
  console.log(
    `${met ? "met   " : "MISSED"}  ${what}: ${figure}, target ${relation} ${target}${detail}`,
  );
}
