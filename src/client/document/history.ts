// Undo and redo (rule C6): the inverses of this client's edits, moved through whatever has happened since. A value is
// taken back only if it is still the one that the edit made.
//
// Steps are stacked: each leads on from where the one above it leads to. A change of others moves the one on top, then
// the one below, and so on. An edit of one's own moves none: it is put on top of them.

import { inverseOf, type Effect } from "../../protocol/effects.ts";
import type { Operation } from "../../protocol/json-patch.ts";
import { jsonEqual, type JsonValue } from "../../protocol/json.ts";
import { childPointer } from "../../protocol/pointer.ts";
import type { RoomHistory, UndoResult } from "../types.ts";
import type { Recorded, Recorder } from "./draft.ts";
import { MovingOperation } from "./moving-operation.ts";
import type { PendingEdit, PendingOperation } from "./pending-edit.ts";
import { Unfit, type Tree } from "./tree.ts";
import { copyValue } from "./values.ts";

/** Steps that can be undone. */
const depth = 100;
/** Changes after which steps are moved through them, so that these need not be kept. */
const maxChanges = 1000;

/** What there must be for a value to be taken back: a value, nothing (`undefined`), or anything. */
type Expected = { readonly value: JsonValue | undefined } | null;

/** What takes an operation of one's own back. */
type Inverse = {
  readonly own: PendingOperation | undefined;
  readonly moving: MovingOperation;
  readonly expected: Expected;
};

/** Something that has moved what is shown. */
type Change = {
  readonly effects: readonly Effect[];
  /** The operation of one's own that was left out by it, or is there again: what is below knows nothing of either. */
  readonly own: PendingOperation | null;
};

/** Edits that are undone together, the last operation first. */
type Step = {
  readonly inverses: Inverse[];
  readonly edits: Set<PendingEdit>;
  /** What has happened since, and has not moved this step and those below it. */
  readonly changes: Change[];
};

type Made = { readonly edit: PendingEdit; readonly recorded: readonly Recorded[] };

/** How many of the newest inverses of a step are looked through for one of the same value. */
const maxLookedThrough = 16;

export type HistoryPorts = {
  readonly tree: Tree;
  /** Operations that one edit may have. */
  maxOperations(): number;
  /** Make an edit. @returns what was recorded; `null` if nothing was */
  edit(change: (recorder: Recorder) => void): Made | null;
};

export class History implements RoomHistory {
  readonly #ports: HistoryPorts;
  #undo: Step[] = [];
  #redo: Step[] = [];
  #changes = 0;
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
    return [this.#undo, this.#redo]
      .flat()
      .reduce((sum, { changes }) => sum + 1 + changes.length, 0);
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
  }

  undo(): UndoResult {
    return this.#goBack(this.#undo, this.#redo);
  }

  redo(): UndoResult {
    return this.#goBack(this.#redo, this.#undo);
  }

  /** Something has moved in what is shown. @param own the operation of one's own that was left out, or is there again */
  moved(effects: readonly Effect[], own: PendingOperation | null = null): void {
    for (const steps of [this.#undo, this.#redo]) steps.at(-1)?.changes.push({ effects, own });
    if (++this.#changes >= maxChanges) this.#settleAll();
  }

  /** An edit was made. */
  record(edit: PendingEdit, recorded: readonly Recorded[]): void {
    if (this.#mode === "ignored")
      return this.moved(recorded.flatMap(({ applied }) => applied.effect ?? []));
    this.#redo = [];
    const open = this.#undo.at(-1);
    if (open === undefined || open !== this.#open) {
      const step = this.#push(this.#undo, [{ edit, recorded }]);
      if (this.#mode === "together") this.#open = step;
      return;
    }
    this.#settle(this.#undo, this.#undo.length - 1);
    for (const inverse of inversesOf(edit, recorded).toReversed()) prepend(open.inverses, inverse);
    open.edits.add(edit);
  }

  /** The room has refused an edit: there is nothing to undo. */
  forget(edit: PendingEdit): void {
    this.#settleAll();
    const isLeft = ({ edits }: Step): boolean => !edits.delete(edit) || edits.size > 0;
    this.#undo = this.#undo.filter(isLeft);
    this.#redo = this.#redo.filter(isLeft);
  }

  /** @param made what the step has done, in order */
  #push(steps: Step[], made: readonly Made[]): Step {
    const inverses = made.toReversed().flatMap(({ edit, recorded }) => inversesOf(edit, recorded));
    const step = { inverses, edits: new Set(made.map(({ edit }) => edit)), changes: [] };
    if (steps.push(step) > depth) steps.shift();
    return step;
  }

  #goBack(from: Step[], to: Step[]): UndoResult {
    this.#settle(from, from.length - 1);
    const step = from.pop();
    if (step === undefined) return { undone: false, skipped: 0 };
    this.#open = null;
    let skipped = 0;
    // What leads from the state that the others were meant for to the one that there is.
    let missing: readonly Effect[] = [];
    const made: Made[] = [];
    const attempt = ({ moving, expected }: Inverse, recorder: Recorder): void => {
      missing = moving.pass(missing);
      if (this.#attempt(moving, expected, recorder)) return;
      skipped++;
      if (moving.effect !== null) missing = [...missing, inverseOf(moving.effect)];
    };
    try {
      for (const inverses of this.#asEdits(step.inverses)) {
        const edit = this.#ports.edit((recorder) => {
          for (const inverse of inverses) attempt(inverse, recorder);
        });
        if (edit !== null) made.push(edit);
      }
    } catch (error) {
      from.push(step); // it may be tried again
      throw error;
    }
    from.at(-1)?.changes.push({ effects: missing, own: null });
    if (made.length > 0) this.#push(to, made);
    return { undone: made.length > 0, skipped };
  }

  /** A step may be more than the room takes as one edit. */
  #asEdits(inverses: readonly Inverse[]): Inverse[][] {
    const edits: Inverse[][] = [];
    let left = 0;
    for (const inverse of inverses) {
      const count = inverse.moving.operations.length;
      if (edits.length === 0 || count > left) {
        edits.push([]);
        left = this.#ports.maxOperations();
      }
      edits.at(-1)?.push(inverse);
      left -= count;
    }
    return edits;
  }

  #attempt(moving: MovingOperation, expected: Expected, recorder: Recorder): boolean {
    const { tree } = this.#ports;
    const { operations } = moving;
    if (!moving.isApplied || operations.length === 0 || moving.isAstray(tree.root)) return false;
    try {
      for (const operation of operations) {
        if (operation.op === "inc") {
          if (moving.isLost) return false; // others have set the number
          if (operation.by === 0) continue;
        }
        if (expected !== null && !jsonEqual(tree.read(operation.path), expected.value))
          return false;
        recorder.apply(operation);
      }
      return true;
    } catch (error) {
      if (error instanceof Unfit) return false;
      throw error;
    }
  }

  /** Move a step through what has happened since, which is then told to the one below. */
  #settle(steps: readonly Step[], at: number): void {
    const step = steps[at];
    for (const { effects, own } of step?.changes.splice(0) ?? []) {
      const left = passDown(step?.inverses ?? [], effects, own);
      if (left !== null) steps[at - 1]?.changes.push({ effects: left, own });
    }
  }

  #settleAll(): void {
    this.#changes = 0;
    for (const steps of [this.#undo, this.#redo])
      for (let at = steps.length - 1; at >= 0; at--) this.#settle(steps, at);
  }
}

/** @returns the effects for what is below; `null` if these inverses have the one of `own` */
function passDown(
  inverses: readonly Inverse[],
  effects: readonly Effect[],
  own: PendingOperation | null,
): readonly Effect[] | null {
  let left = effects;
  for (const inverse of inverses) {
    if (own !== null && inverse.own === own) {
      inverse.moving.isApplied = !inverse.moving.isApplied;
      return null;
    }
    left = inverse.moving.pass(left);
  }
  return left;
}

/**
 * Add the inverse of the newest operation of a step. Of several that set the same value, the oldest says what it was, and
 * the newest what it is: a drag is one.
 */
function prepend(inverses: Inverse[], newest: Inverse): void {
  const [operation] = newest.moving.operations;
  for (const [at, { moving, expected }] of inverses.slice(0, maxLookedThrough).entries()) {
    const [older] = moving.operations;
    if (moving.effect?.kind !== "exchange" || newest.moving.effect?.kind !== "exchange") break;
    if (expected === null || older?.op !== "replace" || operation?.op !== "replace") break;
    if (older.path === operation.path) {
      inverses[at] = { own: newest.own, moving, expected: newest.expected };
      return;
    }
    if (isWithin(older.path, operation.path) || isWithin(operation.path, older.path)) break;
  }
  inverses.unshift(newest);
}

const isWithin = (path: string, above: string): boolean => path.startsWith(`${above}/`);

/** What takes an edit back, the last operation first. */
const inversesOf = (edit: PendingEdit, recorded: readonly Recorded[]): Inverse[] =>
  recorded
    .map((each, at) => {
      const { effect } = each.applied;
      const { inverse, expected } = inverseOperation(each);
      const moving = new MovingOperation(inverse, effect && inverseOf(effect));
      return { own: edit.operations[at], moving, expected };
    })
    .toReversed();

/** What takes an operation back, and what there must be for it. */
function inverseOperation({ operation, applied }: Recorded): {
  readonly inverse: Operation;
  readonly expected: Expected;
} {
  const { effect, old } = applied;
  const { path } = operation;
  switch (operation.op) {
    case "inc": {
      // What was added is not always what had to be: 0.1 + 0.2 - 0.2 is not 0.1.
      const [before, now] = [old as number, (old as number) + operation.by];
      return now + (before - now) === before
        ? { inverse: { op: "inc", path, by: before - now || 0 }, expected: null }
        : { inverse: { op: "replace", path, value: before }, expected: { value: now } };
    }
    case "str_ins": {
      const { pos, str } = operation;
      return { inverse: { op: "str_del", path, pos, len: str.length }, expected: null };
    }
    case "str_del": {
      const { pos, len } = operation;
      const str = (old as string).slice(pos, pos + len);
      return { inverse: { op: "str_ins", path, pos, str }, expected: null };
    }
    case "move": {
      const to = effect?.kind === "move" ? effect.to : [];
      const from = to.reduce(childPointer, "");
      return { inverse: { op: "move", from, path: operation.from }, expected: null };
    }
    case "remove": {
      const expected = effect?.kind === "take" ? null : { value: undefined };
      return { inverse: { op: "add", path, value: copyValue(old, path) }, expected };
    }
    default: {
      // An item that was appended has an index by now.
      const at = effect?.kind === "insert" ? [...effect.container, `${effect.index}`] : null;
      const expected = { value: "value" in operation ? operation.value : undefined };
      return old === undefined
        ? { inverse: { op: "remove", path: at?.reduce(childPointer, "") ?? path }, expected }
        : { inverse: { op: "replace", path, value: copyValue(old, path) }, expected };
    }
  }
}
