// The client side of the directory: one list of running rooms, sharded by a hash of the room id. It holds no entries
// itself.

import { CollabError } from "../protocol/errors.ts";
import { checkPageLimit, decodeCursor, encodeCursor } from "../protocol/paging.ts";
import { checkRoomId, compareIds } from "../protocol/room-id.ts";
import type { ListOptions, RoomEntry, RoomPage } from "../protocol/rooms.ts";
import { callWithin, disposeCall } from "../room/hooks/call-within.ts";
import type { CollabEnv } from "./env.ts";
import { createLog, describe } from "../room/log.ts";
import { later } from "./later.ts";
import type { DirectoryRpc, ShardCounts } from "./rpc.ts";

export type { ShardCounts };

const defaultShards = 4;
/** ms within which a shard must answer. */
const shardTimeout = 5000;

export class Directory {
  readonly #namespace: CollabEnv["DIRECTORY"];
  readonly #shards: number;

  constructor(env: Pick<CollabEnv, "DIRECTORY" | "DIRECTORY_SHARDS">) {
    this.#namespace = env.DIRECTORY;
    this.#shards = Number(env.DIRECTORY_SHARDS ?? defaultShards);
    if (!Number.isSafeInteger(this.#shards) || this.#shards < 1 || this.#shards > 1000)
      throw new RangeError(
        `DIRECTORY_SHARDS must be a whole number from 1 to 1000, got ${env.DIRECTORY_SHARDS}`,
      );
  }

  /** See `DirectoryPort`. */
  async put(entry: RoomEntry, revision: number): Promise<number> {
    return settle(this.#shardOf(entry.id).put(entry, revision));
  }

  async remove(id: string, revision: number): Promise<number> {
    return settle(this.#shardOf(id).remove(id, revision));
  }

  /**
   * Get one page of the running rooms, sorted by id.
   * @throws CollabError `invalid_request`, `directory_unavailable`
   */
  async list({ prefix = "", cursor, ...options }: ListOptions): Promise<RoomPage> {
    const limit = checkPageLimit(options.limit);
    if (!prefix.isWellFormed())
      throw new CollabError("invalid_request", { detail: "prefix must be valid Unicode." });
    const after = cursor === undefined ? "" : decodeCursor(cursor, checkRoomId);
    // One shard may hold the whole page. One extra room shows whether another page follows.
    const pages = await this.#all((shard) => shard.list({ prefix, after, limit: limit + 1 }));
    const found = pages.flatMap(({ rooms }) => rooms).toSorted((a, b) => compareIds(a.id, b.id));
    const rooms = found.slice(0, limit);
    const last = rooms.at(-1);
    return {
      rooms,
      total: pages.reduce((sum, { total }) => sum + total, 0),
      ...(last && found.length > limit && { cursor: encodeCursor(last.id) }),
    };
  }

  /**
   * Count the running rooms.
   * @throws CollabError `directory_unavailable`
   */
  async count(): Promise<number> {
    const counts = await this.#all((shard) => shard.counts());
    return counts.reduce((sum, { rooms }) => sum + rooms, 0);
  }

  /** Count the rooms and users of each shard; `null` for one that does not answer. */
  async countByShard(): Promise<readonly (ShardCounts | null)[]> {
    const answers = await this.#answers((shard) => shard.counts());
    return answers.map((answer) => ("ok" in answer ? answer.ok : null));
  }

  async #all<T>(ask: (shard: DurableObjectStub<DirectoryRpc>) => PromiseLike<T>): Promise<T[]> {
    const answers = await this.#answers(ask);
    const all = answers.flatMap((answer) => ("ok" in answer ? [answer.ok] : []));
    const missing = answers.length - all.length;
    if (missing === 0) return all;
    // An incomplete list would look complete, so return none at all.
    throw new CollabError("directory_unavailable", {
      detail: `${missing} of ${this.#shards} shards of the directory did not answer. Try again.`,
    });
  }

  /** Ask every shard, and log the errors of those that fail to answer. */
  async #answers<T>(
    ask: (shard: DurableObjectStub<DirectoryRpc>) => PromiseLike<T>,
  ): Promise<({ ok: T } | { error: unknown })[]> {
    const asked = Array.from({ length: this.#shards }, (_, n) => this.#ask(n, ask));
    const answers = await Promise.all(asked);
    for (const [shard, answer] of answers.entries())
      if ("error" in answer)
        createLog()("directory_unavailable", { shard, error: describe(answer.error) });
    return answers;
  }

  /** Ask one shard, for a limited time. */
  async #ask<T>(
    n: number,
    ask: (shard: DurableObjectStub<DirectoryRpc>) => PromiseLike<T>,
  ): Promise<{ ok: T } | { error: unknown }> {
    try {
      const ok = await callWithin({ later }, shardTimeout, `Shard ${n}`, () => ask(this.#shard(n)));
      return { ok };
    } catch (error) {
      return { error };
    }
  }

  #shardOf(id: string): DurableObjectStub<DirectoryRpc> {
    return this.#shard(hash(id) % this.#shards);
  }

  #shard(n: number): DurableObjectStub<DirectoryRpc> {
    return this.#namespace.getByName(`shard-${n}-of-${this.#shards}`);
  }
}

async function settle<T>(call: PromiseLike<T>): Promise<T> {
  try {
    return await call;
  } finally {
    disposeCall(call);
  }
}

/** 32-bit FNV-1a over UTF-16 code units. It spreads ids evenly and is not cryptographic. */
function hash(text: string): number {
  let value = 0x811c9dc5;
  for (let index = 0; index < text.length; index++)
    value = Math.imul(value ^ text.charCodeAt(index), 0x01000193);
  return value >>> 0;
}
