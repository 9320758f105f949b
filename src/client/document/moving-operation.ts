// An operation of one's own that is kept while others change the state: where it leads by now, and what the others'
// changes are on top of it (rule C2). It is moved by the same code that the room moves it with.

import { inverseOf, takenFrom, type Effect } from "../../protocol/effects.ts";
import { effectAfter, mayMove } from "../../protocol/moves.ts";
import type { Operation } from "../../protocol/json-patch.ts";
import type { JsonValue } from "../../protocol/json.ts";
import {
  digitOf,
  isLost,
  leadsByIndex,
  moveThrough,
  movingOf,
  operationsOf,
  ownEffect,
  type Moving,
} from "../../protocol/moving.ts";

export class MovingOperation {
  /** `null` once its target is gone. */
  #moving: Moving | null;
  /** Made when they are asked for. */
  #operations: readonly Operation[] | null = null;
  /** Which of its ends are in lists, see `digitOf`. */
  #digit: number;
  /** Whether it counts as applied, so that others' changes come on top of it. */
  isApplied = true;

  /** @param effect what it did when it was applied */
  constructor(operation: Operation, effect: Effect | null) {
    this.#moving = movingOf(operation);
    this.#digit = digitOf(operation, effect);
  }

  /** The operations that do now what it was to do; none if its target is gone. */
  get operations(): readonly Operation[] {
    return (this.#operations ??= this.#moving === null ? [] : operationsOf(this.#moving));
  }

  /** Whether nobody knows any more which item of the state it is for. */
  isAstray(root: JsonValue): boolean {
    return this.#moving === null || leadsByIndex(root, this.#moving);
  }

  /** Its effect on positions; `null` for none. */
  get effect(): Effect | null {
    return this.#moving !== null && this.isApplied ? ownEffect(this.#moving, this.#digit) : null;
  }

  /** Its effect on positions when it was last applied. */
  set effect(effect: Effect | null) {
    if (this.#moving !== null) this.#digit = digitOf(this.#moving.operation, effect);
  }

  /** The effect that undoes it; `null` for none. */
  get inverse(): Effect | null {
    const { effect } = this;
    const isItemGone = (this.#moving?.from?.exchangedFrom ?? Infinity) < Infinity;
    // An item that was to move out of what others have exchanged since is nowhere any more.
    if (effect?.kind === "move" && isItemGone) return takenFrom(effect.to, effect.toIndex);
    return effect && inverseOf(effect);
  }

  /** Whether others are the reason, if it cannot be applied. */
  get isLost(): boolean {
    return this.#moving === null || isLost(this.#moving);
  }

  /**
   * Move it through changes that were made without knowing of it.
   * @returns the same changes, as they are on top of it
   */
  pass(effects: readonly Effect[]): readonly Effect[] {
    const passed: Effect[] = [];
    let own = this.effect;
    for (const effect of effects) {
      if (own !== null && mayMove(effect, own)) passed.push(...effectAfter(effect, own));
      else passed.push(effect);
      if (this.#moving === null) continue;
      const next = moveThrough(this.#moving, effect);
      if (next === this.#moving) continue;
      this.#moving = next;
      this.#operations = null;
      own = this.effect;
    }
    return passed;
  }

  /** Whether it and a change have nothing to do with each other: either leaves the other where it is. */
  isApartFrom(effect: Effect): boolean {
    const moving = this.#moving;
    const own = this.effect;
    return (
      moving !== null &&
      own !== null &&
      !isLost(moving) && // what it is in may be exchanged again
      !mayMove(effect, own) &&
      moveThrough(moving, effect) === moving
    );
  }

  /** Whether it would lead elsewhere after an effect, or after what leads back from that. */
  isMovedBy(effect: Effect): boolean {
    const moving = this.#moving;
    return moving !== null && [effect, inverseOf(effect)].some((each) => isElsewhere(moving, each));
  }
}

function isElsewhere(moving: Moving, effect: Effect): boolean {
  const next = moveThrough(moving, effect);
  return (
    next === null ||
    next.path !== moving.path ||
    next.from !== moving.from ||
    next.ranges !== moving.ranges
  );
}
