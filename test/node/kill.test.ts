// A server that is killed by SIGKILL while changes are in progress: after a restart every acknowledged change
// is there, and no change is there in part.

import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { startServer, type Server } from "../support/server.ts";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "collab-room-kill-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const start = (main?: string): Promise<Server> =>
  startServer({ vars: { AUTH_MODE: "open" }, persistTo: folder, ...(main && { main }) });

type Ask = <T>(method: string, path: string, body?: unknown, type?: string) => Promise<T>;

/** Requests to a server. They reject when it dies. */
const asking =
  ({ url }: Server): Ask =>
  async <T>(method: string, path: string, body?: unknown, type = "application/json") => {
    const response = await fetch(url + path, {
      method,
      ...(body !== undefined && { body: JSON.stringify(body), headers: { "content-type": type } }),
    });
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status}`);
    return (await response.json()) as T;
  };

type Info = { epoch: string; version: number; users: number; createdAt: string };

/** Run clients in parallel until this many of their requests were answered, then kill the server. */
async function killAfter(
  server: Server,
  responses: number,
  clients: ((n: number) => Promise<void>)[],
): Promise<void> {
  let left = responses;
  let killed: Promise<void> | undefined;
  const work = clients.map(async (client) => {
    for (let n = 0; killed === undefined; n++) {
      try {
        await client(n);
      } catch (error) {
        if (killed === undefined) throw error;
        return; // it was in progress when the server died
      }
      if (--left === 0) killed = server.kill();
    }
  });
  await Promise.all(work);
  await killed;
}

test("[S4, R6] every acknowledged change survives, with its version, the epoch and the users", async () => {
  let server = await start();
  const { epoch, createdAt } = await asking(server)<Info>("PUT", "/rooms/doc", {
    behaviour: "doc",
  });
  /** Versions by the key that was added. */
  const acknowledged = new Map<string, number>();
  const joined = new Set<string>();

  for (const round of [1, 2, 3]) {
    const ask = asking(server);
    const writers = Array.from({ length: 24 }, (_, writer) => async (n: number) => {
      const key = `${round}-${writer}-${n}`;
      const patch = [{ op: "add", path: `/${key}`, value: "x".repeat(200) }];
      const type = "application/json-patch+json";
      const { version } = await ask<Info>("PATCH", "/rooms/doc/state", patch, type);
      acknowledged.set(key, version);
    });
    const joiners = Array.from({ length: 4 }, (_, joiner) => async (n: number) => {
      const id = `${round}-${joiner}-${n}`;
      await ask("POST", "/rooms/doc/users?limit=1000", { id });
      joined.add(id);
    });
    await killAfter(server, 100 + 20 * round, [...writers, ...joiners]);

    server = await start();
    const again = asking(server);
    const info = await again<Info>("GET", "/rooms/doc");
    expect(info).toMatchObject({ epoch, createdAt });
    const state = await again<Record<string, unknown>>("GET", "/rooms/doc/state");
    const { title, ...added } = state;
    expect(title).toBe("Untitled");
    // Each change added one member, so the version is the number of members if no change is partial or double.
    expect(info.version).toBe(Object.keys(added).length);
    expect([...acknowledged.keys()].filter((key) => !(key in added))).toEqual([]);
    expect(Math.max(...acknowledged.values())).toBeLessThanOrEqual(info.version);
    expect(new Set(acknowledged.values()).size).toBe(acknowledged.size);
    const { users } = await again<{ users: { id: string; meta: unknown }[] }>(
      "GET",
      "/rooms/doc/users?limit=1000",
    );
    const present = new Set(users.map(({ id }) => id));
    expect([...joined].filter((id) => !present.has(id))).toEqual([]);
    expect(users.length).toBe(info.users);
    expect(users.every(({ meta }) => JSON.stringify(meta) === '{"role":"editor"}')).toBe(true);
  }
  await server.stop();
});

test("[S4, D2] every room whose start was acknowledged is running and listed", async () => {
  const server = await start();
  const epochs = new Map<string, string>();
  const ask = asking(server);
  const starters = Array.from({ length: 12 }, (_, starter) => async (n: number) => {
    const id = `started-${starter}-${n}`;
    const { epoch } = await ask<Info>("PUT", `/rooms/${id}`);
    epochs.set(id, epoch);
  });
  await killAfter(server, 50, starters);

  const second = await start();
  const again = asking(second);
  const { rooms } = await again<{ rooms: { id: string }[] }>(
    "GET",
    "/rooms?prefix=started-&limit=1000",
  );
  const listed = new Set(rooms.map(({ id }) => id));
  for (const [id, epoch] of epochs) {
    expect(listed).toContain(id);
    expect(await again<Info>("GET", `/rooms/${id}`)).toMatchObject({ id, epoch, version: 0 });
  }
  await second.stop();
});

test("[D1, D3] rooms that were starting or stopping are listed if they run, even without another call", async () => {
  const main = "test/fixtures/slow-directory-worker.ts";
  const server = await start(main);
  const names = Array.from({ length: 20 }, (_, n) => String(n));
  const [starting, stopping] = [names.map((n) => `new-${n}`), names.map((n) => `old-${n}`)];
  const statuses = ({ url }: Server, ids: readonly string[]): Promise<number[]> =>
    Promise.all(ids.map(async (id) => (await fetch(`${url}/rooms/${id}`)).status));
  const listed = async (at: Server): Promise<string[]> => {
    const { rooms } = await asking(at)<{ rooms: { id: string }[] }>("GET", "/rooms?limit=1000");
    return rooms.map(({ id }) => id).filter((id) => /^(new|old)-/.test(id));
  };
  await Promise.all(stopping.map((id) => asking(server)("PUT", `/rooms/${id}`)));
  expect(await listed(server)).toEqual(stopping.toSorted());

  // They have started and stopped, which the directory does not know when the server dies.
  const calls = [
    ...starting.map((id) => fetch(`${server.url}/rooms/${id}`, { method: "PUT" })),
    ...stopping.map((id) => fetch(`${server.url}/rooms/${id}`, { method: "DELETE" })),
  ].map((call) =>
    call.then(
      ({ status }) => status,
      () => "lost",
    ),
  );
  const all = [...starting, ...stopping];
  const half = [...starting.map(() => 200), ...stopping.map(() => 404)];
  await expect.poll(() => statuses(server, all), { timeout: 10_000, interval: 10 }).toEqual(half);
  await server.kill();
  expect(new Set(await Promise.all(calls))).toEqual(new Set(["lost"]));

  const second = await start(main);
  // The alarms of these rooms ring within six seconds.
  await expect.poll(() => listed(second), { timeout: 25_000 }).toEqual(starting.toSorted());
  expect(await statuses(second, all)).toEqual(half);
  await second.stop();
}, 60_000);

test("[S4, R7] an acknowledged stop lasts, and the state of the room is kept", async () => {
  const server = await start();
  const ask = asking(server);
  const { epoch } = await ask<Info>("PUT", "/rooms/stopped");
  await ask("PUT", "/rooms/stopped/state", { kept: true });
  expect((await fetch(`${server.url}/rooms/stopped`, { method: "DELETE" })).status).toBe(204);
  await server.kill();

  const second = await start();
  expect((await fetch(`${second.url}/rooms/stopped`)).status).toBe(404);
  const again = asking(second);
  const { rooms } = await again<{ rooms: unknown[] }>("GET", "/rooms?prefix=stopped");
  expect(rooms).toEqual([]);
  expect(await again<Info>("PUT", "/rooms/stopped")).toMatchObject({ epoch, version: 1 });
  expect(await again("GET", "/rooms/stopped/state")).toEqual({ kept: true });
  await second.stop();
});

test("[B5] scheduled actions survive, run by themselves, and change the state once each", async () => {
  const main = "test/fixtures/schedules-worker.ts";
  const keys = Array.from({ length: 30 }, (_, n) => `key-${n}`);
  const stateOf = (server: Server) =>
    asking(server)<Record<string, number>>("GET", "/rooms/planned/state");
  const countIn = (state: object): number => Object.keys(state).length - 1;

  const first = await start(main);
  await asking(first)("PUT", "/rooms/planned", { behaviour: "planned" });
  await asking(first)("POST", "/rooms/planned/actions/plan", { keys, ms: 100 });
  // The server dies when some of them have run and others have not.
  await expect
    .poll(async () => countIn(await stateOf(first)), { timeout: 20_000, interval: 5 })
    .toBeGreaterThan(2);
  const before = countIn(await stateOf(first));
  await first.kill();
  expect(before).toBeLessThan(keys.length);

  const second = await start(main);
  const all = { planned: keys.length, ...Object.fromEntries(keys.map((key) => [key, 1])) };
  await expect.poll(() => stateOf(second), { timeout: 25_000 }).toEqual(all);
  await second.stop();
}, 60_000);
