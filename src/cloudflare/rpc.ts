// The RPC interfaces of the Durable Objects. Callers depend on these, not on the classes. Outcomes are plain results,
// because a thrown error would lose its type over RPC. The application's own JSON is sent as text, so that only JSON
// gets through, and code that only passes it on need not parse it.

import type { Caller } from "../protocol/caller.ts";
import type { Result } from "../protocol/errors.ts";
import type { RoomEntry } from "../protocol/rooms.ts";
import type { Called } from "../room/requests/attempt-once.ts";
import type { KeyedRequest } from "../room/requests/idempotency-keys.ts";
import type { OperationName } from "../room/operations/table.ts";

/** The result of a call, and whether it is that of an earlier call with the same idempotency key. */
export type CallResult<T> = Result<T> & { readonly isReplay?: boolean };

export const resultOf = <T>({ outcome, isReplay }: Called<T>): CallResult<T> => ({
  ...("error" in outcome ? { error: outcome.error.info } : outcome),
  ...(isReplay && { isReplay }),
});

/** A room. `RoomStub` gives each operation its types. */
export interface RoomRpc extends Rpc.DurableObjectBranded {
  /**
   * @param waiting ids of the rooms whose hooks wait for this call
   * @param request for a call that must not be executed twice
   */
  call(
    operation: OperationName,
    input: unknown,
    caller: Caller,
    waiting?: readonly string[],
    request?: KeyedRequest,
  ): Promise<CallResult<unknown>>;
}

export type ShardQuery = {
  readonly prefix: string;
  /** Only ids after this one. */
  readonly after: string;
  readonly limit: number;
};

/** How many rooms a shard lists, and how many users are in them. */
export type ShardCounts = { readonly rooms: number; readonly users: number };

/** One shard of the directory. */
export interface DirectoryRpc extends Rpc.DurableObjectBranded {
  /** See `DirectoryPort`. */
  put(entry: RoomEntry, revision: number): number | Promise<number>;
  remove(id: string, revision: number): number | Promise<number>;
  list(query: ShardQuery): { rooms: RoomEntry[]; total: number };
  counts(): ShardCounts;
}
