// The room record: one small row in storage with everything that a room needs besides its users and its state.

import type { RoomEntry } from "../protocol/rooms.ts";
import { isObject } from "../protocol/json.ts";
import { isoTime, isTime } from "../protocol/time.ts";

export type RoomRecord = {
  /**
   * `stopped`: the state is kept for the next start. `gone`: nothing else is kept, and the record remains
   * until the directory entry is removed.
   */
  readonly status: "running" | "stopped" | "gone";
  readonly behaviour: string;
  /** Random id; a new one is generated when the storage has been emptied or has lost versions (rule R8). */
  readonly epoch: string;
  /** Epoch ms of the last start. */
  readonly createdAt: number;
  /** ms. */
  readonly idleTimeout: number;
  /** Epoch ms of the bound of the last activity; see `activity-watermark.ts`. */
  readonly activeUntil: number;
  /** Set while a requested stop waits for the state to be saved. */
  readonly stopping?: StopRequest;
};

export type StopRequest = { readonly purge: boolean };

/** The statuses that this release knows. Any other comes from a later release. */
const statuses: readonly unknown[] = [
  "running",
  "stopped",
  "gone",
] satisfies RoomRecord["status"][];

/** Whether a stored record has a status that this release does not know. Its other fields may then be anything. */
export const isOfLaterRelease = (stored: unknown): boolean =>
  isObject(stored) && typeof stored["status"] === "string" && !statuses.includes(stored["status"]);

/** Whether a stored value is a valid room record. */
export const isRecord = (stored: unknown): stored is RoomRecord =>
  isObject(stored) &&
  statuses.includes(stored["status"]) &&
  typeof stored["behaviour"] === "string" &&
  typeof stored["epoch"] === "string" &&
  stored["epoch"] !== "" &&
  isTime(stored["createdAt"]) &&
  isTime(stored["idleTimeout"]) &&
  isTime(stored["activeUntil"]) &&
  (stored["stopping"] === undefined || isObject(stored["stopping"]));

/** The directory entry of a running room. */
export const roomEntry = (id: string, record: RoomRecord, users: number): RoomEntry => ({
  id,
  behaviour: record.behaviour,
  users,
  createdAt: isoTime(record.createdAt),
});
