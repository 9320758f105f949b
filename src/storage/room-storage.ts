// What a room needs of its storage. Every method but `clear` is synchronous, and what is written between
// two awaits is written together or not at all. `Room` and `Member` are the owner's JSON records: storage
// does not look inside them.

import type { Change, History, JournalSize, Snapshot } from "../protocol/history.ts";
import type { JsonValue } from "../protocol/json.ts";

export type StoredTimer = {
  readonly name: string;
  /** Epoch ms. */
  readonly at: number;
  /** Tries that failed so far. */
  readonly attempts: number;
};

/** An action that was asked for later. */
export type StoredSchedule = {
  readonly id: string;
  /** Of the action. */
  readonly name: string;
  readonly input: JsonValue;
  /** Epoch ms it was asked for. */
  readonly at: number;
  /** Epoch ms of the next attempt, and when that was decided. */
  readonly due: number;
  readonly setAt: number;
  /** Attempts that have failed so far. */
  readonly attempts: number;
};

/** A user who is kept out until this time (epoch ms). */
export type StoredBan = { readonly userId: string; readonly until: number };

/** A record that could not be read, moved out of the way and kept for whoever repairs it. */
export type QuarantinedRecord = {
  readonly kind: "snapshot" | "change" | "member" | "schedule";
  /** Of a member its `seq`, of a schedule its id. */
  readonly version: number | string;
};

/** What `open` finds. */
export type OpenedStorage = {
  /** The version of what is stored. */
  readonly version: number;
  /** False when a newer release has written it: then nothing may be read or written. */
  readonly isSupported: boolean;
};

/** Requests of clients that were answered when the room had a version, as JSON text. */
export type StoredRequests = { readonly version: number; readonly text: string };

/** What is stored of the requests of clients. */
export type RequestHistory = {
  /** In the order they were answered, as far as versions tell. */
  readonly rows: readonly StoredRequests[];
  /** Rows of their own among them: all but those that stand beside a change. */
  readonly apart: readonly StoredRequests[];
  /** What is known of rows that were dropped before their time; `null` if none were. */
  readonly dropped: string | null;
  /** The version that the journal leads from; `null` without changes. */
  readonly journalStart: number | null;
};

/** A request with an idempotency key, and its answer, as JSON text. */
export type StoredKey = {
  readonly key: string;
  /** Epoch ms. */
  readonly at: number;
  readonly text: string;
};

/** What is known of a key without reading its answer. */
export type StoredKeyHead = {
  readonly key: string;
  /** Epoch ms. */
  readonly at: number;
  /** Of its text. */
  readonly bytes: number;
  /** What its text begins with. */
  readonly start: string;
};

export type RoomStorage<Room, Member extends { readonly seq: number }> = {
  /** Open what is stored, and migrate it if an older release has written it. To be called first. */
  open(): OpenedStorage;

  /**
   * The room's record, or `null` when nothing was ever written. Reading leaves nothing behind.
   * @throws Error when it cannot be read
   */
  readRoom(): Room | null;
  /** Write the record; the first write makes the tables. */
  writeRoom(room: Room): void;

  /** Run writes that belong together: if one throws, none of them is kept. */
  atomically(write: () => void): void;

  /** Members in order of `seq`. One that cannot be read is quarantined. */
  readMembers(): Member[];
  writeMember(member: Member): void;
  removeMember(seq: number): void;
  removeMembers(): void;

  readTimers(): StoredTimer[];
  writeTimer(timer: StoredTimer): void;
  removeTimer(name: string): void;

  /** Scheduled actions. One that cannot be read is quarantined. */
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
  /** The latest changes up to this version, newest first, with their authors; without moves and requests. */
  readJournal(upTo: number, limit: number): Change[];
  /** How much there is of them. */
  measureJournal(): JournalSize;
  appendChange(change: Change): void;
  /**
   * Write a snapshot. The one before it stays, with the changes since, in case the new one cannot be
   * read one day; what is older goes, and the requests of that time with it.
   * @returns the version that the journal now leads from
   */
  writeSnapshot(snapshot: Snapshot): number;
  /** Drop the whole history: snapshots, changes, requests, keys and bans. */
  removeHistory(): void;

  readRequests(): RequestHistory;
  /** Write requests that stand beside no change. */
  appendRequests(requests: StoredRequests): void;
  /**
   * Drop the oldest of the rows that `appendRequests` has written.
   * @param dropped what is to be known of all that were dropped so far; `null` if that is nothing
   */
  dropRequests(rows: number, dropped: string | null): void;

  readKey(key: string): StoredKey | null;
  writeKey(key: StoredKey): void;
  /** Number of keys, and the bytes of their text. */
  measureKeys(): { readonly keys: number; readonly bytes: number };
  /**
   * All keys, in the order they were written.
   * @param bytes of the start of each text
   */
  readKeyHeads(bytes: number): StoredKeyHead[];
  removeKeys(keys: readonly string[]): void;

  /** Move these records out of the way. */
  quarantine(records: readonly QuarantinedRecord[]): void;
  readQuarantine(): QuarantinedRecord[];

  /** Drop everything: after this, nothing was ever written. */
  clear(): Promise<void>;
};
