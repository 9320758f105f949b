// Room storage in memory, for tests and for trying out a behaviour without a Durable Object. It stores JSON text, so
// that, as on disk, nothing is shared with the caller.

import type { Change, History, JournalSize, Snapshot } from "../protocol/history.ts";
import { utf8Bytes } from "../protocol/json.ts";
import { decodeStart, encode } from "./bytes.ts";
import { schemaVersion } from "./migrations.ts";
import type {
  OpenedStorage,
  QuarantinedRecord,
  RequestHistory,
  RoomStorage,
  StoredBan,
  StoredKey,
  StoredKeyHead,
  StoredRequests,
  StoredSchedule,
  StoredTimer,
} from "./room-storage.ts";

type Kept = {
  room: string | null;
  readonly members: Map<number, string>;
  readonly schedules: Map<string, string>;
  readonly bans: Map<string, number>;
  readonly timers: Map<string, StoredTimer>;
  readonly changes: Map<number, Change>;
  readonly snapshots: Map<number, string>;
  /** In order of version, then in the order in which they were written. */
  requests: readonly StoredRequests[];
  droppedRequests: string | null;
  /** In the order in which they were written. */
  keys: readonly StoredKey[];
  readonly quarantine: QuarantinedRecord[];
};

const nothing = (): Kept => ({
  room: null,
  members: new Map(),
  schedules: new Map(),
  bans: new Map(),
  timers: new Map(),
  changes: new Map(),
  snapshots: new Map(),
  requests: [],
  droppedRequests: null,
  keys: [],
  quarantine: [],
});

export class MemoryRoomStorage<
  Room,
  Member extends { readonly seq: number },
> implements RoomStorage<Room, Member> {
  #kept = nothing();

  open(): OpenedStorage {
    return { version: schemaVersion, isSupported: true };
  }

  readRoom(): Room | null {
    return this.#kept.room === null ? null : (JSON.parse(this.#kept.room) as Room);
  }

  writeRoom(room: Room): void {
    this.#kept.room = JSON.stringify(room);
  }

  atomically(write: () => void): void {
    const before = copyOf(this.#kept);
    try {
      write();
    } catch (error) {
      this.#kept = before;
      throw error;
    }
  }

  readMembers(): Member[] {
    return ascending(this.#kept.members).map(([, text]) => JSON.parse(text) as Member);
  }

  writeMember(member: Member): void {
    this.#kept.members.set(member.seq, JSON.stringify(member));
  }

  removeMember(seq: number): void {
    this.#kept.members.delete(seq);
  }

  removeMembers(): void {
    this.#kept.members.clear();
  }

  readTimers(): StoredTimer[] {
    return [...this.#kept.timers.values()];
  }

  writeTimer(timer: StoredTimer): void {
    this.#kept.timers.set(timer.name, { ...timer });
  }

  removeTimer(name: string): void {
    this.#kept.timers.delete(name);
  }

  readSchedules(): StoredSchedule[] {
    return Array.from(this.#kept.schedules.values(), (text) => JSON.parse(text) as StoredSchedule);
  }

  writeSchedule(schedule: StoredSchedule): void {
    this.#kept.schedules.set(schedule.id, JSON.stringify(schedule));
  }

  removeSchedule(id: string): void {
    this.#kept.schedules.delete(id);
  }

  removeSchedules(): void {
    this.#kept.schedules.clear();
  }

  readBans(): StoredBan[] {
    return Array.from(this.#kept.bans, ([userId, until]) => ({ userId, until }));
  }

  writeBan({ userId, until }: StoredBan): void {
    this.#kept.bans.set(userId, until);
  }

  removeBan(userId: string): void {
    this.#kept.bans.delete(userId);
  }

  readHistory(): History {
    return {
      snapshots: ascending(this.#kept.snapshots)
        .map(([version, text]) => ({ version, text }))
        .toReversed(),
      changes: this.readChanges(-1),
    };
  }

  readChanges(after: number): Change[] {
    return ascending(this.#kept.changes).flatMap(
      ([to, { at: _at, authors: _authors, ...change }]) => (to > after ? [change] : []),
    );
  }

  readJournal(upTo: number, limit: number): Change[] {
    return ascending(this.#kept.changes)
      .flatMap(([to, { moves: _moves, requests: _requests, ...change }]) =>
        to <= upTo ? [change] : [],
      )
      .toReversed()
      .slice(0, limit);
  }

  measureJournal(): JournalSize {
    const all = this.readChanges(-1);
    return {
      start: all[0]?.from ?? null,
      rows: all.length,
      bytes: all.reduce((sum, { patch }) => sum + utf8Bytes(patch), 0),
    };
  }

  appendChange(change: Change): void {
    this.#kept.changes.set(change.to, { ...change });
  }

  writeSnapshot({ version, text }: Snapshot): number {
    const { snapshots, changes } = this.#kept;
    const before = Math.max(0, ...[...snapshots.keys()].filter((known) => known < version));
    for (const known of snapshots.keys()) if (known < before) snapshots.delete(known);
    for (const known of changes.keys()) if (known <= before) changes.delete(known);
    snapshots.set(version, text);
    if (before > 0) this.#kept.requests = this.#kept.requests.filter((row) => row.version > before);
    return before;
  }

  removeHistory(): void {
    this.#kept.snapshots.clear();
    this.#kept.bans.clear();
    this.#kept.changes.clear();
    const { requests, droppedRequests, keys } = nothing();
    Object.assign(this.#kept, { requests, droppedRequests, keys });
  }

  readRequests(): RequestHistory {
    const { requests: apart, droppedRequests: dropped } = this.#kept;
    const changes = this.readChanges(-1);
    const beside = changes.flatMap(({ to, requests }) =>
      requests === undefined ? [] : [{ version: to, text: requests }],
    );
    return {
      rows: [...beside, ...apart].toSorted((a, b) => a.version - b.version),
      apart,
      dropped,
      journalStart: changes[0]?.from ?? null,
    };
  }

  appendRequests(requests: StoredRequests): void {
    this.#kept.requests = [...this.#kept.requests, requests].toSorted(
      (a, b) => a.version - b.version,
    );
  }

  dropRequests(rows: number, dropped: string | null): void {
    this.#kept.requests = this.#kept.requests.slice(rows);
    this.#kept.droppedRequests = dropped;
  }

  readKey(key: string): StoredKey | null {
    return this.#kept.keys.find((stored) => stored.key === key) ?? null;
  }

  writeKey(key: StoredKey): void {
    this.#kept.keys = [...this.#kept.keys.filter((other) => other.key !== key.key), key];
  }

  measureKeys(): { keys: number; bytes: number } {
    const { keys } = this.#kept;
    return {
      keys: keys.length,
      bytes: keys.reduce((bytes, { text }) => bytes + utf8Bytes(text), 0),
    };
  }

  readKeyHeads(bytes: number): StoredKeyHead[] {
    return this.#kept.keys.map(({ key, at, text }) => {
      const start = decodeStart(encode(text).subarray(0, bytes));
      return { key, at, bytes: utf8Bytes(text), start };
    });
  }

  removeKeys(keys: readonly string[]): void {
    this.#kept.keys = this.#kept.keys.filter(({ key }) => !keys.includes(key));
  }

  quarantine(records: readonly QuarantinedRecord[]): void {
    for (const { kind, version } of records) {
      const { changes, snapshots, members, schedules } = this.#kept;
      const sources = {
        change: changes,
        snapshot: snapshots,
        member: members,
        schedule: schedules,
      };
      const source: Map<number | string, unknown> = sources[kind];
      if (source.delete(version)) this.#kept.quarantine.push({ kind, version });
    }
  }

  readQuarantine(): QuarantinedRecord[] {
    return this.#kept.quarantine.toSorted(
      (a, b) => a.kind.localeCompare(b.kind) || (a.version < b.version ? -1 : 1),
    );
  }

  clear(): Promise<void> {
    this.#kept = nothing();
    return Promise.resolve();
  }
}

/** A copy of everything stored. Records are replaced and never changed, so a shallow copy is enough. */
const copyOf = (kept: Kept): Kept => ({
  room: kept.room,
  members: new Map(kept.members),
  schedules: new Map(kept.schedules),
  bans: new Map(kept.bans),
  timers: new Map(kept.timers),
  changes: new Map(kept.changes),
  snapshots: new Map(kept.snapshots),
  requests: kept.requests,
  droppedRequests: kept.droppedRequests,
  keys: kept.keys,
  quarantine: [...kept.quarantine],
});

const ascending = <T>(map: ReadonlyMap<number, T>): [number, T][] =>
  [...map].toSorted(([a], [b]) => a - b);
