// Rebases a patch: moves it from an earlier version through the changes since then, and applies it (rules E1, E2). The
// room and its clients share this code, so a client can predict what the room will do.
//
// The operations of a patch build on each other: the second one refers to the state after the first. So each operation
// is moved through the changes and applied. Then the changes are moved through that operation, so that they refer to the
// same state as the next operation.

import type { Applied, PatchRun } from "./apply-patch.ts";
import { CollabError } from "./errors.ts";
import { patchFailed, type Operation, type Patch } from "./json-patch.ts";
import type { Effect } from "./effects.ts";
import { effectAfter, mayMove } from "./moves.ts";
import {
  digitOf,
  isDeeper,
  isLost,
  leadsByIndex,
  moveThrough,
  movingOf,
  operationsOf,
  ownEffect,
  undone,
  type Moving,
} from "./moving.ts";
import { parsePointer } from "./pointer.ts";

/** The maximum work for moving one patch: about 0.15 s. A step moves one operation through one effect. */
const maxWork = 200_000;
/** The cost of moving an effect through an operation, in steps. */
const stepsPerEffect = 10;
/** The number of text ranges that cost as much as one step. */
const rangesPerStep = 8;

/** The remaining work. */
class Budget {
  #left = maxWork;

  get spent(): number {
    return maxWork - this.#left;
  }

  /** @throws CollabError `base_too_old` */
  spend(steps: number): void {
    this.#left -= steps;
    if (this.#left < 0)
      throw new CollabError("base_too_old", {
        detail:
          "Adjusting the patch to the changes since its base takes too long. Read the state and create a new patch, or send the patch in smaller pieces.",
      });
  }
}

/**
 * Apply a patch that is based on an earlier version, as a whole or not at all.
 * @param run a run on the current state
 * @param history the effects of all changes since that version, in order
 * @param strict whether the patch is refused if the target of any operation is gone
 * @param onSpent receives the work that it took, even if it fails, in steps of less than 1 µs
 * @returns the indexes of the operations that were dropped because their targets are gone
 * @throws CollabError as `PatchRun.apply` does; `target_gone`; `base_too_old` if it would take too long
 */
export function applyRebased(
  run: PatchRun,
  patch: Patch,
  history: readonly Effect[],
  strict: boolean,
  onSpent: (steps: number) => void = () => {},
): readonly number[] {
  const budget = new Budget();
  const isMuch = patch.length > 1 || history.length > maxWork;
  const relevant = isMuch ? effectsOn(patch, history) : history;
  const dropped: number[] = [];
  try {
    run.attempt(() => {
      let effects = relevant;
      for (const [index, operation] of patch.entries()) {
        const applied = applyMoved(run, operation, index, effects, budget);
        if (applied === null) dropped.push(index);
        if (index === patch.length - 1) break;
        // Later operations refer to a state in which this one was applied, so a dropped one must be undone for them. A
        // dropped text edit need not be: the changes already say that the text, or the part to delete, is gone.
        effects =
          applied === null && !("pos" in operation)
            ? [...undone(operation), ...effects]
            : movedThrough(effects, operation, applied ?? [], budget);
      }
      if (strict && dropped.length > 0)
        throw new CollabError("target_gone", {
          detail: `The targets of these operations are gone: ${dropped.join(", ")}. Read the state and create a new patch.`,
        });
    });
  } finally {
    onSpent(budget.spent);
  }
  return dropped;
}

/** The effects that may affect a patch: those on its members of the root, and on members that these are moved to or from. */
function effectsOn(patch: Patch, history: readonly Effect[]): readonly Effect[] {
  const roots = new Set<string | undefined>([undefined]);
  for (const operation of patch) {
    roots.add(parsePointer(operation.path)?.[0]);
    if ("from" in operation) roots.add(parsePointer(operation.from)?.[0]);
  }
  return history.filter((effect) => {
    if (effect.kind === "move") {
      if (!roots.has(effect.from[0]) && !roots.has(effect.to[0])) return false;
      roots.add(effect.from[0]).add(effect.to[0]);
      return true;
    }
    return roots.has("container" in effect ? effect.container[0] : effect.path[0]);
  });
}

/** @returns the applied operations, in order; `null` if the target is gone */
function applyMoved(
  run: PatchRun,
  operation: Operation,
  index: number,
  effects: readonly Effect[],
  budget: Budget,
): readonly Applied[] | null {
  budget.spend(effects.length);
  let moving: Moving | null = movingOf(operation);
  for (const effect of effects) {
    if (isDeeper(effect, moving)) continue;
    moving = moveThrough(moving, effect);
    if (moving === null) break;
    if (moving.ranges.length > 1) budget.spend(moving.ranges.length / rangesPerStep);
  }
  const isGone = moving === null || leadsByIndex(run.root, moving);
  if (isGone && operation.op === "test") throw testedIsGone(operation, index);
  if (isGone || moving === null) return null;
  try {
    return run.trySteps(operationsOf(moving), index);
  } catch (error) {
    const isGoneNow =
      error instanceof CollabError && error.code === "patch_failed" && isLost(moving);
    if (!isGoneNow || operation.op === "test") throw error;
    return null;
  }
}

const testedIsGone = ({ path }: Operation, index: number): CollabError =>
  patchFailed(index, `the tested value at "${path}" is gone`);

/** Move effects through an operation, so that they refer to the state after it. */
function movedThrough(
  effects: readonly Effect[],
  operation: Operation,
  applied: readonly Applied[],
  budget: Budget,
): readonly Effect[] {
  const digit = digitOf(operation, applied[0]?.effect);
  let moving: Moving | null = movingOf(operation);
  let own = ownEffect(moving, digit);
  budget.spend(effects.length);
  const moved: Effect[] = [];
  for (const effect of effects) {
    if (own !== null && mayMove(effect, own)) {
      budget.spend(
        stepsPerEffect + ("ranges" in effect ? effect.ranges.length / rangesPerStep : 0),
      );
      moved.push(...effectAfter(effect, own));
    } else moved.push(effect);
    if (moving === null || isDeeper(effect, moving)) continue;
    if (moving.ranges.length > 1) budget.spend(moving.ranges.length / rangesPerStep);
    const next = moveThrough(moving, effect);
    if (next !== moving) own = next && ownEffect(next, digit);
    moving = next;
  }
  return moved;
}
