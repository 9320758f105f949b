// The client's document (rules C2, C3): the room's state, with this client's pending edits on top of it.
//
//   the room's state ──edits, each on top of the one before──▶ what is shown ──▶ frozen snapshot
//
// Both are one tree. Before a change comes in, the edits are taken back; it is applied, the edits are moved through it,
// and they are applied again. A change that has nothing to do with any of them is applied on top. A change that is an
// own edit takes its place.

import { inverseOf, type Effect } from "../../protocol/effects.ts";
import type { Operation, Patch } from "../../protocol/json-patch.ts";
import type { JsonObject } from "../../protocol/json.ts";
import { parsePointer } from "../../protocol/pointer.ts";
import type { PendingEdit, PendingOperation, Tell } from "./pending-edit.ts";
import { reconcile } from "./reconcile.ts";
import { Tree, Unfit, type Applied } from "./tree.ts";
import { UncertainEffects } from "./uncertain-effects.ts";

/** Edits that are part of what has come in, with the version that has them; `null` if that is unknown. */
export type Accepted = ReadonlyMap<PendingEdit, number | null>;

/** The decisions about edits. */
export type Outcome = {
  /** No longer pending: the room has them, or has refused them. Their remaining operations are dropped. */
  readonly done: ReadonlySet<PendingEdit>;
  /** Those of them that are part of what has come in. */
  readonly accepted: Accepted;
  /** Those of them that have left the room's state as it was. */
  readonly idle: ReadonlySet<PendingEdit>;
};

type Found = { readonly edit: PendingEdit; readonly operation: PendingOperation };

export class Replica {
  readonly tree = new Tree();
  #edits: PendingEdit[] = [];
  /** Whether the edits are applied to the tree. */
  #isShown = true;
  readonly #onMoved: Tell;

  /** @param onMoved is told what others, or their edits, have done to positions in what is shown */
  constructor(onMoved: Tell) {
    this.#onMoved = onMoved;
  }

  /** In the order in which they were made. */
  get edits(): readonly PendingEdit[] {
    return this.#edits;
  }

  /** Add an edit that has been applied to the tree. */
  add(edit: PendingEdit): void {
    this.#edits.push(edit);
  }

  /**
   * Take in what the room has sent.
   * @param take calls `change` and `begin` for what it was sent, in order
   */
  receive(take: () => void, { done, accepted, idle }: Outcome): void {
    if (done.size > 0) this.#hide();
    take();
    for (const edit of done) this.#drop(edit, accepted.has(edit), idle.has(edit));
    this.#show();
  }

  /** Take the edits back, so that the tree is the room's state. */
  #hide(): void {
    if (!this.#isShown) return;
    this.#isShown = false;
    for (const edit of this.#edits.toReversed()) edit.revert(this.tree);
  }

  #show(): void {
    if (this.#isShown) return;
    this.#isShown = true;
    for (const edit of this.#edits) edit.apply(this.tree, this.#tell);
  }

  /**
   * Apply a change of the room.
   * @param accepted edits that are part of it, as far as they are not yet recognised
   * @param versions of the operations, as far as they are known
   * @throws Unfit
   */
  change(patch: Patch, accepted: Accepted, versions: readonly number[] = []): void {
    for (let at = 0; at < patch.length;) {
      const own = this.#find(patch, at, accepted, versions[at]);
      if (own) this.#passOver(own.operation, accepted);
      const count = own?.operation.operations.length ?? 1;
      for (const operation of patch.slice(at, at + count))
        this.#apply(operation, own?.operation ?? null);
      if (own) own.edit.remove(own.operation);
      at += count;
    }
  }

  /** Begin anew from a state of the room. @param handled edits that it has in it */
  begin(state: JsonObject, handled: Accepted): void {
    this.#hide();
    for (const edit of this.#edits) if (handled.has(edit)) edit.apply(this.tree, this.#tell);
    this.#edits = this.#edits.filter((edit) => !handled.has(edit));
    for (const operation of reconcile(this.tree, state)) this.#apply(operation, null);
  }

  /**
   * Apply the edits anew: what is to be shown of them has changed.
   * @param look is called while the tree is the room's state
   */
  refresh(look = (): void => {}): void {
    this.#hide();
    look();
    this.#show();
  }

  /** Take back edits that are not to be sent. */
  discard(edits: ReadonlySet<PendingEdit>): void {
    this.receive(() => {}, { done: edits, accepted: new Map(), idle: new Set() });
  }

  /**
   * Edits that lead to the same place, whether or not others before them are done: the room may get them now.
   * @param unanswered the edits before them of which the room may or may not have heard
   * @param isInOrder whether nothing is to overtake an edit that has to wait
   */
  independentOf(
    unanswered: ReadonlySet<PendingEdit>,
    isInOrder: boolean,
  ): ReadonlySet<PendingEdit> {
    const independent = new Set<PendingEdit>();
    // Of the unanswered edits, and of those that have to wait for them.
    const uncertain = new UncertainEffects();
    for (const edit of this.#edits) {
      const isUnanswered = unanswered.has(edit);
      let isIndependent = true;
      for (const operation of edit.operations) {
        if (uncertain.moves(operation)) isIndependent = false;
        const { effect } = operation;
        if (effect === null) continue;
        uncertain.pass(effect);
        if (isUnanswered) uncertain.add(inverseOf(effect));
      }
      if (isIndependent) independent.add(edit);
      else if (!isUnanswered) {
        if (isInOrder) break;
        const own = new UncertainEffects();
        for (const { effect } of edit.operations)
          if (effect !== null) {
            own.pass(effect);
            own.add(inverseOf(effect));
          }
        for (const effect of own.effects) uncertain.add(effect);
      }
    }
    return independent;
  }

  #apply(operation: Operation, own: PendingOperation | null): void {
    const onTop = own === null && this.#isShown ? this.#applyOnTop(operation) : null;
    if (onTop !== null) {
      if (onTop.effect !== null) this.#onMoved(null, [onTop.effect]);
      return;
    }
    this.#hide();
    const { effect } = this.tree.apply(own === null ? operation : own.withValue(operation));
    if (effect !== null) this.#pass([effect], null, own);
  }

  /** Apply a change without taking the edits back, if that comes to the same. @returns `null` if it does not */
  #applyOnTop(operation: Operation): Applied | null {
    let applied: Applied;
    try {
      applied = this.tree.apply(operation);
    } catch (error) {
      if (error instanceof Unfit && this.#edits.length > 0) return null;
      throw error;
    }
    const path = parsePointer(operation.path) ?? [];
    const effect = applied.effect ?? ({ kind: "exchange", path } as const);
    if (this.#edits.every((edit) => edit.isApartFrom(effect))) return applied;
    this.tree.revert(applied);
    return null;
  }

  /**
   * Move the pending operations through changes.
   * @param after only those after this one; `null` for all
   * @param until those from this one on have it already
   */
  #pass(
    effects: readonly Effect[],
    after: PendingOperation | null,
    until: PendingOperation | null,
  ): void {
    let passed = effects;
    let isBehind = after === null;
    for (const { operations } of this.#edits)
      for (const operation of operations) {
        if (operation === until) return;
        if (isBehind) passed = operation.pass(passed);
        isBehind ||= operation === after;
      }
    this.#onMoved(after, passed);
  }

  readonly #tell: Tell = (after, effects) => this.#pass(effects, after, null);

  /**
   * The pending operation that a change is, from this index on. Of several that set the same value it is the last one:
   * what is overwritten in the same window is not told (see squash.ts).
   */
  #find(patch: Patch, at: number, accepted: Accepted, version: number | undefined): Found | null {
    let found: Found | null = null;
    for (const edit of this.#edits) {
      const own = accepted.get(edit);
      // Somebody else's operation may look like one's own: the version tells them apart, where it is known.
      if (own === undefined || (own ?? version ?? 0) !== (version ?? own ?? 0)) continue;
      for (const operation of edit.operations) {
        if (found !== null && operation.operations[0]?.op !== "replace") return found;
        if (operation.matches(patch, at)) found = { edit, operation };
        if (found !== null && patch[at]?.op !== "replace") return found;
      }
    }
    return found;
  }

  /**
   * The room's changes have come to an operation: those of accepted edits before it are over. They have left nothing
   * that changes tell of: a move to where the item already was, or a `replace` that a later one in the same window has
   * overwritten (see squash.ts).
   */
  #passOver(by: PendingOperation, accepted: Accepted): void {
    const [next] = by.operations;
    for (const edit of this.#edits)
      for (const operation of edit.operations) {
        if (operation === by) return;
        const [first] = operation.operations;
        const isOver =
          first?.op !== "replace" ||
          (next?.op === "replace" &&
            (first.path === next.path || first.path.startsWith(`${next.path}/`)));
        if (isOver && accepted.has(edit) && !edit.isOptimistic) edit.remove(operation);
      }
  }

  #drop(edit: PendingEdit, isAccepted: boolean, isIdle: boolean): void {
    if (!this.#edits.includes(edit)) return;
    for (const operation of edit.operations) {
      const { effect } = operation;
      // An accepted operation that the room did not send was overwritten in its window, or had no effect.
      const isUnsure = edit.isOptimistic || operation.operations[0]?.op === "replace";
      const isNothing = isIdle || (isAccepted && !isUnsure);
      if (operation.isApplied && !isNothing)
        this.#pass(effect === null ? [] : [inverseOf(effect)], operation, null);
      edit.remove(operation);
    }
    this.#edits = this.#edits.filter((each) => each !== edit);
  }
}
