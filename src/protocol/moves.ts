// Moves addresses and effects through an effect (rules E1, E2): the operational transformation. An *address* is the path
// of something in a state. The functions are pure, and the room and its clients share them. rebase.ts uses them to move
// whole patches.

import {
  indexOf,
  parentOf,
  putAt,
  slotIndex,
  spliced,
  takenFrom,
  type Effect,
  type Tokens,
} from "./effects.ts";
import { textAt, textRanges } from "./text-moves.ts";

export type Address = {
  readonly tokens: Tokens;
  /**
   * From this token on, the path goes through a value that was exchanged: object keys still mean the same, but array
   * indexes do not. `Infinity` if there is no such value.
   */
  readonly exchangedFrom: number;
};

/**
 * The kind of target of an address.
 * - `value`: a value that exists there.
 * - `slot`: a place to put a value. A value that was inserted there earlier stays in front of it.
 * - `earlierSlot`: a place where a value was put before the effect.
 */
export type Role = "value" | "slot" | "earlierSlot";

export const addressOf = (tokens: Tokens): Address => ({ tokens, exchangedFrom: Infinity });

/** Whether a path is inside the value at another path. */
export function isInside(path: Tokens, outer: Tokens): boolean {
  if (path.length <= outer.length) return false;
  for (let at = 0; at < outer.length; at++) if (path[at] !== outer[at]) return false;
  return true;
}

export const isSame = (a: Tokens, b: Tokens): boolean =>
  a.length === b.length && a.every((token, at) => token === b[at]);

/** Whether a path is the same as another one or inside the value there. */
export const isWithin = (path: Tokens, outer: Tokens): boolean =>
  isSame(path, outer) || isInside(path, outer);

/** Move an address through an effect; `null` if its target is gone. */
export function follow(address: Address, effect: Effect, role: Role = "value"): Address | null {
  switch (effect.kind) {
    case "insert":
    case "take":
      return followSplice(address, effect, role);
    case "exchange": {
      const { length } = effect.path;
      const isIn = length < address.exchangedFrom && isInside(address.tokens, effect.path);
      return isIn ? { ...address, exchangedFrom: length } : address;
    }
    case "move":
      return followMove(address, effect, role);
    case "textInsert":
    case "textDelete":
      return address;
    default:
      return effect satisfies never;
  }
}

type EffectOf<Kind extends Effect["kind"]> = Extract<Effect, { kind: Kind }>;

function followSplice(
  address: Address,
  { kind, container, index }: EffectOf<"insert" | "take">,
  role: Role,
): Address | null {
  const { tokens, exchangedFrom } = address;
  const own = indexIn(tokens, container);
  if (own < 0) return address;
  if (container.length >= exchangedFrom) return null;
  const isPlace = role !== "value" && tokens.length === container.length + 1;
  if (own === index && kind === "take") return isPlace ? address : null;
  if (own < index || (own === index && isPlace && role === "earlierSlot")) return address;
  const next = own + (kind === "insert" ? 1 : -1);
  return { tokens: tokens.with(container.length, String(next)), exchangedFrom };
}

function followMove(address: Address, move: EffectOf<"move">, role: Role): Address | null {
  const { from, fromIndex, to, toIndex } = move;
  const { tokens, exchangedFrom } = address;
  const isPlace = role !== "value" && tokens.length === from.length;
  if (isWithin(tokens, from) && !isPlace) {
    if (to.at(-1) === "-") return null; // the index is unknown
    if (fromIndex >= 0 && from.length > exchangedFrom) return null;
    const shift = to.length - from.length;
    return {
      tokens: [...to, ...tokens.slice(from.length)],
      exchangedFrom: Math.max(to.length, exchangedFrom + shift),
    };
  }
  const taken = fromIndex < 0 ? address : follow(address, takenFrom(from, fromIndex), role);
  return taken && follow(taken, putAt(to, toIndex), role);
}

/** The index of the item of `container` that a path goes through or refers to; -1 if there is none. */
const indexIn = (path: Tokens, container: Tokens): number =>
  isInside(path, container) ? indexOf(path[container.length]) : -1;

/**
 * Move both ends of a move operation through an effect. As RFC 6902 specifies, `to` refers to the state after the
 * removal at `from`.
 * @returns both ends; one is `null` if its target is gone
 */
export function followEnds(
  from: Address,
  to: Address,
  effect: Effect,
  toRole: "slot" | "earlierSlot",
): { readonly from: Address | null; readonly to: Address | null } {
  // Move the effect through the removal, so that it refers to the same state as `to`.
  const removal = takenFrom(from.tokens, indexOf(from.tokens.at(-1)));
  let next: Address | null = to;
  for (const each of effectAfter(effect, removal)) next = next && follow(next, each, toRole);
  return { from: follow(from, effect), to: next };
}

/** Whether a later effect may move an earlier one. If not, the earlier one stays as it is. */
export function mayMove(earlier: Effect, later: Effect): boolean {
  switch (later.kind) {
    case "exchange":
      return pathsOf(earlier).some((path) => isWithin(path, later.path));
    case "insert":
    case "take":
      return pathsOf(earlier).some((path) => isWithin(path, later.container));
    case "textInsert":
    case "textDelete":
      return isText(earlier, later.path);
    case "move":
      return true;
    default:
      return later satisfies never;
  }
}

/** The paths of an effect. Everything that it moves is inside them. */
export function pathsOf(effect: Effect): readonly Tokens[] {
  if (effect.kind === "move")
    return [effect.from, effect.to, parentOf(effect.from), parentOf(effect.to)];
  return ["container" in effect ? effect.container : effect.path];
}

/**
 * Move an earlier effect through a later one that was made concurrently.
 * @returns an empty list if nothing of it is left
 */
export function effectAfter(earlier: Effect, later: Effect): readonly Effect[] {
  switch (earlier.kind) {
    case "insert":
    case "take": {
      const { kind, container, index } = earlier;
      const item = addressOf([...container, index === Infinity ? "-" : String(index)]);
      const next = kept(follow(item, later, kind === "insert" ? "earlierSlot" : "value"));
      return next === null ? [] : [spliced(kind, next)];
    }
    case "exchange": {
      if (overwrites(later, earlier.path)) return [];
      const next = kept(follow(addressOf(earlier.path), later));
      return next === null ? [] : [{ kind: "exchange", path: next }];
    }
    case "move":
      return moveAfter(earlier, later);
    case "textInsert":
    case "textDelete": {
      const path = textPathAfter(earlier.path, later);
      if (path === null) return [];
      if (!isText(later, earlier.path)) return [{ ...earlier, path }];
      if (earlier.kind === "textInsert")
        return [{ ...earlier, path, at: textAt(earlier.at, later, false) }];
      const ranges = textRanges(earlier.ranges, later);
      return ranges.length === 0 ? [] : [{ ...earlier, path, ranges }];
    }
    default:
      return earlier satisfies never;
  }
}

function moveAfter(move: EffectOf<"move">, later: Effect): readonly Effect[] {
  // If both move the same thing, the later one determines where it is.
  if (later.kind === "move" && isSame(later.from, move.from)) return [];
  const ends = followEnds(addressOf(move.from), addressOf(move.to), later, "earlierSlot");
  const [from, put] = [kept(ends.from), kept(ends.to)];
  const to = put !== null && move.toIndex < 0 && overwrites(later, move.to) ? null : put;
  if (ends.from === null) return [];
  // It was moved out of something that was then exchanged, so it is still where it was moved to.
  if (from === null) return to === null ? [] : [putAt(to, move.toIndex)];
  if (to === null) return [takenFrom(from, move.fromIndex)];
  const fromIndex = move.fromIndex < 0 ? -1 : indexOf(from.at(-1));
  const toIndex = move.toIndex < 0 ? -1 : slotIndex(to);
  return [{ kind: "move", from, fromIndex, to, toIndex }];
}

/** The path of an effect; `null` if nothing is left of it: its place is gone, or a value around it was exchanged. */
const kept = (address: Address | null): Tokens | null =>
  address !== null && address.exchangedFrom === Infinity ? address.tokens : null;

/** Whether an effect exchanges the value at this path, or a value around it. */
export const overwrites = (effect: Effect, path: Tokens): boolean =>
  (effect.kind === "exchange" && isWithin(path, effect.path)) ||
  (effect.kind === "move" && effect.toIndex < 0 && isWithin(path, effect.to));

// Text

/** Move the path of a text through an effect; `null` if the text is gone or was replaced. */
export function textPathAfter(path: Tokens, effect: Effect): Tokens | null {
  if (overwrites(effect, path)) return null;
  return follow(addressOf(path), effect)?.tokens ?? null;
}

/** Whether an effect edits this text. */
export const isText = (
  effect: Effect,
  path: Tokens,
): effect is EffectOf<"textInsert" | "textDelete"> =>
  (effect.kind === "textInsert" || effect.kind === "textDelete") && isSame(effect.path, path);
