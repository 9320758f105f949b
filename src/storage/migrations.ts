// The versions of a room's tables in SQLite. The version is written with the room, in the column `schema` of its row,
// so it does not cost a separate row. Releases before version 2 had no such column.
//
// To change the tables: raise `schemaVersion`, change `schema`, and add the migration from the previous version.

import { unknownMoves } from "../protocol/history.ts";

/** The version that this release writes. */
export const schemaVersion = 5;

/** The tables that version 4 added. */
const tables4 = `
  CREATE TABLE IF NOT EXISTS requests (
    version INTEGER NOT NULL, part INTEGER NOT NULL, data BLOB NOT NULL, PRIMARY KEY (version, part)
  ) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS keys (
    key TEXT PRIMARY KEY, n INTEGER NOT NULL, at INTEGER NOT NULL, data BLOB NOT NULL
  ) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS schedules (id TEXT PRIMARY KEY, data TEXT NOT NULL) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS bans (user TEXT PRIMARY KEY, until INTEGER NOT NULL) WITHOUT ROWID;
`;

// If the key is not an integer, a table without a rowid costs one row per write; with a rowid it would be two.
// Patches and snapshots are BLOBs, because long TEXT parameters have failed in practice.
export const schema = `
  CREATE TABLE IF NOT EXISTS room (
    id INTEGER PRIMARY KEY CHECK (id = 1), schema INTEGER NOT NULL, data TEXT NOT NULL
  );
  CREATE TABLE IF NOT EXISTS members (seq INTEGER PRIMARY KEY, data TEXT NOT NULL);
  CREATE TABLE IF NOT EXISTS timers (
    name TEXT PRIMARY KEY, at INTEGER NOT NULL, attempts INTEGER NOT NULL
  ) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS changes (
    version INTEGER PRIMARY KEY, start INTEGER NOT NULL, patch BLOB NOT NULL, moves TEXT, requests TEXT,
    at INTEGER, authors TEXT
  );
${tables4}
  CREATE TABLE IF NOT EXISTS snapshots (
    version INTEGER NOT NULL, part INTEGER NOT NULL, data BLOB NOT NULL, PRIMARY KEY (version, part)
  ) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS quarantine (kind TEXT NOT NULL, version INTEGER NOT NULL, data BLOB NOT NULL);
`;

/** By version: the SQL that migrates it to the next one. */
export const migrations: Readonly<Record<number, string>> = {
  1: `
    ALTER TABLE room ADD COLUMN schema INTEGER NOT NULL DEFAULT 2;
    ALTER TABLE aside RENAME TO quarantine;
    INSERT OR IGNORE INTO timers SELECT 'directory', 0, 0 FROM room
      WHERE json_extract(data, '$.status') = 'running';
  `,
  // The moves of earlier changes are unknown. A default costs no row writes.
  2: `
    ALTER TABLE changes ADD COLUMN moves TEXT DEFAULT '${unknownMoves}';
  `,
  3: `
    ALTER TABLE changes ADD COLUMN requests TEXT;
    ${tables4}
  `,
  // The times and authors of earlier changes are unknown.
  4: `
    ALTER TABLE changes ADD COLUMN at INTEGER;
    ALTER TABLE changes ADD COLUMN authors TEXT;
  `,
};
