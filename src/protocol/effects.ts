// The *effect* of an applied operation on positions: array items were inserted or taken out, a value was exchanged or
// moved, or text was inserted or deleted. Effects are plain data; moves.ts moves addresses through them. (Rules E1, E4.)

import type { Operation } from "./json-patch.ts";
import { parsePointer } from "./pointer.ts";
import type { TextChange } from "./text-moves.ts";

export type Tokens = readonly string[];

export type Effect =
  /** An item of an array: the container, and the item's index. */
  | { readonly kind: "insert" | "take"; readonly container: Tokens; readonly index: number }
  /** The value at a path was exchanged, removed from an object or added to one. */
  | { readonly kind: "exchange"; readonly path: Tokens }
  /** As in RFC 6902: taken from `from`, then put at `to`. The index is -1 at an end that is not in an array. */
  | {
      readonly kind: "move";
      readonly from: Tokens;
      readonly fromIndex: number;
      readonly to: Tokens;
      readonly toIndex: number;
    }
  | ({ readonly path: Tokens } & TextChange);

/** Parse a token as an array index; -1 if it is not one. */
export function indexOf(token: string | undefined): number {
  if (token === undefined || token === "" || token.length > 10) return -1;
  const index = Number(token);
  return Number.isInteger(index) && index >= 0 && String(index) === token ? index : -1;
}

export const parentOf = (path: Tokens): Tokens => path.slice(0, -1);

/** The effect of putting a value at a path. @param index -1 if the path is not in an array */
export const putAt = (path: Tokens, index: number): Effect =>
  index < 0 ? { kind: "exchange", path } : spliced("insert", path);

/** The effect of taking a value from a path. @param index -1 if the path is not in an array */
export const takenFrom = (path: Tokens, index: number): Effect =>
  index < 0 ? { kind: "exchange", path } : spliced("take", path);

export const spliced = (kind: "insert" | "take", path: Tokens): Effect => ({
  kind,
  container: parentOf(path),
  index: slotIndex(path),
});

/** The index of a path's last token. "-" is the end, after every index. */
export const slotIndex = (path: Tokens): number =>
  path.at(-1) === "-" ? Infinity : indexOf(path.at(-1));

/** The inverse of an effect. If it is unknown, positions are lost, and the inverse is an exchange. */
export function inverseOf(effect: Effect): Effect {
  switch (effect.kind) {
    case "insert":
    case "take":
      return effect.index === Infinity
        ? { kind: "exchange", path: effect.container }
        : { ...effect, kind: effect.kind === "insert" ? "take" : "insert" };
    case "move":
      return effect.toIndex === Infinity
        ? { kind: "exchange", path: parentOf(effect.to) }
        : {
            kind: "move",
            from: effect.to,
            fromIndex: effect.toIndex,
            to: effect.from,
            toIndex: effect.fromIndex,
          };
    case "exchange":
    case "textInsert":
    case "textDelete":
      return { kind: "exchange", path: effect.path };
    default:
      return effect satisfies never;
  }
}

// Stored effects

/**
 * Encode the effects of applied operations as one digit each: 0 for no effect on arrays, 1 if its path is in an array,
 * 2 if its `from` is, 3 if both are. The rest of an effect follows from the operation. (Rule E4.)
 * @returns `undefined` if all digits are 0
 */
export function movesOf(effects: readonly (Effect | null)[]): string | undefined {
  const digits = effects.map((effect) => (effect === null ? 0 : digitOfEffect(effect)));
  return digits.some((digit) => digit > 0) ? digits.join("") : undefined;
}

/** The digit of one effect, see `movesOf`. */
export function digitOfEffect(effect: Effect): number {
  if (effect.kind === "move") return (effect.toIndex < 0 ? 0 : 1) + (effect.fromIndex < 0 ? 0 : 2);
  return effect.kind === "insert" || effect.kind === "take" ? 1 : 0;
}

/** The effect of an applied operation; `null` for none. @param digit see `movesOf` */
export function effectOf(operation: Operation, digit: number): Effect | null {
  const path = parsePointer(operation.path) ?? [];
  const isInArray = digit % 2 === 1;
  switch (operation.op) {
    case "add":
    case "copy":
      return putAt(path, isInArray ? 0 : -1);
    case "remove":
      return takenFrom(path, isInArray ? 0 : -1);
    case "replace":
      return { kind: "exchange", path };
    case "move": {
      const from = parsePointer(operation.from) ?? [];
      const fromIndex = digit >= 2 ? indexOf(from.at(-1)) : -1;
      return { kind: "move", from, fromIndex, to: path, toIndex: isInArray ? slotIndex(path) : -1 };
    }
    case "str_ins":
      return { kind: "textInsert", path, at: operation.pos, length: operation.str.length };
    case "str_del":
      return { kind: "textDelete", path, ranges: [{ at: operation.pos, length: operation.len }] };
    case "inc":
    case "test":
      return null;
    default:
      return operation satisfies never;
  }
}
