// Rooms in Node, with the functions of ../rooms.ts: a test moves between the two by its imports.

import { workerCaller } from "../../../src/protocol/caller.ts";
import { collab } from "../../fixtures/worker.ts";
import {
  createRoomHelpers,
  tablesIn,
  type OperationCall,
  type RunSql,
  type Stored,
} from "../room-helpers.ts";
import { platform } from "./platform.ts";

export { failure, failureCode, hookCalled, newId, nothingStored } from "../room-helpers.ts";
export const { env } = platform;

export const rooms = collab.rooms(env);

export const stubOf = (id: string) => env.ROOMS.getByName(id);

/** The object goes from memory, its storage and its sockets stay; whatever it is doing ends first. */
export const evict = (id: string): Promise<void> => platform.object(id).evict("hibernate");

/** The object goes from memory, and its sockets stay open, as when it sleeps. */
export const hibernate = evict;

/** The object goes from memory, and its sockets with it, as when another version is deployed. */
export const redeploy = (id: string): Promise<void> => platform.object(id).evict("close");

/** The object dies where it stands, in the middle of a turn too. */
export const crash = async (id: string): Promise<void> => platform.object(id).crash();

/** Ring the alarm now, whatever it is set to; false when none is set. */
export const ring = (id: string): Promise<boolean> => platform.object(id).ring();

/** Run a query in a room's storage. */
export const sql: RunSql = (id, query, ...bindings) =>
  platform.object(id).look((inside) => inside.sql.exec(query, ...bindings).toArray());

/** Epoch ms at which a room's alarm is set, `null` for none. */
export const alarmOf = (id: string): Promise<number | null> =>
  platform.object(id).look(({ alarm }) => alarm.at);

/** Drop a room's alarm, as when the platform has given up ringing it. */
export const dropAlarm = (id: string): Promise<void> =>
  platform.object(id).look(({ alarm }) => alarm.clear());

/** Make calls inside a room's object, one after another without a pause. */
export const callTogether = (id: string, calls: readonly OperationCall[]): Promise<void> =>
  platform.object(id).look(async ({ call }) => {
    await Promise.all(calls.map(([name, input]) => call(name, input, workerCaller)));
  });

/** How many rows a room's object has written since it last woke. */
export const rowsWritten = (id: string): Promise<number> =>
  platform.object(id).look((inside) => inside.rowsWritten);

/** Everything a room's object has stored. */
export const stored = (id: string): Promise<Stored> =>
  platform.object(id).look((inside) => ({
    tables: tablesIn((query) => inside.sql.exec(query)),
    alarm: inside.alarm.at,
  }));

export const { breakWrites, mendWrites, isListed } = createRoomHelpers(rooms, sql);
