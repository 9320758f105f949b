// What tests do with rooms wherever these run: in workerd (rooms.ts) or in Node (core/rooms.ts). Each test
// takes room ids of its own, for storage lives as long as the test file.

import { CollabError, type RoomManager } from "collab-room";
import { expect, vi } from "vitest";
import type { InputOf, OperationName } from "../../src/room/operations/table.ts";
import { callsOf, type Call } from "../fixtures/scripts.ts";

/** An operation by its name, and its input. */
export type OperationCall = {
  [Name in OperationName]: readonly [name: Name, input: InputOf<Name>];
}[OperationName];

export type Rows = Record<string, ArrayBuffer | string | number | null>[];

/** Runs a query in a room's storage. */
export type RunSql = (id: string, query: string, ...bindings: (string | number)[]) => Promise<Rows>;

/** Everything a room's object has stored: rows by table, and the alarm. */
export type Stored = { tables: Record<string, Rows>; alarm: number | null };

/** What is stored of a room that has left nothing behind. */
export const nothingStored: Stored = { tables: {}, alarm: null };

/** A room id that no other test has. */
export const newId = (label = "room"): string => `${label}-${crypto.randomUUID()}`;

/** Rows by table. */
export function tablesIn(exec: (query: string) => { toArray(): Rows }): Stored["tables"] {
  const names = exec(
    "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE '\\_cf\\_%' ESCAPE '\\'",
  ).toArray();
  return Object.fromEntries(
    names.map(({ name }) => [String(name), exec(`SELECT * FROM ${name}`).toArray()]),
  );
}

/** Helpers that need no more of a platform than rooms and their SQL. */
export function createRoomHelpers(rooms: RoomManager, sql: RunSql) {
  const events = ["INSERT", "UPDATE", "DELETE"];
  return {
    /** Let every write to a table fail from here on, as if the disk were full. */
    async breakWrites(id: string, table: string): Promise<void> {
      for (const event of events)
        await sql(
          id,
          `CREATE TRIGGER break_${event}_${table} BEFORE ${event} ON ${table}
           BEGIN SELECT RAISE(ABORT, 'secret: the disk is full'); END`,
        );
    },

    /** Let writes to that table succeed again. */
    async mendWrites(id: string, table: string): Promise<void> {
      for (const event of events) await sql(id, `DROP TRIGGER break_${event}_${table}`);
    },

    isListed: async (id: string): Promise<boolean> =>
      (await rooms.listRooms({ prefix: id })).rooms.some((entry) => entry.id === id),
  };
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
