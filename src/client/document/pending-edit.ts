// An edit that the room does not have yet: its operations, each on top of those before it, and what they have done to
// the tree. The replica takes edits back before a change comes in, and applies them again after it.

import { inverseOf, type Effect } from "../../protocol/effects.ts";
import type { Operation, Patch } from "../../protocol/json-patch.ts";
import { jsonEqual, type JsonValue } from "../../protocol/json.ts";
import { Recorder, type Recipe, type Recorded } from "./draft.ts";
import { MovingOperation } from "./moving-operation.ts";
import { Unfit, type Applied, type Tree } from "./tree.ts";

/** One operation of an edit. */
export class PendingOperation extends MovingOperation {
  /** The value that it puts into the tree: the same object each time, so that a revert stays invisible. */
  readonly value: JsonValue | undefined;
  #applied: readonly Applied[];

  constructor({ operation, applied, value }: Recorded) {
    super(operation, applied.effect);
    this.value = value;
    this.#applied = [applied];
  }

  /** Apply it once more. @returns false if others are the reason why that is not possible @throws Unfit otherwise */
  apply(tree: Tree): boolean {
    const applied: Applied[] = [];
    this.#applied = applied;
    if (this.isAstray(tree.root)) return false;
    try {
      for (const operation of this.operations) applied.push(tree.apply(this.withValue(operation)));
    } catch (error) {
      this.revert(tree);
      if (error instanceof Unfit && this.isLost) return false;
      throw error;
    }
    this.effect = applied[0]?.effect ?? null;
    return true;
  }

  /** Take it back, after whatever was applied later. */
  revert(tree: Tree): void {
    for (const each of this.#applied.toReversed()) tree.revert(each);
    this.#applied = [];
  }

  /** An operation that puts the same into the tree as this one, with this one's object. */
  withValue(operation: Operation): Operation {
    return "value" in operation ? { ...operation, value: this.value as JsonValue } : operation;
  }

  /** Whether a change of the room is this operation, from an index on, as far as one can see. */
  matches(patch: Patch, at: number): boolean {
    const own = this.operations;
    return (
      own.length > 0 &&
      own.length <= patch.length - at &&
      own.every((each, index) => isSameOperation(each, patch[at + index] as Operation))
    );
  }
}

/**
 * Called when an operation is dropped or returns. Later operations were made on top of a different state.
 * @param effects what is different there
 */
export type Tell = (after: PendingOperation | null, effects: readonly Effect[]) => void;

export class PendingEdit {
  /** Whether it is left out of what is shown. It is moved along all the same. */
  isSuspended = false;
  #operations: PendingOperation[];
  /** Makes the operations anew each time: what an action is expected to do. `null` for an edit. */
  readonly #replay: Recipe | null;

  constructor(recorded: readonly Recorded[], replay: Recipe | null = null) {
    this.#operations = recorded.map((each) => new PendingOperation(each));
    this.#replay = replay;
  }

  /** Those that the room is not known to have. */
  get operations(): readonly PendingOperation[] {
    return this.#operations;
  }

  /** The room has this operation. */
  remove(operation: PendingOperation): void {
    this.#operations = this.#operations.filter((each) => each !== operation);
  }

  /** Whether it is what an action is expected to do. The room may do something else. */
  get isOptimistic(): boolean {
    return this.#replay !== null;
  }

  /** Whether it and a change have nothing to do with each other. */
  isApartFrom(effect: Effect): boolean {
    return (
      !this.isOptimistic &&
      this.#operations.every((each) => each.isApplied && each.isApartFrom(effect))
    );
  }

  revert(tree: Tree): void {
    for (const operation of this.#operations.toReversed()) operation.revert(tree);
  }

  /**
   * Apply it once more. As the room does, what others have made impossible is left out; what is impossible otherwise
   * takes the whole edit with it.
   * @param tell is told how this differs from the last time, for what was made on top of it
   */
  apply(tree: Tree, tell: Tell): void {
    if (this.#replay !== null) return this.#applyAnew(tree, this.#replay, tell);
    if (this.isSuspended) return this.#leaveOut(tell);
    let isWhole = true;
    for (const operation of this.#operations) {
      try {
        setApplied(operation, operation.apply(tree), tell);
      } catch (error) {
        if (!(error instanceof Unfit)) throw error;
        setApplied(operation, false, tell);
        isWhole = false;
      }
    }
    if (isWhole) return;
    this.revert(tree);
    this.#leaveOut(tell);
  }

  #leaveOut(tell: Tell): void {
    for (const operation of this.#operations) setApplied(operation, false, tell);
  }

  #applyAnew(tree: Tree, replay: Recipe, tell: Tell): void {
    const recorder = new Recorder(tree);
    try {
      recorder.run(replay);
    } catch {
      recorder.revert();
    }
    recorder.close();
    const before = this.#operations;
    const { recorded } = recorder;
    const made = recorded.map(({ operation }) => operation);
    const isAsBefore =
      before.length === recorded.length && before.every((each, at) => each.matches(made, at));
    this.#operations = recorded.map((each) => new PendingOperation(each));
    if (isAsBefore) return;
    const gone = before.flatMap(({ effect }) => (effect === null ? [] : [inverseOf(effect)]));
    const come = recorded.flatMap(({ applied }) => applied.effect ?? []);
    tell(this.#operations.at(-1) ?? null, [...gone.toReversed(), ...come]);
  }
}

function setApplied(operation: PendingOperation, isApplied: boolean, tell: Tell): void {
  if (operation.isApplied === isApplied) return;
  operation.isApplied = true;
  const difference = isApplied ? operation.effect : operation.inverse;
  operation.isApplied = isApplied;
  tell(operation, difference === null ? [] : [difference]);
}

/** Whether two operations are the same; "-" is any index. */
function isSameOperation(own: Operation, other: Operation): boolean {
  if (own.op !== other.op) return false;
  const isPlace =
    own.path === other.path ||
    (own.path.endsWith("/-") &&
      /^\d+$/.test(other.path.slice(own.path.length - 1)) &&
      other.path.startsWith(own.path.slice(0, -1)));
  const { path: _own, ...rest } = own;
  const { path: _other, ...others } = other;
  return isPlace && jsonEqual(rest, others);
}
