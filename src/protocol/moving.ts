// Moves one operation through concurrent changes (rules E1, E2): tracks its target, and its own effect on positions. The
// functions are pure. rebase.ts uses them to move patches in the room, and clients to move their pending edits.

import { isContainer, memberOf } from "./container.ts";
import { digitOfEffect, effectOf, indexOf, inverseOf, type Effect } from "./effects.ts";
import type { Operation } from "./json-patch.ts";
import type { JsonValue } from "./json.ts";
import {
  addressOf,
  follow,
  followEnds,
  isText,
  overwrites,
  textPathAfter,
  type Address,
} from "./moves.ts";
import { parsePointer, pointerOf } from "./pointer.ts";
import { textAt, textRanges, type TextRange } from "./text-moves.ts";

/** An operation that is being moved through changes. */
export type Moving = {
  readonly operation: Operation;
  /** Whether no change has moved it so far. */
  readonly isUnmoved: boolean;
  readonly path: Address;
  /** For `move` and `copy`. */
  readonly from: Address | null;
  /** Whether a change has set or removed the value that it targets. */
  readonly isOverwritten: boolean;
  /** For `str_ins`: its position. For `str_del`: the ranges to delete. */
  readonly ranges: readonly TextRange[];
};

export function movingOf(operation: Operation): Moving {
  const path = addressOf(parsePointer(operation.path) ?? []);
  const from = "from" in operation ? addressOf(parsePointer(operation.from) ?? []) : null;
  const ranges =
    "pos" in operation
      ? [{ at: operation.pos, length: operation.op === "str_del" ? operation.len : 0 }]
      : [];
  return { operation, isUnmoved: true, isOverwritten: false, path, from, ranges };
}

/** Move an operation through an effect; `null` if its target is gone. */
export function moveThrough(moving: Moving, effect: Effect): Moving | null {
  const { path, from } = moving;
  const moved = through(moving, effect);
  if (moved === null || moved.isOverwritten) return moved;
  const isOverwritten =
    overwrites(effect, path.tokens) || (from !== null && overwrites(effect, from.tokens));
  return isOverwritten ? { ...moved, isOverwritten } : moved;
}

/** Operations that put a value at their path. */
const puts: ReadonlySet<string> = new Set(["add", "copy", "move"]);

function through(moving: Moving, effect: Effect): Moving | null {
  const { operation } = moving;
  if ("pos" in operation && textPathAfter(moving.path.tokens, effect) === null) return null;
  const { from, to } =
    operation.op === "move" && moving.from !== null
      ? followEnds(moving.from, moving.path, effect, "slot")
      : {
          from: moving.from && follow(moving.from, effect),
          to: follow(moving.path, effect, puts.has(operation.op) ? "slot" : "value"),
        };
  if (to === null || (from === null && moving.from !== null)) return null;
  if (isText(effect, moving.path.tokens) && "pos" in operation) {
    const ranges =
      operation.op === "str_del"
        ? textRanges(moving.ranges, effect)
        : moving.ranges.map(({ at }) => ({ at: textAt(at, effect, true), length: 0 }));
    return ranges.length === 0 ? null : { ...moving, path: to, ranges, isUnmoved: false };
  }
  const isUnmoved = from === moving.from && to === moving.path;
  return isUnmoved ? moving : { ...moving, from, path: to, isUnmoved };
}

/** Whether an effect exchanges a value that is not on the operation's path. In a state with many keys, most effects do. */
export function isDeeper(effect: Effect, { path, from }: Moving): boolean {
  if (effect.kind !== "exchange") return false;
  const last = effect.path.length - 1;
  return (
    (effect.path.length > path.tokens.length ||
      (effect.path.length === path.tokens.length && effect.path[last] !== path.tokens[last])) &&
    (from === null || effect.path.length > from.tokens.length)
  );
}

export function ownEffect(moving: Moving, digit: number): Effect | null {
  const [first] = operationsOf(moving);
  const effect = first === undefined ? null : effectOf(first, digit);
  return effect?.kind === "textDelete" ? { ...effect, ranges: moving.ranges } : effect;
}

/** The effects that undo an operation that was dropped. */
export function undone(operation: Operation): readonly Effect[] {
  const effect = effectOf(operation, digitOf(operation));
  return effect === null ? [] : [inverseOf(effect)];
}

/**
 * Which ends of an operation are in arrays, see `movesOf`.
 * @param effect of the operation, if it was applied; without one, the paths decide
 */
export function digitOf(operation: Operation, effect?: Effect | null): number {
  if (effect) return digitOfEffect(effect);
  const isMove = operation.op === "move" && endsInIndex(operation.from);
  return (endsInIndex(operation.path) ? 1 : 0) + (isMove ? 2 : 0);
}

function endsInIndex(pointer: string): boolean {
  const token = parsePointer(pointer)?.at(-1);
  return token === "-" || indexOf(token) >= 0;
}

/** The operations that do the same at the new places. */
export function operationsOf({
  operation,
  isUnmoved,
  path,
  from,
  ranges,
}: Moving): readonly Operation[] {
  if (isUnmoved) return [operation];
  const at = pointerOf(path.tokens);
  switch (operation.op) {
    case "copy":
    case "move":
      return [{ ...operation, from: from ? pointerOf(from.tokens) : "", path: at }];
    case "str_ins":
      return ranges.map(({ at: pos }) => ({ ...operation, path: at, pos }));
    case "str_del":
      // From the end, so that a deletion does not move the ones that follow.
      return ranges
        .map(({ at: pos, length: len }) => ({ ...operation, path: at, pos, len }))
        .toReversed();
    default:
      return [{ ...operation, path: at }];
  }
}

/** Whether an operation may fail because its target, or a value around it, was exchanged. */
export const isLost = ({ isOverwritten, path, from }: Moving): boolean =>
  isOverwritten || path.exchangedFrom < Infinity || (from?.exchangedFrom ?? Infinity) < Infinity;

/** Whether an address contains an array index inside a value that was exchanged, so that the item is unknown. */
export function leadsByIndex(root: JsonValue, { path, from }: Moving): boolean {
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
