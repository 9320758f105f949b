// Storage knows its version: what the first release has written is migrated with everything in it, and what
// a newer release has written is left alone.

import { describe, expect, test } from "vitest";
import { unknownMoves } from "../../src/protocol/history.ts";
import { migrations, schemaVersion } from "../../src/storage/migrations.ts";
import type { Member } from "../../src/model/members.ts";
import type { RoomRecord } from "../../src/model/record.ts";
import { SqliteRoomStorage, type SqlStore } from "../../src/storage/sqlite.ts";
import { openNodeSqlite } from "../support/node-sqlite.ts";
import { dumpSchema, dumpTables, fillWithStorageV1, storageV1 } from "../support/storage-v1.ts";

const create = (store: SqlStore) => new SqliteRoomStorage<RoomRecord, Member>(store);

const record: RoomRecord = {
  status: "running",
  behaviour: "default",
  epoch: "e",
  createdAt: 0,
  idleTimeout: 1,
  activeUntil: 0,
};

/** A store as the first release has left it. */
function storeV1(): SqlStore {
  const store = openNodeSqlite();
  fillWithStorageV1(store);
  return store;
}

const everything = (store: SqlStore) => ({ schema: dumpSchema(store), tables: dumpTables(store) });

/** Rows that were written, deleted ones included, since the store was opened. */
const rowsWritten = (store: SqlStore): number =>
  Number(store.sql.exec("SELECT total_changes() AS n").toArray()[0]?.["n"]);

/** The columns of each table, whatever their order. */
const columns = (store: SqlStore): unknown =>
  Object.keys(dumpTables(store)).map((table) => [
    table,
    store.sql
      .exec(`SELECT name, type, "notnull", pk FROM pragma_table_info('${table}') ORDER BY name`)
      .toArray(),
  ]);

describe("an empty storage", () => {
  test("[R9, R4] opens at the current version, and opening it leaves nothing behind", () => {
    const store = openNodeSqlite();
    expect(create(store).open()).toEqual({ version: schemaVersion, isSupported: true });
    expect(dumpTables(store)).toEqual({});
  });

  test("[R9] carries the current version from its first record on", () => {
    const store = openNodeSqlite();
    const storage = create(store);
    storage.open();
    storage.writeRoom(record);
    expect(dumpTables(store)["room"]).toEqual([
      { id: 1, schema: schemaVersion, data: JSON.stringify(record) },
    ]);
    expect(create(store).open()).toEqual({ version: schemaVersion, isSupported: true });
  });

  test("[R9, R7] is what is left when a migrated one is cleared", async () => {
    const store = storeV1();
    const storage = create(store);
    storage.open();
    await storage.clear();
    expect(dumpTables(store)).toEqual({});
    expect(create(store).open()).toEqual({ version: schemaVersion, isSupported: true });
    storage.writeRoom(record);
    expect(dumpTables(store)["room"]).toMatchObject([{ schema: schemaVersion }]);
  });
});

describe("a storage of version 1", () => {
  test("[R9] is migrated when it is opened, and keeps every row", () => {
    const store = storeV1();
    expect(create(store).open()).toEqual({ version: 1, isSupported: true });
    const { aside, room, changes, ...others } = storageV1.tables;
    expect(dumpTables(store)).toEqual({
      ...others,
      quarantine: aside,
      changes: changes?.map((row) => ({
        ...row,
        moves: unknownMoves,
        requests: null,
        at: null,
        authors: null,
      })),
      requests: [],
      keys: [],
      schedules: [],
      bans: [],
      room: room?.map((row) => ({ ...row, schema: schemaVersion })),
    });
  });

  test("[R9, R6, S10] reads as what was written: record, members, timers, history, quarantine", () => {
    const storage = create(storeV1());
    storage.open();
    const { state } = storageV1;
    expect(storage.readRoom()).toMatchObject({
      status: "running",
      behaviour: storageV1.info.behaviour,
      epoch: storageV1.info.epoch,
      idleTimeout: storageV1.info.idleTimeout,
    });
    expect(storage.readMembers().map(({ entry }) => entry)).toEqual(storageV1.users);
    expect(storage.readTimers()).toEqual(storageV1.tables["timers"]);
    const { snapshots, changes } = storage.readHistory();
    expect(snapshots.map(({ version }) => version)).toEqual([3, 0]);
    expect(changes.map(({ from, to }) => [from, to])).toEqual([
      [0, 1],
      [1, 2],
      [3, 4],
      [4, 5],
      [5, 6],
    ]);
    expect(JSON.parse(snapshots[0]?.text ?? "")).toMatchObject({ title: state["title"] });
    expect(storage.readQuarantine()).toEqual([
      { kind: "change", version: 6 },
      { kind: "member", version: 4 },
    ]);
  });

  test("[R9] is not changed by being opened again", () => {
    const store = storeV1();
    create(store).open();
    const migrated = everything(store);
    const written = rowsWritten(store);
    for (let time = 0; time < 2; time++)
      expect(create(store).open()).toEqual({ version: schemaVersion, isSupported: true });
    expect(everything(store)).toEqual(migrated);
    expect(rowsWritten(store)).toBe(written);
  });

  test("[R9] has the same tables and columns afterwards as one that was made by this release", () => {
    const [migrated, made] = [storeV1(), openNodeSqlite()];
    create(migrated).open();
    create(made).writeRoom(record);
    expect(columns(migrated)).toEqual(columns(made));
  });

  test("[R9, S3, S10] takes every kind of write afterwards", () => {
    const store = storeV1();
    const storage = create(store);
    storage.open();
    storage.writeRoom({ ...record, epoch: "another" });
    storage.writeMember({ seq: 9, entry: { id: "new", joinedAt: "", seq: 1, meta: null } });
    storage.writeTimer({ name: "idle", at: 7, attempts: 1 });
    storage.appendChange({ from: 6, to: 7, patch: "[]" });
    storage.writeSnapshot({ version: 7, text: "{}" });
    storage.quarantine([{ kind: "change", version: 7 }]);
    const next = create(store);
    expect(next.open()).toEqual({ version: schemaVersion, isSupported: true });
    expect(next.readRoom()).toMatchObject({ epoch: "another" });
    expect(next.readMembers().at(-1)).toMatchObject({ seq: 9 });
    expect(next.readTimers()).toContainEqual({ name: "idle", at: 7, attempts: 1 });
    expect(next.readHistory().snapshots.map(({ version }) => version)).toEqual([7, 3]);
    expect(next.readQuarantine()).toContainEqual({ kind: "change", version: 7 });
  });

  test("[R9] that has no record is migrated as well", () => {
    const store = storeV1();
    store.sql.exec("DELETE FROM room");
    expect(create(store).open()).toEqual({ version: 1, isSupported: true });
    expect(create(store).open()).toEqual({ version: schemaVersion, isSupported: true });
    expect(create(store).readRoom()).toBeNull();
  });

  test("[R9, S4] is what it was when a migration fails halfway, and is migrated the next time", () => {
    const store = storeV1();
    store.sql.exec("CREATE TABLE quarantine (in_the_way)");
    const before = everything(store);
    expect(() => create(store).open()).toThrow(/quarantine/);
    expect(everything(store)).toEqual(before);
    store.sql.exec("DROP TABLE quarantine");
    expect(create(store).open()).toEqual({ version: 1, isSupported: true });
    expect(dumpTables(store)["quarantine"]).toEqual(storageV1.tables["aside"]);
  });

  test("[R9] has a migration to follow from each version to the next", () => {
    const versions = Array.from({ length: schemaVersion - 1 }, (_, index) => String(index + 1));
    expect(Object.keys(migrations)).toEqual(versions);
  });
});

describe("a storage of a newer version", () => {
  /** A store in which a newer release has changed the tables, too. */
  function newerStore(version = schemaVersion + 1): SqlStore {
    const store = storeV1();
    create(store).open();
    store.sql.exec("UPDATE room SET schema = ?", version);
    store.sql.exec("ALTER TABLE members RENAME COLUMN data TO record");
    store.sql.exec("DROP TABLE timers");
    store.sql.exec("CREATE TABLE documents (name TEXT PRIMARY KEY, bytes BLOB NOT NULL)");
    store.sql.exec("INSERT INTO documents VALUES ('main', x'00ff')");
    return store;
  }

  test.each([schemaVersion + 1, schemaVersion + 40])(
    "[R9] is not supported when it is version %i, and opening it changes nothing",
    (version) => {
      const store = newerStore(version);
      const before = everything(store);
      const written = rowsWritten(store);
      for (let time = 0; time < 2; time++)
        expect(create(store).open()).toEqual({ version, isSupported: false });
      expect(everything(store)).toEqual(before);
      expect(rowsWritten(store)).toBe(written);
    },
  );
});
