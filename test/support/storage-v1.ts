// The storage of a room as the first release has left it, tables and all: `fixtures/storage-v1.json`. A room
// of that release was started, stopped and started again; it then had users with a lease, with presence held
// for them and with sockets, a save that kept failing, and records that cannot be read. After an eviction
// its tables were dumped, with what it answered. Do not change the file: no release writes such storage any
// more. Its clock stood at the year 2100, so that no deadline in it has passed.

import type { JsonObject } from "../../src/protocol/json.ts";
import type { SqlStore } from "../../src/storage/sqlite.ts";
import fixture from "../fixtures/storage-v1.json" with { type: "json" };

/** A BLOB of the fixture: as text where it is UTF-8, so that it can be read. */
type FixtureBlob = { readonly text: string } | { readonly hex: string };

type FixtureRow = Readonly<Record<string, FixtureBlob | string | number>>;

/** A value in a table, with the bytes of a BLOB in hexadecimal. */
export type Cell = { readonly blob: string } | string | number | null;

/** Every row of every table. */
export type Tables = Readonly<Record<string, readonly Readonly<Record<string, Cell>>[]>>;

const fixtureTables: Readonly<Record<string, readonly FixtureRow[]>> = fixture.rows;

export const storageV1 = {
  /** Epoch ms at which it was dumped, and at which its alarm was set. */
  now: fixture.now,
  alarm: fixture.alarm,
  /** What the room answered. `id` and `sockets` were its own. */
  info: fixture.answers.info,
  users: fixture.answers.users,
  presence: fixture.answers.presence,
  // Text in the fixture: an object literal with a key `__proto__` would be something else.
  state: JSON.parse(fixture.answers.stateText) as JsonObject,
  tables: Object.fromEntries(
    Object.entries(fixtureTables).map(([name, rows]) => [
      name,
      rows.map((row) => mapValues(row, (value) => cellOf(bytesOf(value)))),
    ]),
  ) as Tables,
};

/** Fill an empty store with it. */
export function fillWithStorageV1({ sql }: Pick<SqlStore, "sql">): void {
  for (const table of fixture.schema) sql.exec(table);
  for (const [name, rows] of Object.entries(fixtureTables))
    for (const row of rows) {
      const values = Object.values(row).map(bytesOf);
      sql.exec(`INSERT INTO ${name} VALUES (${values.map(() => "?").join(", ")})`, ...values);
    }
}

/** Everything in the tables of a store. */
export function dumpTables({ sql }: Pick<SqlStore, "sql">): Tables {
  const names = sql.exec(
    "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE '\\_cf\\_%' ESCAPE '\\' ORDER BY name",
  );
  return Object.fromEntries(
    names.toArray().map(({ name }) => [
      name,
      sql
        .exec(`SELECT * FROM ${String(name)}`)
        .toArray()
        .map((row) => mapValues(row, cellOf)),
    ]),
  );
}

/** What each table is made from, as SQL. */
export const dumpSchema = ({ sql }: Pick<SqlStore, "sql">): unknown[] =>
  sql.exec("SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL ORDER BY name").toArray();

function bytesOf(value: FixtureBlob | string | number): Uint8Array | string | number {
  if (typeof value !== "object") return value;
  if ("text" in value) return new TextEncoder().encode(value.text);
  return Uint8Array.from(value.hex.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
}

function cellOf(value: ArrayBuffer | Uint8Array | string | number | null): Cell {
  if (typeof value !== "object" || value === null) return value;
  const pairs = Array.from(new Uint8Array(value), (byte) => byte.toString(16).padStart(2, "0"));
  return { blob: pairs.join("") };
}

function mapValues<T, U>(
  record: Readonly<Record<string, T>>,
  map: (value: T) => U,
): Record<string, U> {
  return Object.fromEntries(Object.entries(record).map(([key, value]) => [key, map(value)]));
}
