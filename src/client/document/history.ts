// Undo and redo (rule C6): the inverses of this client's edits, moved through whatever has happened since. A value is
// taken back only if it is still the one that the edit made; a number, also if others have added to it.
//
// Steps are stacked: each leads on from where the one above it leads to. A change of others moves the one on top, then
// the one below, and so on. An edit of one's own moves none: it is put on top of them.

import { inverseOf, type Effect } from "../../protocol/effects.ts";
import { jsonEqual, type JsonValue } from "../../protocol/json.ts";
import type { RoomHistory, UndoResult } from "../types.ts";
import type { Recorded, Recorder } from "./draft.ts";
import { inversesOf, joined, type Inverse, type Made } from "./inverses.ts";
import type { PendingEdit, PendingOperation } from "./pending-edit.ts";
import { Unfit, type Tree } from "./tree.ts";

/** Steps that can be undone. */
const depth = 100;
/** Changes after which steps are moved through them, so that these need not be kept. */
const maxChanges = 1000;
/** UTF-16 units of operations that are undone in one edit. */
const maxSize = 50_000;

/** Something that has moved what is shown. */
type Change = {
  readonly effects: readonly Effect[];
  /** The operation of one's own that was left out, or is there again. It moves no step below the one that undoes it. */
  readonly own: PendingOperation | null;
};

/** Edits that are undone together, the last operation first. */
type Step = {
  inverses: readonly Inverse[];
  readonly edits: Set<PendingEdit>;
  /** The effects since then. This step and those below it have yet to be moved through it. */
  readonly changes: Change[];
};

type HistoryPorts = {
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
    open.inverses = [...inversesOf({ edit, recorded }), ...open.inverses];
    open.edits.add(edit);
  }

  /** An edit was refused or discarded: there is nothing to undo. */
  forget(edit: PendingEdit): void {
    this.#settleAll();
    const isLeft = ({ edits }: Step): boolean => !edits.delete(edit) || edits.size > 0;
    this.#undo = this.#undo.filter(isLeft);
    this.#redo = this.#redo.filter(isLeft);
  }

  /** @param made the last one first */
  #push(steps: Step[], made: readonly Made[]): Step {
    const edits = new Set(made.map(({ edit }) => edit));
    const step = { inverses: made.flatMap(inversesOf), edits, changes: [] };
    if (steps.push(step) > depth) steps.shift();
    return step;
  }

  #goBack(from: Step[], to: Step[]): UndoResult {
    this.#settle(from, from.length - 1);
    const step = from.pop();
    if (step === undefined) return { undone: false, skipped: 0 };
    this.#open = null;
    const inverses = joined(step.inverses);
    const made: Made[] = [];
    let skipped = 0;
    // The effects that lead from the state that the other steps were made for to the current one.
    let missing: readonly Effect[] = [];
    let at = 0;
    const change = (recorder: Recorder): void => {
      const { recorded } = recorder;
      let size = 0;
      for (; at < inverses.length; at++) {
        const inverse = inverses[at] as Inverse;
        const { moving } = inverse;
        size += JSON.stringify(moving.operations).length;
        // The rest is another edit. An operation may have become several by now.
        const isFull = size > maxSize || recorded.length * 2 >= this.#ports.maxOperations();
        if (isFull && recorded.length > 0) return;
        missing = moving.pass(missing);
        if (this.#attempt(inverse, recorder)) continue;
        skipped++;
        if (moving.effect !== null) missing = [...missing, inverseOf(moving.effect)];
      }
    };
    try {
      while (at < inverses.length) {
        const edit = this.#ports.edit(change);
        if (edit !== null) made.unshift(edit);
      }
    } catch (error) {
      from.push(step); // it may be tried again
      throw error;
    }
    from.at(-1)?.changes.push({ effects: missing, own: null });
    if (made.length > 0) this.#push(to, made);
    return { undone: made.length > 0, skipped };
  }

  #attempt({ moving, expected, old, by }: Inverse, recorder: Recorder): boolean {
    const { tree } = this.#ports;
    const { operations } = moving;
    if (!moving.isApplied || operations.length === 0 || moving.isAstray(tree.root)) return false;
    try {
      for (const operation of operations) {
        const read = (): JsonValue | undefined => tree.read(operation.path);
        const isExpected = expected === null || jsonEqual(read(), expected.value);
        if (operation.op !== "inc") {
          if (!isExpected) return false;
          recorder.apply(operation);
        } else if (isExpected) {
          // A sum is rounded: it may take two to come to the very number that was there before.
          do recorder.apply({ ...operation, by: (old as number) - (read() as number) });
          while (read() !== old);
        } else {
          if (moving.isLost) return false; // somebody else has set it
          recorder.apply({ ...operation, by });
        }
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
