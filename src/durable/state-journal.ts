// The room's state in memory, and its history in storage. What `version` says is what is written; the
// head may be further on, by changes that are staged: applied in memory, to be written together.

import type { Change } from "../protocol/history.ts";
import type { Operation, Sized } from "../protocol/json-patch.ts";
import type { JsonObject } from "../protocol/json.ts";
import { squash } from "../protocol/squash.ts";
import type { PlannedChange } from "../room/change.ts";
import { emptyState, rebuild, replaceAll, snapshotDue, type Rebuilt } from "../room/history.ts";
import { maxRowBytes } from "../storage/bytes.ts";
import type { RoomPorts } from "./ports.ts";

type Storage = RoomPorts["storage"];

/** Changes that are applied in memory and not written yet. */
type Staged = {
  readonly head: Sized;
  readonly changes: number;
  readonly operations: Operation[];
  /** Each change's patch as text. */
  readonly texts: string[];
  readonly bytes: number;
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

  /** The state that the next change applies to: with what is staged. */
  get head(): Sized {
    return this.#staged?.head ?? this.#state;
  }

  get headVersion(): number {
    return this.#version + (this.#staged?.changes ?? 0);
  }

  get isStaged(): boolean {
    return this.#staged !== null;
  }

  /** Characters of the patches that are staged. */
  get stagedBytes(): number {
    return this.#staged?.bytes ?? 0;
  }

  /** Apply a change in memory. It is no more than a plan until `commit` has written it. */
  stage({ patch, next }: PlannedChange): void {
    const { changes = 0, operations = [], texts = [], bytes = 0 } = this.#staged ?? {};
    const text = JSON.stringify(patch);
    operations.push(...patch);
    texts.push(text);
    const head = next;
    this.#staged = { head, changes: changes + 1, operations, texts, bytes: bytes + text.length };
  }

  /**
   * Write what is staged and make it the state. One row, unless a snapshot is due.
   * @returns what was written, `null` when nothing was staged
   */
  commit(): Change | null {
    if (this.#staged === null) return null;
    const { head, changes } = this.#staged;
    const from = this.#version;
    const to = from + changes;
    const change = { from, to, patch: shorter(patchText(this.#staged), head) };
    // Too much for one row, in the worst encoding: the state itself is written instead.
    const fits = change.patch.length <= maxRowBytes / 3;
    const journalBytes = this.#journalBytes + change.patch.length;
    const journalChanges = this.#journalChanges + 1;
    const snapshotBytes = this.#snapshotBytes;
    if (fits && !snapshotDue({ journalBytes, journalChanges, snapshotBytes })) {
      this.#storage.appendChange(change);
      this.#adopt(head, to);
      this.#journalBytes = journalBytes;
      this.#journalChanges = journalChanges;
      return change;
    }
    const text = JSON.stringify(head.value);
    this.#storage.atomically(() => {
      if (fits) this.#storage.appendChange(change);
      this.#storage.writeSnapshot({ version: to, text });
    });
    this.#adopt(head, to);
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

function patchText({ operations, texts }: Staged): string {
  const squashed = squash(operations);
  return squashed === operations ? joined(texts) : JSON.stringify(squashed);
}

/** Patches as one, all of them text. */
const joined = (patches: readonly string[]): string =>
  patches.length === 1
    ? (patches[0] ?? "[]")
    : `[${patches
        .map((patch) => patch.slice(1, -1))
        .filter((inner) => inner !== "")
        .join(",")}]`;
