// What the Durable Objects answer over RPC, as interfaces: callers depend on these, not on the objects.
// Outcomes are plain results, because a thrown error loses its type on the way. JSON payloads cross as
// text: nothing but JSON gets through, and whoever passes one on need not parse it.

import type { Result } from "../protocol/errors.ts";
import type { RoomEntry, RoomInfo, StartOptions } from "../protocol/rooms.ts";
import type { Scope } from "../protocol/scopes.ts";
import type { ChangeInput } from "../room/change.ts";
import type { StopRequest } from "../room/record.ts";

type Reply<T> = Promise<Result<T>>;

/** A room. Times are ms. */
export interface RoomRpc extends Rpc.DurableObjectBranded {
  start(options: StartOptions): Reply<{ created: boolean; info: RoomInfo }>;
  /**
   * @param user JSON text
   * @returns the entry as JSON text
   */
  join(user: string, ttl?: number): Reply<string>;
  leave(userId: string): Reply<void>;
  alive(): Reply<boolean>;
  info(): Reply<RoomInfo>;
  /** @returns a JSON array as text */
  users(): Reply<string>;
  /** @returns the state as JSON text, unless the caller knows its version */
  state(known?: readonly number[] | "any"): Reply<{ version: number; text: string | null }>;
  /** @returns the version after the change */
  change(input: ChangeInput, ifVersion?: readonly number[]): Reply<number>;
  /** @param next JSON text in, JSON text out, `null` when it fails; it runs where the caller is */
  update(next: (stateText: string) => Promise<string | null>): Reply<number>;
  /** @returns the result as JSON text */
  act(name: string, payload: string): Reply<{ result: string; version: number }>;
  touch(userId?: string): Reply<void>;
  broadcast(event: string, payload: string): Reply<void>;
  /** @returns presence by user id, as JSON text */
  presence(): Reply<string>;
  /** @param data JSON text of an object */
  holdPresence(userId: string, data: string, ttl: number): Reply<void>;
  /** @returns the user's entry as JSON text */
  setScopes(userId: string, scopes: readonly Scope[]): Reply<string>;
  stop(request: StopRequest): Reply<void>;
}

export type ShardQuery = {
  readonly prefix: string;
  /** Only ids after this one. */
  readonly after: string;
  readonly limit: number;
};

/** One shard of the directory. */
export interface DirectoryRpc extends Rpc.DurableObjectBranded {
  /** Nothing happens after `until` (epoch ms): the caller has given up, and may have said otherwise. */
  put(entry: RoomEntry, until: number): void | Promise<void>;
  remove(id: string, until: number): void | Promise<void>;
  list(query: ShardQuery): { rooms: RoomEntry[]; total: number };
  total(): number;
}
