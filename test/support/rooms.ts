// Rooms in workerd: find one, look into its object, crash it, ring its alarm. Each test takes room ids
// of its own, for storage lives as long as the test file.

import { evictDurableObject, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { CollabError } from "collab-room";
import { expect, vi } from "vitest";
import { callsOf, type Call } from "../fixtures/scripts.ts";
import { collab } from "../fixtures/worker.ts";

export const rooms = collab.rooms(env);

/** A room id that no other test has. */
export const newId = (label = "room"): string => `${label}-${crypto.randomUUID()}`;

export const stubOf = (id: string) => env.ROOMS.getByName(id);

/** The object goes from memory, its storage stays; whatever it is doing may end first. */
export const evict = (id: string): Promise<void> => evictDurableObject(stubOf(id));

/** The object dies where it stands, in the middle of a turn too. */
export async function crash(id: string): Promise<void> {
  const dying = runInDurableObject(stubOf(id), (_, state) => state.abort("crash of a test"));
  await dying.catch(() => {}); // the call dies with the object
}

/**
 * Wait until a room has called a hook this often. It looks again and again: a promise settled inside the
 * object would carry the test on in the object's context, and a crash would end the test with it.
 */
export const hookCalled = (id: string, hook: Call["hook"], times = 1): Promise<void> =>
  vi.waitFor(
    () => {
      const calls = callsOf(id).filter((call) => call.hook === hook);
      expect(calls.length).toBeGreaterThanOrEqual(times);
    },
    { timeout: 20_000, interval: 10 },
  );

/** Ring the alarm now, whatever it is set to; false when none is set. */
export const ring = (id: string): Promise<boolean> => runDurableObjectAlarm(stubOf(id));

/** Run a query in a room's storage. */
export const sql = (
  id: string,
  query: string,
  ...bindings: (string | number)[]
): Promise<Record<string, SqlStorageValue>[]> =>
  runInDurableObject(stubOf(id), (_, { storage }) =>
    storage.sql.exec(query, ...bindings).toArray(),
  );

/** Let every write to a table fail from here on, as if the disk were full. */
export async function breakWrites(id: string, table: string): Promise<void> {
  for (const event of ["INSERT", "UPDATE", "DELETE"])
    await sql(
      id,
      `CREATE TRIGGER break_${event}_${table} BEFORE ${event} ON ${table}
       BEGIN SELECT RAISE(ABORT, 'secret: the disk is full'); END`,
    );
}

/** Let writes to that table succeed again. */
export async function mendWrites(id: string, table: string): Promise<void> {
  for (const event of ["INSERT", "UPDATE", "DELETE"])
    await sql(id, `DROP TRIGGER break_${event}_${table}`);
}

/** Epoch ms at which a room's alarm is set, `null` for none. */
export const alarmOf = (id: string): Promise<number | null> =>
  runInDurableObject(stubOf(id), (_, { storage }) => storage.getAlarm());

/** How many rows a room's object has written since it last woke. */
export async function rowsWritten(id: string): Promise<number> {
  const [row] = await sql(id, "SELECT total_changes() AS n");
  return Number(row?.["n"]);
}

/** Everything a room's object has stored: rows by table, and the alarm. */
export const stored = (
  id: string,
): Promise<{ tables: Record<string, unknown[]>; alarm: number | null }> =>
  runInDurableObject(stubOf(id), async (_, { storage }) => {
    const names = storage.sql
      .exec<{ name: string }>(
        "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE '\\_cf\\_%' ESCAPE '\\'",
      )
      .toArray();
    const tables = names.map(({ name }) => [
      name,
      storage.sql.exec(`SELECT * FROM ${name}`).toArray(),
    ]);
    return { tables: Object.fromEntries(tables), alarm: await storage.getAlarm() };
  });

/** What is stored of a room that has left nothing behind. */
export const nothingStored = { tables: {}, alarm: null };

export const isListed = async (id: string): Promise<boolean> =>
  (await rooms.listRooms({ prefix: id })).rooms.some((entry) => entry.id === id);

/** Wait for an operation to fail: what its caller is told. */
export async function failure(work: Promise<unknown>): Promise<CollabError["info"]> {
  const outcome = await work.then(
    (value) => ({ value }),
    (error: unknown) => ({ error }),
  );
  if ("error" in outcome && outcome.error instanceof CollabError) return outcome.error.info;
  throw new Error("expected a CollabError", { cause: outcome });
}

/** The code of that failure. */
export const failureCode = async (work: Promise<unknown>): Promise<CollabError["code"]> =>
  (await failure(work)).code;
