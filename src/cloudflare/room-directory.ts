// One shard of the directory: the running rooms, by id. Rooms report themselves; the shard never calls a room.
//
// Calls from one room may arrive out of order, even after the object that sent them has died. So each call carries
// a revision, and a call with an older revision changes nothing. For the same reason, the row of a removed room is
// kept for a while: its revision is still needed.

import { DurableObject } from "cloudflare:workers";
import { prefixEnd } from "../protocol/room-id.ts";
import type { RoomEntry } from "../protocol/rooms.ts";
import type { CollabEnv } from "./env.ts";
import type { DirectoryRpc, ShardCounts, ShardQuery } from "./rpc.ts";

/** ms for which the row of a removed room is kept. No call takes that long to arrive. */
const keepRemoved = 3_600_000;
/** Every so many removals, the rows of rooms that were removed long ago are deleted. */
const cleanUpInterval = 1000;

const table = `
  CREATE TABLE IF NOT EXISTS rooms (
    id TEXT PRIMARY KEY, behaviour TEXT NOT NULL, users INTEGER NOT NULL, created_at TEXT NOT NULL,
    revision INTEGER NOT NULL DEFAULT 0, removed_at INTEGER
  ) WITHOUT ROWID`;

/** Migrates the first release's table to the one above. */
const migration = `
  ALTER TABLE rooms ADD COLUMN revision INTEGER NOT NULL DEFAULT 0;
  ALTER TABLE rooms ADD COLUMN removed_at INTEGER`;

type Row = { readonly revision: number; readonly isListed: number; readonly users: number };

export class RoomDirectory extends DurableObject<CollabEnv> implements DirectoryRpc {
  /** The number of listed rooms and users. Counted once and then kept up to date: counting in SQL reads every row. */
  #counts: ShardCounts | null = null;
  #removals = 0;

  /**
   * List a room, or refresh its entry.
   * @returns `revision`; or, if it is not newer than the stored one, the one after the stored one
   */
  put({ id, behaviour, users, createdAt }: RoomEntry, revision: number): number | Promise<number> {
    const counts = this.#open();
    const row = this.#row(id);
    if (row !== undefined && row.revision >= revision) return row.revision + 1;
    this.#sql.exec(
      `INSERT OR REPLACE INTO rooms (id, behaviour, users, created_at, revision, removed_at)
       VALUES (?, ?, ?, ?, ?, NULL)`,
      id,
      behaviour,
      users,
      createdAt,
      revision,
    );
    this.#counts = sum(counts, { rooms: 1, users }, row);
    return revision;
  }

  /**
   * Remove a room. It need not be listed.
   * @returns `revision`, or a later one: see `put`
   */
  remove(id: string, revision: number): number | Promise<number> {
    const counts = this.#open();
    const row = this.#row(id);
    if (row !== undefined && row.revision >= revision) return row.revision + 1;
    // An unknown room gets a row, too, because its `put` may still be in flight.
    this.#sql.exec(
      `INSERT INTO rooms (id, behaviour, users, created_at, revision, removed_at)
       VALUES (?, '', 0, '', ?, ?)
       ON CONFLICT (id) DO UPDATE SET revision = excluded.revision, removed_at = excluded.removed_at`,
      id,
      revision,
      Date.now(),
    );
    this.#counts = sum(counts, { rooms: 0, users: 0 }, row);
    if (++this.#removals % cleanUpInterval === 0) this.#cleanUp();
    return revision;
  }

  /** A page of this shard's rooms in code point order of their ids, and the number of all rooms with this prefix. */
  list({ prefix, after, limit }: ShardQuery): { rooms: RoomEntry[]; total: number } {
    const { rooms: total } = this.#open();
    // TEXT compares as UTF-8 bytes, which is code point order.
    const end = prefixEnd(prefix);
    const selected = `removed_at IS NULL AND id >= ? ${end === null ? "" : "AND id < ?"}`;
    const range = end === null ? [prefix] : [prefix, end];
    const rooms = this.#sql
      .exec<RoomEntry>(
        `SELECT id, behaviour, users, created_at AS createdAt FROM rooms
         WHERE ${selected} AND id > ? ORDER BY id LIMIT ?`,
        ...range,
        after,
        limit,
      )
      .toArray();
    if (prefix === "") return { rooms, total };
    const counted = this.#sql.exec<{ n: number }>(
      `SELECT count(*) AS n FROM rooms WHERE ${selected}`,
      ...range,
    );
    return { rooms, total: counted.one().n };
  }

  /** The number of rooms in this shard, and of users in them. */
  counts(): ShardCounts {
    return this.#open();
  }

  /** Create or migrate the table, once. @returns the current counts */
  #open(): ShardCounts {
    if (this.#counts !== null) return this.#counts;
    const columns = this.#sql.exec("SELECT name FROM pragma_table_info('rooms')").toArray();
    if (columns.length === 0) this.#sql.exec(table);
    else if (!columns.some(({ name }) => name === "revision")) this.#sql.exec(migration);
    this.#cleanUp();
    const counted = this.#sql.exec<ShardCounts>(
      "SELECT count(*) AS rooms, total(users) AS users FROM rooms WHERE removed_at IS NULL",
    );
    this.#counts = counted.one();
    return this.#counts;
  }

  #cleanUp(): void {
    this.#sql.exec("DELETE FROM rooms WHERE removed_at < ?", Date.now() - keepRemoved);
  }

  get #sql(): SqlStorage {
    return this.ctx.storage.sql;
  }

  #row(id: string): Row | undefined {
    const [row] = this.#sql
      .exec<Row>(
        "SELECT revision, removed_at IS NULL AS isListed, users FROM rooms WHERE id = ?",
        id,
      )
      .toArray();
    return row;
  }
}

/** The counts after one room has changed. @param before its row, if there was one */
const sum = (counts: ShardCounts, now: ShardCounts, before: Row | undefined): ShardCounts => ({
  rooms: counts.rooms + now.rooms - (before?.isListed ? 1 : 0),
  users: counts.users + now.users - (before?.isListed ? before.users : 0),
});
