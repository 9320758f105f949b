// One shard of the directory: a Durable Object with the running rooms, by id. Rooms report to it; it never
// calls a room.

import { DurableObject } from "cloudflare:workers";
import { prefixEnd } from "../protocol/room-id.ts";
import type { RoomEntry } from "../protocol/rooms.ts";
import type { CollabEnv } from "./env.ts";
import type { DirectoryRpc, ShardQuery } from "./rpc.ts";

export class RoomDirectory extends DurableObject<CollabEnv> implements DirectoryRpc {
  /** Number of listed rooms. It is counted once, because a count in SQL reads every row. */
  #total: number;

  constructor(ctx: DurableObjectState, env: CollabEnv) {
    super(ctx, env);
    this.#sql.exec(`CREATE TABLE IF NOT EXISTS rooms (
      id TEXT PRIMARY KEY, behaviour TEXT NOT NULL, users INTEGER NOT NULL, created_at TEXT NOT NULL
    ) WITHOUT ROWID`);
    this.#total = this.#sql.exec<{ n: number }>("SELECT count(*) AS n FROM rooms").one().n;
  }

  /** List a room, or replace its entry. Does nothing after `until` (epoch ms). */
  put({ id, behaviour, users, createdAt }: RoomEntry, until = Infinity): void {
    if (Date.now() > until) return;
    const listed = this.#isListed(id);
    this.#sql.exec(
      "INSERT OR REPLACE INTO rooms VALUES (?, ?, ?, ?)",
      id,
      behaviour,
      users,
      createdAt,
    );
    if (!listed) this.#total++;
  }

  /** Remove a room; it need not be listed. Does nothing after `until` (epoch ms). */
  remove(id: string, until = Infinity): void {
    if (Date.now() > until) return;
    if (!this.#isListed(id)) return;
    this.#sql.exec("DELETE FROM rooms WHERE id = ?", id);
    this.#total--;
  }

  /** Rooms of this shard in code point order of their ids, and the number of all its rooms. */
  list({ prefix, after, limit }: ShardQuery): { rooms: RoomEntry[]; total: number } {
    // TEXT compares as UTF-8 bytes, which is code point order.
    const end = prefixEnd(prefix);
    const rooms = this.#sql
      .exec<RoomEntry>(
        `SELECT id, behaviour, users, created_at AS createdAt FROM rooms
         WHERE id >= ? AND id > ? ${end === null ? "" : "AND id < ?"} ORDER BY id LIMIT ?`,
        prefix,
        after,
        ...(end === null ? [] : [end]),
        limit,
      )
      .toArray();
    return { rooms, total: this.#total };
  }

  /** Number of all rooms of this shard. */
  total(): number {
    return this.#total;
  }

  get #sql(): SqlStorage {
    return this.ctx.storage.sql;
  }

  #isListed(id: string): boolean {
    return this.#sql.exec("SELECT 1 FROM rooms WHERE id = ?", id).toArray().length > 0;
  }
}
