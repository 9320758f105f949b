// The JSON state of a room: in memory, and as a history in storage. A change is planned, then staged: it
// is applied in memory and becomes the *head*, which only actions, hooks and later changes see. `commit`
// writes everything that is staged as one row; only then is it the state. Changes are applied in place, so
// there is no earlier state to go back to: if a write fails, the room restarts.

import type { Change } from "../../protocol/history.ts";
import { replaceAll, type Operation, type Sized } from "../../protocol/json-patch.ts";
import { utf8Bytes, type JsonObject } from "../../protocol/json.ts";
import { CollabError } from "../../protocol/errors.ts";
import type { Limits } from "../../protocol/limits.ts";
import { squash } from "../../protocol/squash.ts";
import {
  planChange,
  planReturned,
  type ChangeRequest,
  type PlannedChange,
} from "../../model/change.ts";
import { freezeState, widthOf } from "../../model/freeze.ts";
import { emptyState, rebuild, snapshotDue, type Rebuilt } from "../../model/history.ts";
import { maxRowBytes } from "../../storage/bytes.ts";
import type { RoomPorts } from "../ports.ts";
import type { RoomDocument } from "./document.ts";

type Storage = RoomPorts["storage"];

/** Changes that are applied in memory and not yet written. */
type Staged = {
  changes: number;
  /** As text from the start: a later change may alter the value that an operation has set. */
  readonly operations: (Pick<Operation, "op" | "path"> & { readonly text: string })[];
  characters: number;
};

export class JsonDocument implements RoomDocument {
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

  /** A document with a history that starts now, with `{}` at version 0. */
  static create(storage: Storage): JsonDocument {
    return new JsonDocument(storage, {
      version: 0,
      state: emptyState,
      journalBytes: 0,
      journalChanges: 0,
      snapshotBytes: emptyState.bytes,
    });
  }

  /**
   * Open the last good version of what storage holds. Records that cannot be read are quarantined.
   * @returns the document, how many records were quarantined, and how many versions are lost
   */
  static open(storage: Storage): { document: JsonDocument; quarantined: number; lost: number } {
    const rebuilt = rebuild(storage.readHistory());
    const { snapshots, changes } = rebuilt.unreadable;
    if (snapshots.length + changes.length > 0)
      storage.atomically(() =>
        storage.quarantine([
          ...snapshots.map((version) => ({ kind: "snapshot", version }) as const),
          ...changes.map((version) => ({ kind: "change", version }) as const),
        ]),
      );
    return {
      document: new JsonDocument(storage, rebuilt),
      quarantined: snapshots.length + changes.length,
      lost: rebuilt.lost,
    };
  }

  /** The head and its size. */
  get head(): Sized {
    return this.#state;
  }

  /** The head: the state with everything that is staged. */
  get value(): JsonObject {
    return this.#state.value;
  }

  get version(): number {
    return this.#version;
  }

  freeze(): number {
    return widthOf(freezeState(this.#state.value));
  }

  /** The committed state as compact JSON, made once per version. Not available while something is staged. */
  get text(): string {
    this.#text ??= JSON.stringify(this.#state.value);
    return this.#text;
  }

  /**
   * Take the state that a starting room has loaded. Nothing is written before `writeInitial`, because the
   * start may still be refused.
   * @param version of that state
   */
  load(state: Sized, version: number): void {
    this.#adopt(state, version);
    this.#unwritten = true;
  }

  writeInitial(): void {
    if (!this.#unwritten) return;
    this.#storage.writeSnapshot({ version: this.#version, text: this.text });
    this.#unwritten = false;
    this.#snapshotTaken();
  }

  get headVersion(): number {
    return this.#version + (this.#staged?.changes ?? 0);
  }

  get isStaged(): boolean {
    return this.#staged !== null;
  }

  get stagedCharacters(): number {
    return this.#staged?.characters ?? 0;
  }

  /**
   * Stage what a client asks for (rules S3, S5, S6).
   * @param ifVersion the version that the head must have; any will do if left out
   * @returns the head's version after it
   * @throws CollabError `version_conflict`, `patch_failed`, `too_large`, `invalid_state`: nothing has changed
   */
  change(request: ChangeRequest, ifVersion: number | undefined, limits: Limits): number {
    if (ifVersion !== undefined && ifVersion !== this.headVersion)
      throw new CollabError("version_conflict", {
        detail: `The state has version ${this.headVersion}, not the expected one. Read it again before you retry.`,
      });
    return this.#stage(planChange(this.#state, request, limits));
  }

  /**
   * Stage the next state that the author's code has returned.
   * @returns the head's version after it
   * @throws CollabError `invalid_state`, `too_large`: nothing has changed
   */
  changeTo(returned: unknown, limits: Limits): number {
    return this.#stage(planReturned(this.#state, returned, limits));
  }

  #stage(planned: PlannedChange | null): number {
    if (planned !== null) this.stage(planned);
    return this.headVersion;
  }

  /** Stage a planned change. It counts once `commit` has written it. */
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

  /** One row, unless a snapshot is due. */
  commit(): Change | null {
    if (this.#staged === null) return null;
    const from = this.#version;
    const to = this.headVersion;
    const texts = squash(this.#staged.operations).map(({ text }) => text);
    const change = { from, to, patch: shorter(`[${texts.join(",")}]`, this.#state) };
    const patchBytes = utf8Bytes(change.patch);
    // The state is written instead of a patch that does not fit into one row.
    const fits = patchBytes <= maxRowBytes;
    const journalBytes = this.#journalBytes + patchBytes;
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

  welcomeMembers(sinces: ReadonlySet<number | null>): ReadonlyMap<number | null, string> {
    const patches = this.patchesSince([...sinces].filter((since) => since !== null));
    let whole: string | undefined;
    const members = new Map<number | null, string>();
    for (const since of sinces) {
      const patch = since === null ? undefined : patches.get(since);
      if (patch !== undefined) members.set(since, `"resumed":true,"patch":${patch}`);
      else members.set(since, (whole ??= `"resumed":false,"state":${this.text}`));
    }
    return members;
  }

  /**
   * The patches from earlier versions to the committed one, as text. The journal is read once, from the
   * oldest of them on. A patch that would be longer than the state replaces the state.
   * @returns by version; a version that the journal does not reach back to, or does not have, is left out
   */
  patchesSince(versions: readonly number[]): ReadonlyMap<number, string> {
    const patches = new Map<number, string>();
    const earlier = new Set(versions.filter((version) => version < this.#version));
    if (versions.includes(this.#version)) patches.set(this.#version, "[]");
    if (earlier.size === 0) return patches;
    let next = this.#version;
    let operations = "";
    for (const { from, to, patch } of this.#storage
      .readChanges(Math.min(...earlier))
      .toReversed()) {
      if (to !== next) break; // a gap: nothing before it leads here
      next = from;
      operations = joined(patch.slice(1, -1), operations);
      if (earlier.has(from)) patches.set(from, shorter(`[${operations}]`, this.#state));
    }
    return patches;
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

/** A patch, or the replacement of the whole state if that is shorter. */
const shorter = (patch: string, { value, bytes }: Sized): string =>
  utf8Bytes(patch) > bytes + 40 ? JSON.stringify(replaceAll(value)) : patch;

/** Operations of two patches as one list, all of them text. */
const joined = (first: string, second: string): string =>
  first === "" || second === "" ? first + second : `${first},${second}`;
