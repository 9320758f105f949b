// Room storage in memory: for tests, and for trying a behaviour without an object. It keeps what it
// is given as JSON text, so that nothing is shared with the caller, as on disk.

import type {
  AsideRecord,
  RoomStorage,
  StoredChange,
  StoredHistory,
  StoredSnapshot,
  StoredTimer,
} from "./room-storage.ts";

export class MemoryRoomStorage<
  Room,
  Member extends { readonly seq: number },
> implements RoomStorage<Room, Member> {
  #room: string | null = null;
  readonly #members = new Map<number, string>();
  readonly #timers = new Map<string, StoredTimer>();
  readonly #changes = new Map<number, StoredChange>();
  readonly #snapshots = new Map<number, string>();
  #aside: AsideRecord[] = [];

  readRoom(): Room | null {
    return this.#room === null ? null : (JSON.parse(this.#room) as Room);
  }

  writeRoom(room: Room): void {
    this.#room = JSON.stringify(room);
  }

  // Nothing here fails half-way: there is nothing to take back.
  atomically(write: () => void): void {
    write();
  }

  readMembers(): Member[] {
    return ascending(this.#members).map(([, text]) => JSON.parse(text) as Member);
  }

  writeMember(member: Member): void {
    this.#members.set(member.seq, JSON.stringify(member));
  }

  removeMember(seq: number): void {
    this.#members.delete(seq);
  }

  removeMembers(): void {
    this.#members.clear();
  }

  readTimers(): StoredTimer[] {
    return [...this.#timers.values()];
  }

  writeTimer(timer: StoredTimer): void {
    this.#timers.set(timer.name, { ...timer });
  }

  removeTimer(name: string): void {
    this.#timers.delete(name);
  }

  readHistory(): StoredHistory {
    return {
      snapshots: ascending(this.#snapshots)
        .map(([version, text]) => ({ version, text }))
        .toReversed(),
      changes: ascending(this.#changes).map(([, change]) => change),
    };
  }

  appendChange(change: StoredChange): void {
    this.#changes.set(change.to, { ...change });
  }

  writeSnapshot({ version, text }: StoredSnapshot): void {
    const before = Math.max(0, ...[...this.#snapshots.keys()].filter((known) => known < version));
    for (const known of this.#snapshots.keys()) if (known < before) this.#snapshots.delete(known);
    for (const known of this.#changes.keys()) if (known <= before) this.#changes.delete(known);
    this.#snapshots.set(version, text);
  }

  removeHistory(): void {
    this.#snapshots.clear();
    this.#changes.clear();
  }

  setAside(records: readonly AsideRecord[]): void {
    for (const { kind, version } of records) {
      const source = kind === "change" ? this.#changes : this.#snapshots;
      if (source.delete(version)) this.#aside.push({ kind, version });
    }
  }

  readAside(): AsideRecord[] {
    return this.#aside.toSorted((a, b) => a.kind.localeCompare(b.kind) || a.version - b.version);
  }

  clear(): Promise<void> {
    this.#room = null;
    this.removeMembers();
    this.removeHistory();
    this.#timers.clear();
    this.#aside = [];
    return Promise.resolve();
  }
}

const ascending = <T>(map: ReadonlyMap<number, T>): [number, T][] =>
  [...map].toSorted(([a], [b]) => a - b);
