// One shard of the directory: the rooms that run, by id. It is told what it lists; it asks nobody.

import { DurableObject } from "cloudflare:workers";
import { prefixEnd } from "../protocol/room-id.ts";
import type { RoomEntry } from "../protocol/rooms.ts";
import type { CollabEnv } from "./env.ts";
import type { DirectoryRpc, ShardQuery } from "./rpc.ts";

export class RoomDirectory extends DurableObject<CollabEnv> implements DirectoryRpc {
  /** How many rooms are listed; counted once, for a count in SQL reads every row. */
  #total: number;

  constructor(ctx: DurableObjectState, env: CollabEnv) {
    super(ctx, env);
    this.#sql.exec(`CREATE TABLE IF NOT EXISTS rooms (
      id TEXT PRIMARY KEY, behaviour TEXT NOT NULL, users INTEGER NOT NULL, created_at TEXT NOT NULL
    ) WITHOUT ROWID`);
    this.#total = this.#sql.exec<{ n: number }>("SELECT count(*) AS n FROM rooms").one().n;
  }

  /** List a room, or refresh its entry. */
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

  /** Take a room out; one that is not listed is no error. */
  remove(id: string, until = Infinity): void {
    if (Date.now() > until) return;
    if (!this.#isListed(id)) return;
    this.#sql.exec("DELETE FROM rooms WHERE id = ?", id);
    this.#total--;
  }

  /** Rooms in code point order of their ids, and how many there are in all. */
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
