// HTTP: the speed and the cost of rooms.
//
// Speed is relative to a Worker and a Durable Object that do the same I/O and nothing else
// (workers/bare.ts), on the same workerd in alternating rounds. Costs are rows written, which are counted.

import { type Server, startServer } from "../test/support/server.ts";
import { compare } from "./load.ts";
import { isMet, type Relation } from "./report.ts";
import type { RoomPage } from "collab-room";
import { setTimeout } from "node:timers/promises";

type Rows = Record<"room" | "directory", { rows: number; largest: number } | undefined>;
type Servers = { readonly rooms: Server; readonly bare: Server };

const jsonPatch = { "content-type": "application/json-patch+json" };
// A change that changes nothing is not written, so every request sets a different value.
const titles = Date.now();
const oneKey = (n: number): string =>
  JSON.stringify([{ op: "replace", path: "/title", value: `title ${titles + n}` }]);

let missed = 0;

/** @returns the number of missed targets */
export async function benchHttp(): Promise<number> {
  const rooms = await startServer({ main: "bench/workers/rooms.ts", vars: { AUTH_MODE: "open" } });
  const bare = await startServer({
    main: "bench/workers/bare.ts",
    objects: { OBJECT: "BareObject" },
  });
  try {
    await speed({ rooms, bare });
    await stateSize(rooms);
    await rowsPerTouch(rooms);
    await rowsPerLifetime(rooms);
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
  report("GET state: requests/s relative to a bare object", get.ratio, ">=", 0.7, rates(get));

  const change = { method: "PATCH", headers: jsonPatch, body: oneKey } as const;
  const patch = await compare({ ...change, url: room }, { ...change, url: object });
  report("PATCH state: requests/s relative to a bare object", patch.ratio, ">=", 0.7, rates(patch));
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
    "cost of a one-key patch at 1 MiB relative to 1 KiB",
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
  await takeRowCounts(rooms);
  await setTitle(rooms, "/rooms/counted-size/state", "second");
  const { room } = await takeRowCounts(rooms);
  report("rows written by a one-key patch at 1 MiB", room?.rows ?? Number.NaN, "<=", 1);
  report(
    "largest value written by a one-key patch at 1 MiB, bytes",
    room?.largest ?? Number.NaN,
    "<=",
    300,
  );
}

async function rowsPerTouch(rooms: Server): Promise<void> {
  await call(rooms, "PUT", "/rooms/counted-touch");
  await takeRowCounts(rooms);
  for (let n = 0; n < 1000; n++) await call(rooms, "POST", "/rooms/counted-touch/touch", {});
  const { room } = await takeRowCounts(rooms);
  report("rows written by 1,000 touches of a quiet room", room?.rows ?? Number.NaN, "<=", 10);
}

async function rowsPerLifetime(rooms: Server): Promise<void> {
  const brief = await runLifetime(rooms, "counted-brief", async () => {});
  report(
    "rows written in a room's lifetime (start, join, 10 updates, leave, stop)",
    brief.total,
    "<=",
    30,
    brief.detail,
  );
  const long = await runLifetime(rooms, "counted-long", () =>
    whenUserCountIsListed(rooms, "counted-long"),
  );
  console.log(
    `        if it lives until its user count reaches the directory: ${long.total} (${long.detail})`,
  );
}

/** @param beforeLeave awaited before the user leaves */
async function runLifetime(
  rooms: Server,
  id: string,
  beforeLeave: () => Promise<void>,
): Promise<{ total: number; detail: string }> {
  await takeRowCounts(rooms);
  await call(rooms, "PUT", `/rooms/${id}`);
  await call(rooms, "POST", `/rooms/${id}/users`, { id: "ada" });
  await call(rooms, "PUT", `/rooms/${id}/state`, { title: "" });
  for (let n = 1; n < 10; n++) await setTitle(rooms, `/rooms/${id}/state`, `update ${n}`);
  await beforeLeave();
  await call(rooms, "DELETE", `/rooms/${id}/users/ada`);
  await call(rooms, "DELETE", `/rooms/${id}`);
  const { room, directory } = await takeRowCounts(rooms);
  const [byRoom, byDirectory] = [room?.rows ?? Number.NaN, directory?.rows ?? Number.NaN];
  return {
    total: byRoom + byDirectory,
    detail: `${byRoom} by the room, ${byDirectory} by the directory`,
  };
}

async function whenUserCountIsListed(rooms: Server, id: string): Promise<void> {
  const deadline = Date.now() + 30_000;
  for (;;) {
    const { rooms: found } = (await call(rooms, "GET", `/rooms?prefix=${id}`)) as RoomPage;
    if (found[0]?.users === 1) return;
    if (Date.now() > deadline) throw new Error("the user count never reached the directory");
    await setTimeout(200);
  }
}

/** Take the counts of rows and bytes written since the last call. */
async function takeRowCounts(rooms: Server): Promise<Rows> {
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
