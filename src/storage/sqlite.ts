// Room storage in a Durable Object's SQLite. Each change takes one row, because Cloudflare bills by rows.

import { decode, encode, pieces } from "./bytes.ts";
import { ChangeTable } from "./change-table.ts";
import { groupBy } from "../protocol/group-by.ts";
import type { Change, History, JournalSize, Snapshot } from "../protocol/history.ts";
import { isObject } from "../protocol/json.ts";
import { migrations, schema, schemaVersion } from "./migrations.ts";
import { RequestTables } from "./request-tables.ts";
import type {
  OpenedStorage,
  QuarantinedRecord,
  RequestHistory,
  RoomStorage,
  StoredBan,
  StoredKey,
  StoredKeyHead,
  StoredRequests,
  StoredSchedule,
  StoredTimer,
} from "./room-storage.ts";

type Row = Record<string, ArrayBuffer | string | number | null>;

type Binding = ArrayBufferView | string | number | null;
type Sql = { exec(query: string, ...bindings: Binding[]): { toArray(): Row[] } };

const quarantineSource = {
  change: { table: "changes", key: "version", column: "patch" },
  snapshot: { table: "snapshots", key: "version", column: "data" },
  member: { table: "members", key: "seq", column: "data" },
  schedule: { table: "schedules", key: "id", column: "data" },
} as const;

/** The part of `ctx.storage` that is used. */
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
  readonly #requests = new RequestTables((query, ...bindings) => this.#read(query, ...bindings));
  readonly #changes = new ChangeTable((query, ...bindings) => this.#rows(query, ...bindings));
  /** Whether the tables exist. */
  #ready = false;

  constructor(store: SqlStore) {
    this.#store = store;
  }

  open(): OpenedStorage {
    this.#ready = this.#hasTables();
    const version = this.#ready ? this.#storedVersion() : schemaVersion;
    if (version > schemaVersion) {
      this.#ready = false;
      return { version, isSupported: false };
    }
    if (version < schemaVersion) this.#migrate(version);
    return { version, isSupported: true };
  }

  #storedVersion(): number {
    const columns = this.#rows("SELECT name FROM pragma_table_info('room')");
    if (!columns.some(({ name }) => name === "schema")) return 1;
    const [row] = this.#rows("SELECT schema FROM room");
    const version = Number(row?.["schema"] ?? schemaVersion);
    // An unreadable version could be any. Infinity makes sure that nothing is written.
    return Number.isSafeInteger(version) && version > 1 ? version : Infinity;
  }

  #migrate(from: number): void {
    this.#store.transactionSync(() => {
      for (let version = from; version < schemaVersion; version++)
        this.#rows(migrations[version] ?? "");
      this.#rows("UPDATE room SET schema = ?", schemaVersion);
    });
  }

  readRoom(): Room | null {
    if (!this.#ready) return null;
    const [row] = this.#rows("SELECT data FROM room");
    const record = JSON.parse(String(row?.["data"] ?? null)) as Room | null;
    if (record === null) throw new Error("the tables have no record of the room");
    return record;
  }

  writeRoom(room: Room): void {
    if (!this.#ready) {
      this.#rows(schema);
      this.#ready = true;
    }
    this.#rows(
      "INSERT OR REPLACE INTO room (id, schema, data) VALUES (1, ?, ?)",
      schemaVersion,
      JSON.stringify(room),
    );
  }

  atomically(write: () => void): void {
    try {
      this.#store.transactionSync(write);
    } catch (error) {
      this.#ready = this.#hasTables(); // the transaction may have created them, and was rolled back
      throw error;
    }
  }

  readMembers(): Member[] {
    return this.#read("SELECT seq, data FROM members ORDER BY seq").flatMap(({ seq, data }) => {
      const member = parseOrNull(String(data));
      if (isObject(member) && member["seq"] === seq) return [member as Member];
      this.quarantine([{ kind: "member", version: Number(seq) }]);
      return [];
    });
  }

  writeMember(member: Member): void {
    this.#rows(
      "INSERT OR REPLACE INTO members (seq, data) VALUES (?, ?)",
      member.seq,
      JSON.stringify(member),
    );
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
    this.#rows(
      "INSERT OR REPLACE INTO timers (name, at, attempts) VALUES (?, ?, ?)",
      name,
      at,
      attempts,
    );
  }

  removeTimer(name: string): void {
    this.#rows("DELETE FROM timers WHERE name = ?", name);
  }

  readSchedules(): StoredSchedule[] {
    return this.#read("SELECT id, data FROM schedules").flatMap(({ id, data }) => {
      const schedule = parseOrNull(String(data));
      if (isObject(schedule) && schedule["id"] === id) return [schedule as StoredSchedule];
      this.quarantine([{ kind: "schedule", version: String(id) }]);
      return [];
    });
  }

  writeSchedule(schedule: StoredSchedule): void {
    this.#rows(
      "INSERT OR REPLACE INTO schedules (id, data) VALUES (?, ?)",
      schedule.id,
      JSON.stringify(schedule),
    );
  }

  removeSchedule(id: string): void {
    this.#rows("DELETE FROM schedules WHERE id = ?", id);
  }

  removeSchedules(): void {
    this.#rows("DELETE FROM schedules");
  }

  readBans(): StoredBan[] {
    return this.#read("SELECT user, until FROM bans").map(({ user, until }) => ({
      userId: String(user),
      until: Number(until),
    }));
  }

  writeBan({ userId, until }: StoredBan): void {
    this.#rows("INSERT OR REPLACE INTO bans (user, until) VALUES (?, ?)", userId, until);
  }

  removeBan(userId: string): void {
    this.#rows("DELETE FROM bans WHERE user = ?", userId);
  }

  readHistory(): History {
    const parts = groupBy(
      this.#read("SELECT version, part, data FROM snapshots ORDER BY version DESC, part"),
      ({ version }) => Number(version),
    );
    return {
      snapshots: Array.from(parts, ([version, rows]) => ({
        version,
        // If a piece in the middle of a long string is missing, the rest would still be valid JSON.
        text: rows.every(({ part }, index) => part === index)
          ? decode(rows.map(({ data }) => data as ArrayBuffer))
          : "",
      })),
      changes: this.readChanges(-1),
    };
  }

  readChanges(after: number): Change[] {
    return this.#ready ? this.#changes.readAfter(after) : [];
  }

  readJournal(upTo: number, limit: number): Change[] {
    return this.#ready ? this.#changes.readUpTo(upTo, limit) : [];
  }

  measureJournal(): JournalSize {
    return this.#ready ? this.#changes.measure() : { start: null, rows: 0, bytes: 0 };
  }

  appendChange(change: Change): void {
    this.#changes.append(change);
  }

  writeSnapshot({ version, text }: Snapshot): number {
    const [row] = this.#read(
      "SELECT max(version) AS before FROM snapshots WHERE version < ?",
      version,
    );
    const before = Number(row?.["before"] ?? 0);
    this.atomically(() => {
      this.#rows("DELETE FROM snapshots WHERE version < ? OR version = ?", before, version);
      this.#rows("DELETE FROM changes WHERE version <= ?", before);
      if (before > 0) this.#requests.removeUpTo(before);
      for (const [part, data] of pieces(encode(text)).entries())
        this.#rows(
          "INSERT INTO snapshots (version, part, data) VALUES (?, ?, ?)",
          version,
          part,
          data,
        );
    });
    return before;
  }

  removeHistory(): void {
    this.#rows("DELETE FROM snapshots");
    this.#rows("DELETE FROM changes");
    this.#rows("DELETE FROM bans");
    this.#requests.clear();
  }

  readRequests(): RequestHistory {
    return this.#requests.read();
  }

  appendRequests(requests: StoredRequests): void {
    this.#requests.append(requests);
  }

  dropRequests(rows: number, dropped: string | null): void {
    this.#requests.drop(rows, dropped);
  }

  readKey(key: string): StoredKey | null {
    return this.#requests.readKey(key);
  }

  writeKey(key: StoredKey): void {
    this.#requests.writeKey(key);
  }

  measureKeys(): { keys: number; bytes: number } {
    return this.#requests.measureKeys();
  }

  readKeyHeads(bytes: number): StoredKeyHead[] {
    return this.#requests.readKeyHeads(bytes);
  }

  removeKeys(keys: readonly string[]): void {
    this.#requests.removeKeys(keys);
  }

  quarantine(records: readonly QuarantinedRecord[]): void {
    for (const { kind, version } of records) {
      const { table, key, column } = quarantineSource[kind];
      this.#rows(
        `INSERT INTO quarantine (kind, version, data)
         SELECT ?, ${key}, ${column} FROM ${table} WHERE ${key} = ?`,
        kind,
        version,
      );
      this.#rows(`DELETE FROM ${table} WHERE ${key} = ?`, version);
    }
  }

  readQuarantine(): QuarantinedRecord[] {
    return this.#read("SELECT DISTINCT kind, version FROM quarantine ORDER BY kind, version").map(
      ({ kind, version }) => ({
        kind: kind as QuarantinedRecord["kind"],
        version: kind === "schedule" ? String(version) : Number(version),
      }),
    );
  }

  async clear(): Promise<void> {
    await this.#store.deleteAll();
    this.#ready = false;
  }

  #hasTables(): boolean {
    return this.#rows("SELECT 1 FROM sqlite_master WHERE name = 'room'").length > 0;
  }

  /** Read from tables that may not exist yet. */
  #read(query: string, ...bindings: Binding[]): Row[] {
    return this.#ready ? this.#rows(query, ...bindings) : [];
  }

  #rows(query: string, ...bindings: Binding[]): Row[] {
    return this.#store.sql.exec(query, ...bindings).toArray();
  }
}

/** Parse JSON text; `null` if it is invalid. */
function parseOrNull(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
