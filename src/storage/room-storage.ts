// What a room needs of its storage. Every method is synchronous, and what is written between two
// awaits is written together or not at all. `Room` and `Member` are the owner's JSON records: storage
// keeps them and does not look inside.

import type { Change, History, Snapshot } from "../protocol/history.ts";

export type StoredTimer = {
  readonly name: string;
  /** Epoch ms. */
  readonly at: number;
  /** Tries that failed so far. */
  readonly attempts: number;
};

/** A record that could not be read, kept out of the way for whoever repairs it. */
export type AsideRecord = {
  readonly kind: "snapshot" | "change" | "member";
  /** Of a member: its `seq`. */
  readonly version: number;
};

export type RoomStorage<Room, Member extends { readonly seq: number }> = {
  /** The room's record, or `null` when nothing was ever written. Reading leaves nothing behind. */
  readRoom(): Room | null;
  /** Write the record; the first write makes the tables. */
  writeRoom(room: Room): void;

  /** Run writes that belong together: if one throws, none of them is kept. */
  atomically(write: () => void): void;

  /** Members in order of `seq`. One that cannot be read is set aside. */
  readMembers(): Member[];
  writeMember(member: Member): void;
  removeMember(seq: number): void;
  removeMembers(): void;

  readTimers(): StoredTimer[];
  writeTimer(timer: StoredTimer): void;
  removeTimer(name: string): void;

  readHistory(): History;
  /** The changes after this version, in order. */
  readChanges(after: number): Change[];
  appendChange(change: Change): void;
  /**
   * Write a snapshot. The one before it stays, with the changes since, in case the new one cannot be
   * read one day; what is older goes.
   */
  writeSnapshot(snapshot: Snapshot): void;
  /** Drop the whole history: snapshots and changes. */
  removeHistory(): void;

  /** Move these records out of the way. */
  setAside(records: readonly AsideRecord[]): void;
  readAside(): AsideRecord[];

  /** Drop everything: after this, nothing was ever written. */
  clear(): Promise<void>;
};
