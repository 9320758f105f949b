// Room storage in the SQLite of a Durable Object. Each change is one row; rows are what costs.

import { decode, encode, pieces } from "./bytes.ts";
import type { Change, History, Snapshot } from "../protocol/history.ts";
import type { AsideRecord, RoomStorage, StoredTimer } from "./room-storage.ts";

type Row = Record<string, ArrayBuffer | string | number | null>;

type Binding = ArrayBufferView | string | number;
type Sql = { exec(query: string, ...bindings: Binding[]): { toArray(): Row[] } };

// Tables without a rowid cost one row a write where the key is no integer; with a rowid it would be two.
// Patches and snapshots are BLOBs: long TEXT parameters have failed in practice.
const schema = `
  CREATE TABLE IF NOT EXISTS room (id INTEGER PRIMARY KEY CHECK (id = 1), data TEXT NOT NULL);
  CREATE TABLE IF NOT EXISTS members (seq INTEGER PRIMARY KEY, data TEXT NOT NULL);
  CREATE TABLE IF NOT EXISTS timers (
    name TEXT PRIMARY KEY, at INTEGER NOT NULL, attempts INTEGER NOT NULL
  ) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS changes (version INTEGER PRIMARY KEY, start INTEGER NOT NULL, patch BLOB NOT NULL);
  CREATE TABLE IF NOT EXISTS snapshots (
    version INTEGER NOT NULL, part INTEGER NOT NULL, data BLOB NOT NULL, PRIMARY KEY (version, part)
  ) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS aside (kind TEXT NOT NULL, version INTEGER NOT NULL, data BLOB NOT NULL);
`;

const asideSource = {
  change: { table: "changes", key: "version", column: "patch" },
  snapshot: { table: "snapshots", key: "version", column: "data" },
  member: { table: "members", key: "seq", column: "data" },
} as const;

/** What is used of `ctx.storage`. */
export type SqlStore = {
  readonly sql: Sql;
  transactionSync(write: () => void): void;
  /** Empties the object's storage, alarm included. */
  deleteAll(): Promise<void>;
};

export class SqliteRoomStorage<
  Room,
  Member extends { readonly seq: number },
> implements RoomStorage<Room, Member> {
  readonly #store: SqlStore;
  #ready: boolean;

  constructor(store: SqlStore) {
    this.#store = store;
    this.#ready = this.#hasTables();
  }

  readRoom(): Room | null {
    const [row] = this.#read("SELECT data FROM room");
    return row === undefined ? null : (JSON.parse(String(row["data"])) as Room);
  }

  writeRoom(room: Room): void {
    if (!this.#ready) {
      this.#rows(schema);
      this.#ready = true;
    }
    this.#rows("INSERT OR REPLACE INTO room VALUES (1, ?)", JSON.stringify(room));
  }

  atomically(write: () => void): void {
    try {
      this.#store.transactionSync(write);
    } catch (error) {
      this.#ready = this.#hasTables(); // they may have been made in there, and taken back
      throw error;
    }
  }

  readMembers(): Member[] {
    return this.#read("SELECT seq, data FROM members ORDER BY seq").flatMap(({ seq, data }) => {
      try {
        return [JSON.parse(String(data)) as Member];
      } catch {
        this.setAside([{ kind: "member", version: Number(seq) }]);
        return [];
      }
    });
  }

  writeMember(member: Member): void {
    this.#rows("INSERT OR REPLACE INTO members VALUES (?, ?)", member.seq, JSON.stringify(member));
  }

  removeMember(seq: number): void {
    this.#rows("DELETE FROM members WHERE seq = ?", seq);
  }

  removeMembers(): void {
    this.#rows("DELETE FROM members");
  }

  readTimers(): StoredTimer[] {
    return this.#read("SELECT name, at, attempts FROM timers").map(({ name, at, attempts }) => ({
      name: String(name),
      at: Number(at),
      attempts: Number(attempts),
    }));
  }

  writeTimer({ name, at, attempts }: StoredTimer): void {
    this.#rows("INSERT OR REPLACE INTO timers VALUES (?, ?, ?)", name, at, attempts);
  }

  removeTimer(name: string): void {
    this.#rows("DELETE FROM timers WHERE name = ?", name);
  }

  readHistory(): History {
    const parts = Map.groupBy(
      this.#read("SELECT version, part, data FROM snapshots ORDER BY version DESC, part"),
      ({ version }) => Number(version),
    );
    return {
      snapshots: Array.from(parts, ([version, rows]) => ({
        version,
        // With a piece missing in the middle of a long string the rest would still be JSON.
        text: rows.every(({ part }, index) => part === index)
          ? decode(rows.map(({ data }) => data as ArrayBuffer))
          : "",
      })),
      changes: this.readChanges(-1),
    };
  }

  readChanges(after: number): Change[] {
    const query = "SELECT start, version, patch FROM changes WHERE version > ? ORDER BY version";
    return this.#read(query, after).map(({ start, version, patch }) => ({
      from: Number(start),
      to: Number(version),
      patch: decode([patch as ArrayBuffer]),
    }));
  }

  appendChange({ from, to, patch }: Change): void {
    this.#rows("INSERT INTO changes VALUES (?, ?, ?)", to, from, encode(patch));
  }

  writeSnapshot({ version, text }: Snapshot): void {
    const [row] = this.#read(
      "SELECT max(version) AS before FROM snapshots WHERE version < ?",
      version,
    );
    const before = Number(row?.["before"] ?? 0);
    this.atomically(() => {
      this.#rows("DELETE FROM snapshots WHERE version < ? OR version = ?", before, version);
      this.#rows("DELETE FROM changes WHERE version <= ?", before);
      for (const [part, data] of pieces(encode(text)).entries())
        this.#rows("INSERT INTO snapshots VALUES (?, ?, ?)", version, part, data);
    });
  }

  removeHistory(): void {
    this.#rows("DELETE FROM snapshots");
    this.#rows("DELETE FROM changes");
  }

  setAside(records: readonly AsideRecord[]): void {
    for (const { kind, version } of records) {
      const { table, key, column } = asideSource[kind];
      this.#rows(
        `INSERT INTO aside SELECT ?, ${key}, ${column} FROM ${table} WHERE ${key} = ?`,
        kind,
        version,
      );
      this.#rows(`DELETE FROM ${table} WHERE ${key} = ?`, version);
    }
  }

  readAside(): AsideRecord[] {
    return this.#read("SELECT DISTINCT kind, version FROM aside ORDER BY kind, version").map(
      ({ kind, version }) => ({ kind: kind as AsideRecord["kind"], version: Number(version) }),
    );
  }

  async clear(): Promise<void> {
    await this.#store.deleteAll();
    this.#ready = false;
  }

  #hasTables(): boolean {
    return this.#rows("SELECT 1 FROM sqlite_master WHERE name = 'room'").length > 0;
  }

  /** Reads of tables that may not exist yet. */
  #read(query: string, ...bindings: Binding[]): Row[] {
    return this.#ready ? this.#rows(query, ...bindings) : [];
  }

  #rows(query: string, ...bindings: Binding[]): Row[] {
    return this.#store.sql.exec(query, ...bindings).toArray();
  }
}
