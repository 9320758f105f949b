// The room's state in memory, and its history in storage. Changes are staged, then written together: until
// then the state in memory, the head, is further on than `version` says, and not for others to see. Changes
// are applied in place where they can be, so there is no other state to go back to: if a write fails, the
// room wakes anew.

import type { Change } from "../protocol/history.ts";
import { replaceAll, type Operation, type Sized } from "../protocol/json-patch.ts";
import type { JsonObject } from "../protocol/json.ts";
import { squash } from "../protocol/squash.ts";
import type { PlannedChange } from "../room/change.ts";
import { emptyState, rebuild, snapshotDue, type Rebuilt } from "../room/history.ts";
import { maxRowBytes } from "../storage/bytes.ts";
import type { RoomPorts } from "./ports.ts";

type Storage = RoomPorts["storage"];

/** Changes that are applied in memory and not written yet. */
type Staged = {
  changes: number;
  /** As text from the start: the state may go on to change what an operation has put there. */
  readonly operations: (Pick<Operation, "op" | "path"> & { readonly text: string })[];
  characters: number;
};

export class StateJournal {
  readonly #storage: Storage;
  #state: Sized;
  #version: number;
  #journalBytes: number;
  #journalChanges: number;
  #snapshotBytes: number;
  #text: string | undefined;
  #staged: Staged | null = null;

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

  /** The state, with all that is staged. */
  get state(): Sized {
    return this.#state;
  }

  get value(): JsonObject {
    return this.#state.value;
  }

  /** What is written. */
  get version(): number {
    return this.#version;
  }

  /** The state as compact JSON, made once a version. Not to be asked while something is staged. */
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

  /** The version after what is staged. */
  get headVersion(): number {
    return this.#version + (this.#staged?.changes ?? 0);
  }

  get isStaged(): boolean {
    return this.#staged !== null;
  }

  /** Characters of the patches that are staged. */
  get stagedCharacters(): number {
    return this.#staged?.characters ?? 0;
  }

  /** Take a change in. It counts once `commit` has written it. */
  stage({ patch, next }: PlannedChange): void {
    const staged = (this.#staged ??= { changes: 0, operations: [], characters: 0 });
    staged.changes++;
    for (const operation of patch) {
      const text = JSON.stringify(operation);
      staged.operations.push({ op: operation.op, path: operation.path, text });
      staged.characters += text.length;
    }
    this.#state = next;
  }

  /**
   * Write what is staged. One row, unless a snapshot is due.
   * @returns what was written, `null` when nothing was staged
   */
  commit(): Change | null {
    if (this.#staged === null) return null;
    const from = this.#version;
    const to = this.headVersion;
    const texts = squash(this.#staged.operations).map(({ text }) => text);
    const change = { from, to, patch: shorter(`[${texts.join(",")}]`, this.#state) };
    // Too much for one row, in the worst encoding: the state itself is written instead.
    const fits = change.patch.length <= maxRowBytes / 3;
    const journalBytes = this.#journalBytes + change.patch.length;
    const journalChanges = this.#journalChanges + 1;
    const snapshotBytes = this.#snapshotBytes;
    if (fits && !snapshotDue({ journalBytes, journalChanges, snapshotBytes })) {
      this.#storage.appendChange(change);
      this.#adopt(this.#state, to);
      this.#journalBytes = journalBytes;
      this.#journalChanges = journalChanges;
      return change;
    }
    const text = JSON.stringify(this.#state.value);
    this.#storage.atomically(() => {
      if (fits) this.#storage.appendChange(change);
      this.#storage.writeSnapshot({ version: to, text });
    });
    this.#adopt(this.#state, to);
    this.#snapshotTaken();
    return change;
  }

  /**
   * The patch from an earlier version to this one, as text. One that is longer than the state is that
   * state instead.
   * @returns `null` when the journal does not reach back to it, or has no such version
   */
  patchSince(version: number): string | null {
    if (version === this.#version) return "[]";
    if (version > this.#version) return null;
    const changes = this.#storage.readChanges(version);
    if (changes[0]?.from !== version || changes.at(-1)?.to !== this.#version) return null;
    const contiguous = changes.every(
      ({ from }, index) => index === 0 || from === changes[index - 1]?.to,
    );
    return contiguous ? shorter(joined(changes.map(({ patch }) => patch)), this.#state) : null;
  }

  #adopt(state: Sized, version: number): void {
    this.#state = state;
    this.#version = version;
    this.#text = undefined;
    this.#staged = null;
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

/** Patches as one, all of them text. */
const joined = (patches: readonly string[]): string =>
  `[${patches
    .map((patch) => patch.slice(1, -1))
    .filter((inner) => inner !== "")
    .join(",")}]`;
