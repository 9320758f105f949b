// Rooms in workerd: find one, look into its object, crash it, ring its alarm. Tests of what needs no
// platform use core/rooms.ts instead, which has the same functions.

import { evictDurableObject, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { workerCaller } from "../../src/protocol/caller.ts";
import { collab } from "../fixtures/worker.ts";
import {
  createRoomHelpers,
  tablesIn,
  type OperationCall,
  type RunSql,
  type Stored,
} from "./room-helpers.ts";

export { failure, failureCode, hookCalled, newId, nothingStored } from "./room-helpers.ts";
export { env };

export const rooms = collab.rooms(env);

export const stubOf = (id: string) => env.ROOMS.getByName(id);

/** The object goes from memory, its storage stays; whatever it is doing may end first. */
export const evict = (id: string): Promise<void> => evictDurableObject(stubOf(id));

/** The object goes from memory, and its sockets stay open, as when it sleeps. */
export const hibernate = (id: string): Promise<void> =>
  evictDurableObject(stubOf(id), { webSockets: "hibernate" });

/** The object goes from memory, and its sockets with it, as when another version is deployed. */
export const redeploy = (id: string): Promise<void> =>
  evictDurableObject(stubOf(id), { webSockets: "close" });

/** The object dies where it stands, in the middle of a turn too. */
export async function crash(id: string): Promise<void> {
  const dying = runInDurableObject(stubOf(id), (_, state) => state.abort("crash of a test"));
  await dying.catch(() => {}); // the call dies with the object
}

/** Ring the alarm now, whatever it is set to; false when none is set. */
export const ring = (id: string): Promise<boolean> => runDurableObjectAlarm(stubOf(id));

/** Run a query in a room's storage. */
export const sql: RunSql = (id, query, ...bindings) =>
  runInDurableObject(stubOf(id), (_, { storage }) =>
    storage.sql.exec(query, ...bindings).toArray(),
  );

/** Epoch ms at which a room's alarm is set, `null` for none. */
export const alarmOf = (id: string): Promise<number | null> =>
  runInDurableObject(stubOf(id), (_, { storage }) => storage.getAlarm());

/** Drop a room's alarm, as when the platform has given up ringing it. */
export const dropAlarm = (id: string): Promise<void> =>
  runInDurableObject(stubOf(id), (_, { storage }) => storage.deleteAlarm());

/** Make calls inside a room's object, one after another without a pause. */
export const callTogether = (id: string, calls: readonly OperationCall[]): Promise<void> =>
  runInDurableObject(stubOf(id), async (object) => {
    await Promise.all(calls.map(([name, input]) => object.call(name, input, workerCaller)));
  });

/** How many rows a room's object has written since it last woke. */
export async function rowsWritten(id: string): Promise<number> {
  const [row] = await sql(id, "SELECT total_changes() AS n");
  return Number(row?.["n"]);
}

/** Everything a room's object has stored. */
export const stored = (id: string): Promise<Stored> =>
  runInDurableObject(stubOf(id), async (_, { storage }) => ({
    tables: tablesIn((query) => storage.sql.exec(query)),
    alarm: await storage.getAlarm(),
  }));

export const { breakWrites, mendWrites, isListed } = createRoomHelpers(rooms, sql);
