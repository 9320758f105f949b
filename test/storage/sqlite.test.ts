// The SQLite storage keeps the storage contract on SQLite as such, and reads what is damaged as such.

import { expect, test } from "vitest";
import { SqliteRoomStorage } from "../../src/storage/sqlite.ts";
import { openNodeSqlite } from "../support/node-sqlite.ts";
import { storageContract } from "./contract.ts";

type Room = { readonly name: string };
type Member = { readonly seq: number; readonly id: string };

function open(store = openNodeSqlite()) {
  const storage = new SqliteRoomStorage<Room, Member>(store);
  storage.open();
  return storage;
}

storageContract(async (use) => {
  const store = openNodeSqlite();
  await use({ storage: open(store), reopen: () => open(store) });
});

const tables = (store = openNodeSqlite()): string[] =>
  store.sql
    .exec("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name")
    .toArray()
    .map(({ name }) => String(name));

test("[R4] reading makes no table, and the first record makes them all", () => {
  const store = openNodeSqlite();
  const storage = open(store);
  storage.readRoom();
  storage.readMembers();
  storage.readTimers();
  storage.readHistory();
  storage.readQuarantine();
  expect(tables(store)).toEqual([]);
  storage.writeRoom({ name: "first" });
  expect(tables(store)).toEqual([
    "bans",
    "changes",
    "keys",
    "members",
    "quarantine",
    "requests",
    "room",
    "schedules",
    "snapshots",
    "timers",
  ]);
});

test("[S10] no row of a snapshot is larger than the platform takes", () => {
  const store = openNodeSqlite();
  const storage = open(store);
  storage.writeRoom({ name: "first" });
  storage.writeSnapshot({ version: 1, text: `"${"€".repeat(1_500_000)}"` });
  const sizes = store.sql
    .exec("SELECT length(data) AS size FROM snapshots ORDER BY part")
    .toArray()
    .map(({ size }) => Number(size));
  expect(sizes).toEqual([1_900_000, 1_900_000, 700_002]);
});

const damages = [
  { what: "its first piece missing", query: "DELETE FROM snapshots WHERE part = 0" },
  { what: "a piece in the middle missing", query: "DELETE FROM snapshots WHERE part = 1" },
  { what: "its last piece missing", query: "DELETE FROM snapshots WHERE part = 2" },
  {
    what: "bytes that are no UTF-8",
    query: "UPDATE snapshots SET data = CAST(x'22ff22' AS BLOB)",
  },
];

test.each(damages)("[S10] a snapshot with $what does not read as JSON", ({ query }) => {
  const store = openNodeSqlite();
  const storage = open(store);
  storage.writeRoom({ name: "first" });
  // A string alone: with a piece cut out of its middle it would be JSON all the same.
  storage.writeSnapshot({ version: 1, text: `"${"x".repeat(5_000_000)}"` });
  store.sql.exec(query);
  const [snapshot] = storage.readHistory().snapshots;
  expect(snapshot?.version).toBe(1);
  expect(() => JSON.parse(snapshot?.text ?? "")).toThrow(SyntaxError);
});

test("[S10] a change with bytes that are no UTF-8 does not read as JSON", () => {
  const store = openNodeSqlite();
  const storage = open(store);
  storage.writeRoom({ name: "first" });
  storage.appendChange({ from: 0, to: 1, patch: '["x"]' });
  store.sql.exec("UPDATE changes SET patch = x'5b22ff225d'");
  const [change] = storage.readHistory().changes;
  expect(() => JSON.parse(change?.patch ?? "")).toThrow(SyntaxError);
});

test("[S10] a quarantined record keeps its bytes, piece after piece", () => {
  const store = openNodeSqlite();
  const storage = open(store);
  storage.writeRoom({ name: "first" });
  storage.writeSnapshot({ version: 3, text: "a".repeat(1_900_000) + "b".repeat(9) });
  storage.quarantine([{ kind: "snapshot", version: 3 }]);
  const kept = store.sql
    .exec("SELECT kind, version, substr(data, 1, 1) AS first, length(data) AS size FROM quarantine")
    .toArray()
    .map(({ kind, version, size }) => ({ kind, version, size }));
  expect(kept).toEqual([
    { kind: "snapshot", version: 3, size: 1_900_000 },
    { kind: "snapshot", version: 3, size: 9 },
  ]);
});

test.each(["{", "[]", '{"id":"y","name":"a","input":1,"at":1,"due":1,"setAt":1,"attempts":0}'])(
  "[B5, R9] a scheduled action that is stored as %s is quarantined alone",
  (data) => {
    const store = openNodeSqlite();
    const storage = open(store);
    storage.writeRoom({ name: "first" });
    const good = { id: "a", name: "remind", input: 1, at: 1, due: 1, setAt: 1, attempts: 0 };
    storage.writeSchedule(good);
    store.sql.exec("INSERT INTO schedules (id, data) VALUES ('x', ?)", data);
    expect(storage.readSchedules()).toEqual([good]);
    expect(storage.readQuarantine()).toEqual([{ kind: "schedule", version: "x" }]);
    expect(open(store).readSchedules()).toEqual([good]);
  },
);

test("[R9] a column more in any table is no reason to fail", () => {
  const store = openNodeSqlite();
  open(store).writeRoom({ name: "first" });
  for (const table of tables(store)) store.sql.exec(`ALTER TABLE ${table} ADD COLUMN more TEXT`);
  const storage = open(store);
  storage.writeRoom({ name: "second" });
  storage.writeMember({ seq: 1, id: "ada" });
  storage.writeTimer({ name: "idle", at: 5, attempts: 1 });
  storage.writeSnapshot({ version: 1, text: "{}" });
  storage.appendChange({ from: 1, to: 2, patch: "[]" });
  storage.appendChange({ from: 2, to: 3, patch: "[]" });
  storage.quarantine([{ kind: "change", version: 3 }]);
  expect(storage.readRoom()).toEqual({ name: "second" });
  expect(storage.readMembers()).toEqual([{ seq: 1, id: "ada" }]);
  expect(storage.readTimers()).toEqual([{ name: "idle", at: 5, attempts: 1 }]);
  expect(storage.readHistory()).toEqual({
    snapshots: [{ version: 1, text: "{}" }],
    changes: [{ from: 1, to: 2, patch: "[]" }],
  });
  expect(storage.readQuarantine()).toEqual([{ kind: "change", version: 3 }]);
});
