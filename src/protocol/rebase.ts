// Moves a patch that was made on an earlier version through the changes since, and applies it (rules E1, E2).
// The room and its clients share this, so a client can predict what the room will do.
//
// The operations of a patch follow each other: the second one means the state after the first. So each
// operation is moved through the changes, applied, and then the changes are moved through that operation, for
// the next one to mean the same state as they do.

import type { Applied, PatchRun } from "./apply-patch.ts";
import { isContainer, memberOf } from "./container.ts";
import { CollabError } from "./errors.ts";
import type { JsonValue } from "./json.ts";
import { patchFailed, type Operation, type Patch } from "./json-patch.ts";
import { effectOf, indexOf, inverseOf, type Effect } from "./effects.ts";
import {
  addressOf,
  effectAfter,
  follow,
  followEnds,
  isText,
  mayMove,
  textAt,
  textPathAfter,
  textRanges,
  type Address,
} from "./moves.ts";
import { childPointer, parsePointer } from "./pointer.ts";
import type { TextRange } from "./text-moves.ts";

/** Work that moving one patch may take, in steps of an operation through an effect: about 0.15 s. */
const maxWork = 200_000;
/** Steps that it takes to move an effect through an operation. */
const stepsPerEffect = 10;
/** Ranges of text that take as long as a step. */
const rangesPerStep = 8;

/** The work that is left. */
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
          "Moving the patch through the changes since its base takes too long. Read the state and make the patch on it, or send it in smaller pieces.",
      });
  }
}

/** An operation on its way through changes. */
type Moving = {
  readonly operation: Operation;
  /** Whether nothing has moved it so far. */
  readonly isUnmoved: boolean;
  readonly path: Address;
  /** Of `move` and `copy`. */
  readonly from: Address | null;
  /** Of `str_ins`: its position. Of `str_del`: what it deletes. */
  readonly ranges: readonly TextRange[];
};

/**
 * Apply a patch that was made on an earlier version, as a whole or not at all.
 * @param run on the present state
 * @param history the effects of all changes since that version, in order
 * @param strict whether the patch is refused if the target of any operation is gone
 * @param onSpent is told how much work it took, even if it fails, in steps of less than 1 µs
 * @returns the indexes of the operations that were left out because their target is gone
 * @throws CollabError as `PatchRun.apply` does; `target_gone`; `base_too_old` if that would take too long
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
        effects =
          applied === null
            ? // Later operations mean a state in which this one was applied.
              [...undone(operation), ...effects]
            : movedThrough(effects, operation, applied, budget);
      }
      if (strict && dropped.length > 0)
        throw new CollabError("target_gone", {
          detail: `The targets of the operations ${dropped.join(", ")} are gone. Read the state and make the patch on it.`,
        });
    });
  } finally {
    onSpent(budget.spent);
  }
  return dropped;
}

/** The effects that may concern a patch: those on the same members of the root, and on where these are moved. */
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

/** @returns what was applied, in order; `null` if the target is gone */
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
    const isLost =
      error instanceof CollabError && error.code === "patch_failed" && isExchanged(moving);
    if (!isLost || operation.op === "test") throw error;
    return null;
  }
}

const testedIsGone = ({ path }: Operation, index: number): CollabError =>
  patchFailed(index, `the tested value is gone, which was at "${path}"`);

function movingOf(operation: Operation): Moving {
  const path = addressOf(parsePointer(operation.path) ?? []);
  const from = "from" in operation ? addressOf(parsePointer(operation.from) ?? []) : null;
  const ranges =
    "pos" in operation
      ? [{ at: operation.pos, length: operation.op === "str_del" ? operation.len : 0 }]
      : [];
  return { operation, isUnmoved: true, path, from, ranges };
}

/** Where an operation leads after an effect; `null` if its target is gone. */
function moveThrough(moving: Moving, effect: Effect): Moving | null {
  switch (moving.operation.op) {
    case "add":
      return withPath(moving, follow(moving.path, effect, "slot"));
    case "replace":
    case "remove":
    case "test":
    case "inc":
      return withPath(moving, follow(moving.path, effect));
    case "copy": {
      const from = moving.from && follow(moving.from, effect);
      return from && withPath(withFrom(moving, from), follow(moving.path, effect, "slot"));
    }
    case "move": {
      const ends = moving.from && followEnds(moving.from, moving.path, effect, "slot");
      return ends?.from ? withPath(withFrom(moving, ends.from), ends.to) : null;
    }
    case "str_ins":
    case "str_del":
      return moveText(moving, effect);
    default:
      return moving.operation satisfies never;
  }
}

const withFrom = (moving: Moving, from: Address): Moving =>
  from === moving.from ? moving : { ...moving, from, isUnmoved: false };

function withPath(moving: Moving, path: Address | null): Moving | null {
  if (path === null) return null;
  return path === moving.path ? moving : { ...moving, path, isUnmoved: false };
}

function moveText(moving: Moving, effect: Effect): Moving | null {
  const { operation, path, ranges } = moving;
  if (textPathAfter(path.tokens, effect) === null) return null;
  const moved = withPath(moving, follow(path, effect));
  if (moved === null || !isText(effect, path.tokens)) return moved;
  if (operation.op === "str_del") {
    const left = textRanges(ranges, effect);
    return left.length === 0 ? null : { ...moved, ranges: left, isUnmoved: false };
  }
  return {
    ...moved,
    isUnmoved: false,
    ranges: ranges.map(({ at }) => ({ at: textAt(at, effect, true), length: 0 })),
  };
}

/** Move effects through an operation, so that they mean the state after it. */
function movedThrough(
  effects: readonly Effect[],
  operation: Operation,
  applied: readonly Applied[],
  budget: Budget,
): readonly Effect[] {
  const digit = digitOf(operation, applied);
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

/** Whether an effect exchanges something that an operation cannot lead through: most do, in a state of many keys. */
function isDeeper(effect: Effect, { operation, path, from }: Moving): boolean {
  if (effect.kind !== "exchange") return false;
  const editsText = operation.op === "str_ins" || operation.op === "str_del";
  const length = Math.max(path.tokens.length, from?.tokens.length ?? 0);
  return effect.path.length > length || (effect.path.length === length && !editsText);
}

function ownEffect(moving: Moving, digit: number): Effect | null {
  const [first] = operationsOf(moving);
  const effect = first === undefined ? null : effectOf(first, digit);
  return effect?.kind === "textDelete" ? { ...effect, ranges: moving.ranges } : effect;
}

/** The effects that lead back from an operation that was left out. */
function undone(operation: Operation): readonly Effect[] {
  const effect = effectOf(operation, digitOf(operation, []));
  return effect === null ? [] : [inverseOf(effect)];
}

/** Which ends of an operation are in arrays, see `movesOf`: as it turned out, or as its path looks. */
function digitOf(operation: Operation, applied: readonly Applied[]): number {
  const effect = applied[0]?.effect;
  if (effect?.kind === "move") return (effect.toIndex < 0 ? 0 : 1) + (effect.fromIndex < 0 ? 0 : 2);
  if (effect !== undefined && effect !== null)
    return effect.kind === "insert" || effect.kind === "take" ? 1 : 0;
  const isMove = operation.op === "move" && endsInIndex(operation.from);
  return (endsInIndex(operation.path) ? 1 : 0) + (isMove ? 2 : 0);
}

function endsInIndex(pointer: string): boolean {
  const token = parsePointer(pointer)?.at(-1);
  return token === "-" || indexOf(token) >= 0;
}

/** The operations that do at the new places what one was to do. */
function operationsOf({ operation, isUnmoved, path, from, ranges }: Moving): readonly Operation[] {
  if (isUnmoved) return [operation];
  const at = pointerOf(path);
  switch (operation.op) {
    case "copy":
    case "move":
      return [{ ...operation, from: from ? pointerOf(from) : "", path: at }];
    case "str_ins":
      return ranges.map(({ at: pos }) => ({ ...operation, path: at, pos }));
    case "str_del":
      // From the end, so that no deletion moves the next one.
      return ranges
        .map(({ at: pos, length: len }) => ({ ...operation, path: at, pos, len }))
        .toReversed();
    default:
      return [{ ...operation, path: at }];
  }
}

const pointerOf = ({ tokens }: Address): string => tokens.reduce(childPointer, "");

const isExchanged = ({ path, from }: Moving): boolean =>
  path.exchangedFrom < Infinity || (from?.exchangedFrom ?? Infinity) < Infinity;

/** Whether an address has an index of an array within a value that was exchanged: nobody knows which item is meant. */
function leadsByIndex(root: JsonValue, { path, from }: Moving): boolean {
  return [path, from].some((address) => address !== null && entersArray(root, address));
}

function entersArray(root: JsonValue, { tokens, exchangedFrom }: Address): boolean {
  if (exchangedFrom === Infinity) return false;
  let value: JsonValue | undefined = root;
  for (const [at, token] of tokens.entries()) {
    if (at >= exchangedFrom && Array.isArray(value) && token !== "-") return true;
    value = isContainer(value) ? memberOf(value, token) : undefined;
  }
  return false;
}
