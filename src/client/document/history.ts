// Undo and redo (rule C6): the inverses of this client's edits, moved through whatever has happened since. A value is
// taken back only if it is still the one that the edit made.

import { inverseOf, parentOf, type Effect } from "../../protocol/effects.ts";
import { effectAfter, mayMove } from "../../protocol/moves.ts";
import type { Operation } from "../../protocol/json-patch.ts";
import type { JsonValue } from "../../protocol/json.ts";
import { parsePointer } from "../../protocol/pointer.ts";
import type { RoomHistory, UndoResult } from "../types.ts";
import type { Recorded, Recorder } from "./draft.ts";
import { MovingOperation } from "./moving-operation.ts";
import type { PendingEdit } from "./pending-edit.ts";
import { Unfit, type Tree } from "./tree.ts";
import { copyValue, isSame } from "./values.ts";

/** Steps that can be undone. */
const depth = 100;
/** Changes after which steps are moved through them, so that these need not be kept. */
const maxChanges = 1000;

/** What there must be for a value to be taken back: a value, nothing (`undefined`), or anything. */
type Expected = { readonly value: JsonValue | undefined } | null;

type Inverse = { readonly moving: MovingOperation; readonly expected: Expected };

/** Something that has moved what is shown. */
type Change = {
  readonly effects: readonly Effect[];
  /** A change before it that it takes back exactly. */
  cancels: Change | null;
};

/** Edits that are undone together, the last operation first. */
type Step = {
  inverses: readonly Inverse[];
  readonly edits: Set<PendingEdit>;
  /** What it takes back; `null` if that was more than one change. */
  change: Change | null;
  /** How many of the changes since it was made have moved it. */
  seen: number;
};

export type HistoryPorts = {
  readonly tree: Tree;
  /** Make an edit. @returns what was recorded; `null` if nothing was */
  edit(
    change: (recorder: Recorder) => void,
  ): { readonly edit: PendingEdit; readonly recorded: readonly Recorded[] } | null;
};

export class History implements RoomHistory {
  readonly #ports: HistoryPorts;
  #undo: Step[] = [];
  #redo: Step[] = [];
  #changes: Change[] = [];
  #mode: "each" | "together" | "ignored" = "each";
  /** The step that edits are added to, while they make one together. */
  #open: Step | null = null;

  constructor(ports: HistoryPorts) {
    this.#ports = ports;
  }

  get canUndo(): boolean {
    return this.#undo.length > 0;
  }

  get canRedo(): boolean {
    return this.#redo.length > 0;
  }

  /** Changes and steps that it keeps. */
  get size(): number {
    return this.#changes.length + this.#undo.length + this.#redo.length;
  }

  pause(): void {
    this.#mode = "together";
    this.#open = null;
  }

  resume(): void {
    this.#mode = "each";
    this.#open = null;
  }

  ignore<R>(run: () => R): R {
    const mode = this.#mode;
    this.#mode = "ignored";
    try {
      return run();
    } finally {
      this.#mode = mode;
    }
  }

  clear(): void {
    this.#undo = [];
    this.#redo = [];
    this.#changes = [];
    this.#open = null;
  }

  undo(): UndoResult {
    return this.#goBack(this.#undo, this.#redo);
  }

  redo(): UndoResult {
    return this.#goBack(this.#redo, this.#undo);
  }

  /** Something has moved in what is shown. */
  moved(effects: readonly Effect[]): void {
    if (!this.canUndo && !this.canRedo) return;
    this.#changes.push({ effects, cancels: null });
    if (this.#changes.length < maxChanges) return;
    for (const step of [...this.#undo, ...this.#redo]) {
      this.#bringUpToDate(step);
      step.seen = 0;
    }
    this.#changes = [];
  }

  /** An edit was made, and its effects were told of. */
  record(edit: PendingEdit, recorded: readonly Recorded[]): void {
    if (this.#mode === "ignored") return;
    this.#redo = [];
    this.#add(this.#undo, edit, recorded, this.#changes.at(-1) ?? null);
  }

  /** The room has refused an edit: there is nothing to undo. */
  forget(edit: PendingEdit): void {
    const isLeft = ({ edits }: Step): boolean => !edits.delete(edit) || edits.size > 0;
    this.#undo = this.#undo.filter(isLeft);
    this.#redo = this.#redo.filter(isLeft);
  }

  #add(
    steps: Step[],
    edit: PendingEdit,
    recorded: readonly Recorded[],
    change: Change | null,
  ): void {
    const inverses = recorded.toReversed().flatMap(inversesOf);
    const open = this.#open;
    if (open !== null && steps.at(-1) === open) {
      this.#bringUpToDate(open);
      open.inverses = [...inverses, ...open.inverses];
      open.edits.add(edit);
      open.change = null;
      return;
    }
    const step = { inverses, edits: new Set([edit]), change, seen: this.#changes.length };
    steps.push(step);
    if (steps.length > depth) steps.shift();
    if (this.#mode === "together" && steps === this.#undo) this.#open = step;
  }

  #goBack(from: Step[], to: Step[]): UndoResult {
    const step = from.pop();
    if (step === undefined) return { undone: false, skipped: 0 };
    this.#open = null;
    this.#bringUpToDate(step);
    let skipped = 0;
    const count = this.#changes.length;
    const made = this.#ports.edit((recorder) => {
      skipped = this.#apply(step.inverses, recorder);
    });
    const change = this.#changes[count] ?? null;
    if (change !== null && skipped === 0) change.cancels = step.change;
    if (made !== null) this.#add(to, made.edit, made.recorded, change);
    return { undone: made !== null, skipped };
  }

  /** @returns how many were skipped */
  #apply(inverses: readonly Inverse[], recorder: Recorder): number {
    let skipped = 0;
    for (const [index, { moving, expected }] of inverses.entries()) {
      const { operations, effect } = moving;
      let isDone = operations.length > 0 && !moving.isAstray(this.#ports.tree.root);
      for (const operation of operations) isDone &&= this.#attempt(operation, expected, recorder);
      if (isDone) continue;
      skipped++;
      // The others were meant on top of it.
      let missing: readonly Effect[] = effect === null ? [] : [inverseOf(effect)];
      for (const later of inverses.slice(index + 1)) missing = later.moving.pass(missing);
    }
    return skipped;
  }

  #attempt(operation: Operation, expected: Expected, recorder: Recorder): boolean {
    try {
      if (expected !== null && !isSame(this.#valueAt(operation.path), expected.value)) return false;
      recorder.apply(operation);
      return true;
    } catch (error) {
      if (error instanceof Unfit) return false;
      throw error;
    }
  }

  #valueAt(path: string): JsonValue | undefined {
    const tokens = parsePointer(path) ?? [];
    this.#ports.tree.read(parentOf(tokens)); // what it is in has to be there
    try {
      return this.#ports.tree.read(tokens);
    } catch {
      return undefined;
    }
  }

  #bringUpToDate(step: Step): void {
    let effects = effectsOf(this.#changes.slice(step.seen));
    step.seen = this.#changes.length;
    if (effects.length === 0) return;
    for (const { moving } of step.inverses) effects = moving.pass(effects);
  }
}

/** What changes come to, without those that cancel each other. */
function effectsOf(changes: readonly Change[]): readonly Effect[] {
  const left: { readonly change: Change; effects: readonly Effect[] }[] = [];
  for (const change of changes) {
    const at = left.findIndex((each) => each.change === change.cancels);
    if (at < 0) {
      left.push({ change, effects: change.effects });
      continue;
    }
    let undone = (left[at]?.effects ?? []).map(inverseOf).toReversed();
    for (const between of left.splice(at).slice(1)) {
      const passed = passBoth(between.effects, undone);
      left.push({ change: between.change, effects: passed.first });
      undone = passed.second;
    }
  }
  return left.flatMap(({ effects }) => effects);
}

/** Two lists of effects that start at the same place: each, as it is on top of the other. */
function passBoth(
  first: readonly Effect[],
  second: readonly Effect[],
): { readonly first: readonly Effect[]; readonly second: Effect[] } {
  let [mine, theirs] = [[...first], [...second]];
  const out: Effect[] = [];
  while (mine.length > 0) {
    const [one, ...rest] = mine as [Effect, ...Effect[]];
    let moved: readonly Effect[] = [one];
    const next: Effect[] = [];
    for (const each of theirs) {
      next.push(
        ...moved.reduce<readonly Effect[]>(
          (passed, by) => passed.flatMap((effect) => after(effect, by)),
          [each],
        ),
      );
      moved = moved.flatMap((effect) => after(effect, each));
    }
    out.push(...moved);
    theirs = next;
    mine = rest;
  }
  return { first: out, second: theirs };
}

const after = (effect: Effect, by: Effect): readonly Effect[] =>
  mayMove(effect, by) ? effectAfter(effect, by) : [effect];

/** What takes an operation back, and what there must be for it. */
function inversesOf({ operation, applied }: Recorded): readonly Inverse[] {
  const { effect, old } = applied;
  const { path } = operation;
  const before = old === undefined ? undefined : copyValue(old, "");
  const back = (inverse: Operation, expected: Expected): readonly Inverse[] => [
    { moving: new MovingOperation(inverse, effect && inverseOf(effect)), expected },
  ];
  switch (operation.op) {
    case "add": {
      const expected = { value: operation.value };
      if (effect?.kind === "insert") {
        const at = [...effect.container, String(effect.index)];
        return back({ op: "remove", path: pointerOf(at) }, expected);
      }
      return before === undefined
        ? back({ op: "remove", path }, expected)
        : back({ op: "add", path, value: before }, expected);
    }
    case "replace":
      return before === undefined
        ? []
        : back({ op: "replace", path, value: before }, { value: operation.value });
    case "remove": {
      if (before === undefined) return [];
      const isItem = effect?.kind === "take";
      return back({ op: "add", path, value: before }, isItem ? null : { value: undefined });
    }
    case "move":
      return effect?.kind === "move"
        ? back({ op: "move", from: pointerOf(effect.to), path: operation.from }, null)
        : [];
    case "inc":
      return back({ op: "inc", path, by: -operation.by }, null);
    case "str_ins":
      return back({ op: "str_del", path, pos: operation.pos, len: operation.str.length }, null);
    case "str_del":
      return typeof before === "string"
        ? back({ op: "str_ins", path, pos: operation.pos, str: before }, null)
        : [];
    case "copy":
    case "test":
      return [];
    default:
      return operation satisfies never;
  }
}

const pointerOf = (tokens: readonly string[]): string =>
  tokens.map((token) => `/${token.replaceAll("~", "~0").replaceAll("/", "~1")}`).join("");
