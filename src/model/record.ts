// What a room remembers of itself beside users and state: one small record in storage.

import type { RoomEntry } from "../protocol/rooms.ts";
import { isoTime } from "../protocol/time.ts";

export type RoomRecord = {
  /**
   * `stopped`: the state is kept for the next start. `gone`: nothing is kept; the record only waits for
   * the directory to take the entry out.
   */
  readonly status: "running" | "stopped" | "gone";
  readonly behaviour: string;
  /** Random id of this storage's life, see rule R8. */
  readonly epoch: string;
  /** Epoch ms of the last start. */
  readonly createdAt: number;
  /** ms. */
  readonly idleTimeout: number;
  /** Epoch ms: the bound of the last activity, see `seen.ts`. */
  readonly activeUntil: number;
  /** Whether the directory has the entry, as far as is known. */
  readonly listed?: boolean;
  /** Set while an asked-for stop waits for the state to be saved. */
  readonly stopping?: StopRequest;
};

export type StopRequest = { readonly purge: boolean };

/** What the directory lists of a running room. */
export const roomEntry = (id: string, record: RoomRecord, users: number): RoomEntry => ({
  id,
  behaviour: record.behaviour,
  users,
  createdAt: isoTime(record.createdAt),
});
