// The JSON state of a room: in memory, and as a history in storage. A change is planned, then staged: it is applied
// in memory and becomes the *head*, which only actions, hooks and later changes see. `commit` writes everything
// that is staged as one row; only then is it the state. Changes are applied in place, so there is no earlier state
// to go back to: if a write fails, the room restarts.

import type { Change } from "../../protocol/history.ts";
import type { Operation, Sized } from "../../protocol/json-patch.ts";
import { utf8Bytes, type JsonObject } from "../../protocol/json.ts";
import { CollabError } from "../../protocol/errors.ts";
import type { Limits } from "../../protocol/limits.ts";
import { encodeAuthors, type Author } from "../../model/authors.ts";
import { movesOf, type Effect } from "../../protocol/effects.ts";
import { sizesByVersion, squash } from "../../protocol/squash.ts";
import {
  planChange,
  planReturned,
  type ChangeContext,
  type ChangeRequest,
  type PlannedChange,
  type StateCheck,
} from "../../model/change.ts";
import { freezeState, widthOf } from "../../model/freeze.ts";
import { emptyState, rebuild, snapshotDue, type Rebuilt } from "../../model/history.ts";
import { maxRowBytes } from "../../storage/bytes.ts";
import type { RoomPorts } from "../ports.ts";
import type { RoomDocument, WelcomeContent } from "./document.ts";
import { changesSince, patchesSince } from "./journal.ts";
import { RecentEffects } from "./recent-effects.ts";

type Storage = RoomPorts["storage"];

/** An operation, encoded at once, because a later change may alter the value that it has set. */
type StagedOperation = Pick<Operation, "op" | "path"> & {
  readonly text: string;
  readonly effect: Effect | null;
  /** The index of the staged change that it is part of. */
  readonly change: number;
};

/** Changes that are applied in memory but not yet written. */
type Staged = {
  /** For each change, the number of operations up to its end. */
  readonly ends: number[];
  readonly operations: StagedOperation[];
  /** One for each change. */
  readonly authors: (Author | undefined)[];
  characters: number;
};

/** The outcome of a change request. */
export type ChangeOutcome = {
  /** The head's version after it. */
  readonly version: number;
  /** Indexes of the operations that were left out, because their targets are gone (rule E2). */
  readonly dropped: readonly number[];
};

/** Bytes up to which a returning session gets its patch, even if the whole state would be shorter. */
const minShortened = 4096;

export class JsonDocument implements RoomDocument {
  readonly #storage: Storage;
  #state: Sized;
  #version: number;
  #journalBytes: number;
  #journalChanges: number;
  #snapshotBytes: number;
  #text: string | undefined;
  #staged: Staged | null = null;
  readonly #recent: RecentEffects;
  #journalStart = 0;

  /** Whether storage does not hold this state yet. */
  #unwritten = false;

  private constructor(storage: Storage, rebuilt: Omit<Rebuilt, "unreadable" | "lost">) {
    this.#storage = storage;
    this.#state = rebuilt.state;
    this.#version = rebuilt.version;
    this.#journalBytes = rebuilt.journalBytes;
    this.#journalChanges = rebuilt.journalChanges;
    this.#snapshotBytes = rebuilt.snapshotBytes;
    this.#recent = new RecentEffects(rebuilt.version, (after) => storage.readChanges(after));
  }

  /** A document whose history starts now, with `{}` at version 0. */
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
   * Open the last good version in storage. Unreadable records are quarantined.
   * @returns the document, the number of quarantined records, and the number of lost versions
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

  /** The committed state as compact JSON, encoded once per version. Not available while something is staged. */
  get text(): string {
    this.#text ??= JSON.stringify(this.#state.value);
    return this.#text;
  }

  /**
   * Use the state that a starting room has loaded. Nothing is written before `writeInitial`, because the start may
   * still be refused.
   * @param version of that state
   */
  load(state: Sized, version: number): void {
    this.#adopt(state, version);
    this.#recent.reset(version);
    this.#unwritten = true;
  }

  /** Use the initial state of a new room; see `load`. */
  begin(state: JsonObject | null): void {
    if (state === null) return;
    this.load(
      {
        value: JSON.parse(JSON.stringify(state)) as JsonObject,
        bytes: utf8Bytes(JSON.stringify(state)),
      },
      0,
    );
  }

  writeInitial(): void {
    if (!this.#unwritten) return;
    this.#storage.writeSnapshot({ version: this.#version, text: this.text });
    this.#unwritten = false;
    this.#snapshotTaken();
  }

  get headVersion(): number {
    return this.#version + (this.#staged?.ends.length ?? 0);
  }

  get journalStart(): number {
    return this.#journalStart;
  }

  get isStaged(): boolean {
    return this.#staged !== null;
  }

  get stagedCharacters(): number {
    return this.#staged?.characters ?? 0;
  }

  /**
   * Stage a change that a client requests (rules S3, S5, S6, E1).
   * @param ifVersion the version that the head must have; omit it to accept any
   * @throws CollabError `version_conflict`, `patch_failed`, `too_large`, `invalid_state`, `base_too_old`,
   * `target_gone`; nothing has changed then
   */
  change(
    request: ChangeRequest,
    ifVersion: number | undefined,
    limits: Limits,
    context: Omit<ChangeContext, "effectsSince"> = {},
    author?: Author,
  ): ChangeOutcome {
    if (ifVersion !== undefined && ifVersion !== this.headVersion)
      throw new CollabError("version_conflict", {
        detail: `The state has version ${this.headVersion}, not the expected one. Read it again before you retry.`,
      });
    const { change, dropped } = planChange(this.#state, request, limits, {
      ...context,
      effectsSince: (version) => this.#effectsSince(version),
    });
    return { version: this.#stage(change, author), dropped };
  }

  /**
   * Stage the next state that the author's code has returned.
   * @returns the head's version after it
   * @throws CollabError `invalid_state`, `too_large`; nothing has changed then
   */
  changeTo(
    returned: unknown,
    limits: Limits,
    check: StateCheck | null = null,
    author?: Author,
  ): number {
    return this.#stage(planReturned(this.#state, returned, limits, check), author);
  }

  #stage(planned: PlannedChange | null, author: Author | undefined): number {
    if (planned !== null) this.stage(planned, author);
    return this.headVersion;
  }

  /** How all changes since a version, including staged ones, have moved positions. */
  #effectsSince(base: number): readonly Effect[] {
    if (base > this.headVersion)
      throw new CollabError("version_conflict", {
        detail: `The patch is based on version ${base}, and the state has version ${this.headVersion}. Read it again.`,
      });
    const { operations = [], ends = [] } = this.#staged ?? {};
    const first = base <= this.#version ? 0 : (ends[base - this.#version - 1] ?? 0);
    const effects = base < this.#version ? this.#recent.since(base) : [];
    for (let at = first; at < operations.length; at++) {
      const effect = operations[at]?.effect;
      if (effect) effects.push(effect);
    }
    return effects;
  }

  /** Stage a planned change. It takes effect once `commit` has written it. */
  stage({ applied, next }: PlannedChange, author?: Author): void {
    const staged = (this.#staged ??= { ends: [], operations: [], authors: [], characters: 0 });
    for (const { operation, effect } of applied) {
      const text = JSON.stringify(operation);
      const { op, path } = operation;
      staged.operations.push({ op, path, text, effect, change: staged.ends.length });
      staged.characters += text.length;
    }
    staged.ends.push(staged.operations.length);
    staged.authors.push(author);
    this.#state = next;
  }

  /** Writes one row, unless a snapshot is due. */
  commit(requests?: string, at?: number): Change | null {
    if (this.#staged === null) return null;
    const from = this.#version;
    const to = this.headVersion;
    const operations = squash(this.#staged.operations);
    const patch = `[${operations.map(({ text }) => text).join(",")}]`;
    const effects = operations.map(({ effect }) => effect);
    const moves = movesOf(effects);
    const sizes = sizesByVersion(operations, to - from);
    const authors = this.#staged.authors.filter((author) => author !== undefined);
    const change: Change = {
      from,
      to,
      patch,
      ...(moves && { moves }),
      ...(sizes && { sizes }),
      ...(requests && { requests }),
      ...(at !== undefined && { at }),
      ...(authors.length > 0 && { authors: encodeAuthors(authors) }),
    };
    const patchBytes = utf8Bytes(patch);
    // If the patch does not fit into one row, the state is written instead.
    const fits = patchBytes <= maxRowBytes;
    const journalBytes = this.#journalBytes + patchBytes + utf8Bytes(requests ?? "");
    const journalChanges = this.#journalChanges + 1;
    const snapshotBytes = this.#snapshotBytes;
    if (fits && !snapshotDue({ journalBytes, journalChanges, snapshotBytes })) {
      this.#storage.appendChange(change);
      this.#adopt(this.#state, to);
      this.#journalBytes = journalBytes;
      this.#journalChanges = journalChanges;
      this.#recent.append({ from, to, effects: effects.flatMap((effect) => effect ?? []) });
    } else {
      const text = JSON.stringify(this.#state.value);
      this.#storage.atomically(() => {
        if (fits) this.#storage.appendChange(change);
        this.#journalStart = this.#storage.writeSnapshot({ version: to, text });
      });
      this.#adopt(this.#state, to);
      this.#snapshotTaken();
      this.#recent.reset(to); // the journal reaches back less far now
    }
    return change;
  }

  welcomeContents(sinces: ReadonlySet<number | null>): ReadonlyMap<number | null, WelcomeContent> {
    const patches = this.patchesSince([...sinces].filter((since) => since !== null));
    const whole = (): string => `"state":${this.text}`;
    const contents = new Map<number | null, WelcomeContent>();
    for (const since of sinces) {
      const patch = since === null ? undefined : patches.get(since);
      const isResumed = patch !== undefined;
      // Only a session that resumes may get the whole state instead of a longer patch (rule E7).
      const isLong = isResumed && utf8Bytes(patch) > Math.max(this.#state.bytes, minShortened);
      const content = isResumed && !isLong ? `"patch":${patch}` : whole();
      contents.set(since, { isResumed, members: `"resumed":${isResumed},${content}` });
    }
    return contents;
  }

  /** The patches from earlier versions to the committed one; see `journal.ts`. */
  patchesSince(versions: readonly number[]): ReadonlyMap<number, string> {
    return patchesSince(this.#storage, this.#version, versions);
  }

  /** The committed changes after a version; see `journal.ts`. */
  changesSince(version: number): readonly Change[] | null {
    return changesSince(this.#storage, this.#version, version);
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
