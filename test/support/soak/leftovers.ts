// What a server has left in its storage, read from the SQLite files of its objects after it has stopped.

import { readdirSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { DatabaseSync } from "node:sqlite";

export type Leftovers = {
  /** Objects of rooms that have a file, whatever is in it. */
  readonly objects: number;
  readonly runningRooms: number;
  readonly users: number;
  readonly timers: number;
  readonly scheduledActions: number;
  readonly alarms: number;
  readonly directoryEntries: number;
};

/** The database in which workerd keeps the alarms of all objects of a class (2026-11). */
const alarmFile = "metadata.sqlite";

/** @param folder what the server was given as `persistTo` */
export function leftoversIn(folder: string): Leftovers {
  const opened: DatabaseSync[] = [];
  const open = (path: string): DatabaseSync => {
    const db = new DatabaseSync(path);
    opened.push(db);
    return db;
  };
  try {
    const ofRooms = filesOf(folder, "CollabRoom");
    const rooms = ofRooms.filter((path) => basename(path) !== alarmFile).map(open);
    const alarms = ofRooms.filter((path) => basename(path) === alarmFile).map(open);
    const started = rooms.filter((db) => hasTable(db, "room"));
    const shards = filesOf(folder, "RoomDirectory").map(open);
    return {
      objects: rooms.length,
      runningRooms: sum(
        started,
        "SELECT count(*) AS n FROM room WHERE json_extract(data, '$.status') <> 'stopped'",
      ),
      users: sum(started, "SELECT count(*) AS n FROM members"),
      timers: sum(started, "SELECT count(*) AS n FROM timers"),
      scheduledActions: sum(started, "SELECT count(*) AS n FROM schedules"),
      alarms: sum(alarms, "SELECT count(*) AS n FROM _cf_ALARM"),
      directoryEntries: sum(
        shards.filter((db) => hasTable(db, "rooms")),
        "SELECT count(*) AS n FROM rooms WHERE removed_at IS NULL",
      ),
    };
  } finally {
    for (const db of opened) db.close();
  }
}

/** The database files of the objects of a class. */
const filesOf = (folder: string, className: string): string[] =>
  readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((path) => path.endsWith(".sqlite") && basename(dirname(path)).endsWith(className))
    .map((path) => join(folder, path));

const hasTable = (db: DatabaseSync, name: string): boolean =>
  db.prepare("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = ?").get(name) !==
  undefined;

/** The sum of the `n` that each database answers. */
const sum = (databases: readonly DatabaseSync[], sql: string): number =>
  databases.reduce((total, db) => total + Number(db.prepare(sql).get()?.["n"]), 0);
