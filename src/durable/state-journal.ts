// The room's state in memory, and its history in storage: what `version` says is what is written.

import type { Sized } from "../protocol/json-patch.ts";
import type { JsonObject } from "../protocol/json.ts";
import type { PlannedChange } from "../room/change.ts";
import { emptyState, rebuild, replaceAll, snapshotDue, type Rebuilt } from "../room/history.ts";
import { maxRowBytes } from "../storage/bytes.ts";
import type { RoomPorts } from "./ports.ts";

type Storage = RoomPorts["storage"];

export class StateJournal {
  readonly #storage: Storage;
  #state: Sized;
  #version: number;
  #journalBytes: number;
  #journalChanges: number;
  #snapshotBytes: number;
  #text: string | undefined;

  /** Whether storage does not hold this state yet. */
  #unwritten = false;

  private constructor(storage: Storage, rebuilt: Omit<Rebuilt, "unreadable" | "lost">) {
    this.#storage = storage;
    this.#state = rebuilt.state;
    this.#version = rebuilt.version;
    this.#journalBytes = rebuilt.journalBytes;
    this.#journalChanges = rebuilt.journalChanges;
    this.#snapshotBytes = rebuilt.snapshotBytes;
  }

  /** A history that begins now, with `{}` at version 0. */
  static begin(storage: Storage): StateJournal {
    return new StateJournal(storage, {
      version: 0,
      state: emptyState,
      journalBytes: 0,
      journalChanges: 0,
      snapshotBytes: emptyState.bytes,
    });
  }

  /**
   * The last good version of what storage holds. What could not be read is moved aside.
   * @returns the journal, how many records were moved, and how many versions are lost
   */
  static open(storage: Storage): { journal: StateJournal; aside: number; lost: number } {
    const rebuilt = rebuild(storage.readHistory());
    const { snapshots, changes } = rebuilt.unreadable;
    if (snapshots.length + changes.length > 0)
      storage.atomically(() =>
        storage.setAside([
          ...snapshots.map((version) => ({ kind: "snapshot", version }) as const),
          ...changes.map((version) => ({ kind: "change", version }) as const),
        ]),
      );
    return {
      journal: new StateJournal(storage, rebuilt),
      aside: snapshots.length + changes.length,
      lost: rebuilt.lost,
    };
  }

  get state(): Sized {
    return this.#state;
  }

  get value(): JsonObject {
    return this.#state.value;
  }

  get version(): number {
    return this.#version;
  }

  /** The state as compact JSON, made once a version. */
  get text(): string {
    this.#text ??= JSON.stringify(this.#state.value);
    return this.#text;
  }

  /**
   * Take the state that a starting room has loaded. Nothing is written before `found`, for the start
   * may still be refused.
   * @param version of that state
   */
  load(state: Sized, version: number): void {
    this.#adopt(state, version);
    this.#unwritten = true;
  }

  /** Write what was loaded: the room starts. */
  found(): void {
    if (!this.#unwritten) return;
    this.#storage.writeSnapshot({ version: this.#version, text: this.text });
    this.#unwritten = false;
    this.#snapshotTaken();
  }

  /** Write a change and make it the state. One row, unless a snapshot is due. */
  commit({ patch, next }: PlannedChange): void {
    const [from, to] = [this.#version, this.#version + 1];
    const change = { from, to, patch: shorter(JSON.stringify(patch), next) };
    // Too much for one row, in the worst encoding: the state itself is written instead.
    const fits = change.patch.length <= maxRowBytes / 3;
    const journalBytes = this.#journalBytes + change.patch.length;
    const journalChanges = this.#journalChanges + 1;
    const snapshotBytes = this.#snapshotBytes;
    if (fits && !snapshotDue({ journalBytes, journalChanges, snapshotBytes })) {
      this.#storage.appendChange(change);
      this.#adopt(next, to);
      this.#journalBytes = journalBytes;
      this.#journalChanges = journalChanges;
      return;
    }
    const text = JSON.stringify(next.value);
    this.#storage.atomically(() => {
      if (fits) this.#storage.appendChange(change);
      this.#storage.writeSnapshot({ version: to, text });
    });
    this.#adopt(next, to);
    this.#snapshotTaken();
  }

  #adopt(state: Sized, version: number): void {
    this.#state = state;
    this.#version = version;
    this.#text = undefined;
  }

  #snapshotTaken(): void {
    this.#journalBytes = 0;
    this.#journalChanges = 0;
    this.#snapshotBytes = this.#state.bytes;
  }
}

/** A patch larger than the state it makes is worth less than that state. */
const shorter = (patch: string, { value, bytes }: Sized): string =>
  patch.length > bytes + 40 ? JSON.stringify(replaceAll(value)) : patch;
