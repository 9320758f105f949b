// The interface of a room's storage. Every method except `clear` is synchronous, and all writes between two awaits are
// committed together or not at all. `Room` and `Member` are the owner's JSON records; storage does not interpret them.

import type { Change, History, JournalSize, Snapshot } from "../protocol/history.ts";
import type { JsonValue } from "../protocol/json.ts";

export type StoredTimer = {
  readonly name: string;
  /** Epoch ms. */
  readonly at: number;
  /** Failed attempts so far. */
  readonly attempts: number;
};

/** A scheduled action. */
export type StoredSchedule = {
  readonly id: string;
  /** Name of the action. */
  readonly name: string;
  readonly input: JsonValue;
  /** Epoch ms for which it was scheduled. */
  readonly at: number;
  /** Epoch ms of the next attempt, and when that was decided. */
  readonly due: number;
  readonly setAt: number;
  /** Failed attempts so far. */
  readonly attempts: number;
};

/** A user who is kept out until this time (epoch ms). */
export type StoredBan = { readonly userId: string; readonly until: number };

/** An unreadable record, which was moved out of the way and kept for repair. */
export type QuarantinedRecord = {
  readonly kind: "snapshot" | "change" | "member" | "schedule";
  /** A member's `seq`, or a schedule's id. */
  readonly version: number | string;
};

/** The result of `open`. */
export type OpenedStorage = {
  /** The version of the stored data. */
  readonly version: number;
  /** False if a newer release wrote it; then nothing may be read or written. */
  readonly isSupported: boolean;
};

/** Clients' requests that were answered at a version of the room, as JSON text. */
export type StoredRequests = { readonly version: number; readonly text: string };

/** The stored requests of clients. */
export type RequestHistory = {
  /** In the order in which they were answered, as far as the versions show. */
  readonly rows: readonly StoredRequests[];
  /** Those of them in separate rows, that is, not stored with a change. */
  readonly apart: readonly StoredRequests[];
  /** A summary of rows that were dropped early; `null` if none were. */
  readonly dropped: string | null;
  /** The version at which the journal starts; `null` without changes. */
  readonly journalStart: number | null;
};

/** A request with an idempotency key, and its answer, as JSON text. */
export type StoredKey = {
  readonly key: string;
  /** Epoch ms. */
  readonly at: number;
  readonly text: string;
};

/** The columns of a key without its answer. */
export type StoredKeyHead = {
  readonly key: string;
  /** Epoch ms. */
  readonly at: number;
  /** Size of its text. */
  readonly bytes: number;
  /** The start of its text. */
  readonly start: string;
};

export type RoomStorage<Room, Member extends { readonly seq: number }> = {
  /** Open the storage, and migrate it if an older release wrote it. Must be called first. */
  open(): OpenedStorage;

  /**
   * The room's record, or `null` if nothing was ever written. Reading does not create anything.
   * @throws Error if it cannot be read
   */
  readRoom(): Room | null;
  /** Write the record. The first write creates the tables. */
  writeRoom(room: Room): void;

  /** Run writes that belong together: if one throws, none of them is kept. */
  atomically(write: () => void): void;

  /** Members in order of `seq`. Unreadable ones are quarantined. */
  readMembers(): Member[];
  writeMember(member: Member): void;
  removeMember(seq: number): void;
  removeMembers(): void;

  readTimers(): StoredTimer[];
  writeTimer(timer: StoredTimer): void;
  removeTimer(name: string): void;

  /** Scheduled actions. Unreadable ones are quarantined. */
  readSchedules(): StoredSchedule[];
  writeSchedule(schedule: StoredSchedule): void;
  removeSchedule(id: string): void;
  removeSchedules(): void;

  /** Users who are kept out (rule A9). */
  readBans(): StoredBan[];
  writeBan(ban: StoredBan): void;
  removeBan(userId: string): void;

  readHistory(): History;
  /** The changes after this version, in order. */
  readChanges(after: number): Change[];
  /** The latest changes up to this version, newest first, with their authors but without moves and requests. */
  readJournal(upTo: number, limit: number): Change[];
  /** The size of the journal. */
  measureJournal(): JournalSize;
  appendChange(change: Change): void;
  /**
   * Write a snapshot. The previous one is kept, with the changes since, in case the new one becomes unreadable. Older
   * snapshots, changes and requests are deleted.
   * @returns the version at which the journal now starts
   */
  writeSnapshot(snapshot: Snapshot): number;
  /** Delete the whole history: snapshots, changes, requests, keys and bans. */
  removeHistory(): void;

  readRequests(): RequestHistory;
  /** Write requests that are not stored with a change. */
  appendRequests(requests: StoredRequests): void;
  /**
   * Delete the oldest of the rows that `appendRequests` has written.
   * @param dropped a summary of all rows that were dropped so far; `null` for none
   */
  dropRequests(rows: number, dropped: string | null): void;

  readKey(key: string): StoredKey | null;
  writeKey(key: StoredKey): void;
  /** Number of keys, and the total size of their texts in bytes. */
  measureKeys(): { readonly keys: number; readonly bytes: number };
  /**
   * All keys, in the order in which they were written.
   * @param bytes how many bytes of each text to return
   */
  readKeyHeads(bytes: number): StoredKeyHead[];
  removeKeys(keys: readonly string[]): void;

  /** Move these records out of the way. */
  quarantine(records: readonly QuarantinedRecord[]): void;
  readQuarantine(): QuarantinedRecord[];

  /** Delete everything, as if nothing had ever been written. */
  clear(): Promise<void>;
};
