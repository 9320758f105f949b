// The changes that a recipe can make to a draft beyond plain JavaScript: changes that keep their meaning when others change
// the same list, text or number at the same time. Each takes a part of the draft that `update` gives.

import { isContainer, memberOf } from "../../protocol/container.ts";
import { childPointer } from "../../protocol/pointer.ts";
import { isInsidePair } from "../../protocol/text.ts";
import { lookUp } from "./draft.ts";

type KeyOf<Target, Value> = {
  [Key in keyof Target]-?: Target[Key] extends Value | undefined ? Key : never;
}[keyof Target] &
  (string | number);

/**
 * Move an item of a list. Concurrent changes to the item move with it.
 * @param to its index afterwards
 * @throws RangeError for an index outside the list
 */
export function move(list: readonly unknown[], from: number, to: number): void {
  const { path, container, apply } = lookUp(list);
  const { length } = container as unknown[];
  for (const index of [from, to])
    if (!Number.isInteger(index) || index < 0 || index >= length)
      throw new RangeError(`The list has ${length} items, and no index ${index}.`);
  if (from !== to)
    apply({ op: "move", from: childPointer(path, from), path: childPointer(path, to) });
}

/** Add to a number: additions of two people add up. @param by 1 if left out */
export function increment<Target extends object>(
  target: Target,
  key: KeyOf<Target, number>,
  by = 1,
): void {
  const { path, apply } = lookUp(target);
  if (!Number.isFinite(by)) throw new RangeError(`A number cannot grow by ${by}.`);
  apply({ op: "inc", path: childPointer(path, key), by });
}

/**
 * Insert into a text, without touching what others type into it.
 * @param at in UTF-16 units, not inside a surrogate pair
 * @throws RangeError for a position that the text does not have
 */
export function insertText<Target extends object>(
  target: Target,
  key: KeyOf<Target, string>,
  at: number,
  text: string,
): void {
  const { path, apply } = textAt(target, key, at, at);
  if (!text.isWellFormed()) throw new RangeError("The text has half of a surrogate pair.");
  if (text !== "") apply({ op: "str_ins", path, pos: at, str: text });
}

/**
 * Delete from a text. Text that others insert concurrently stays.
 * @param at in UTF-16 units, as `length`
 * @throws RangeError for a range that the text does not have
 */
export function deleteText<Target extends object>(
  target: Target,
  key: KeyOf<Target, string>,
  at: number,
  length: number,
): void {
  const { path, apply } = textAt(target, key, at, at + length);
  if (length > 0) apply({ op: "str_del", path, pos: at, len: length });
}

/**
 * Make a text another one by what differs, for the `onChange` of an input: what others type meanwhile stays.
 * @example
 * ```ts
 * room.update((state) => editText(state.notes[0], "text", input.value));
 * ```
 */
export function editText<Target extends object>(
  target: Target,
  key: KeyOf<Target, string>,
  next: string,
): void {
  const { old } = textAt(target, key, 0, 0);
  let start = 0;
  while (start < old.length && start < next.length && old[start] === next[start]) start++;
  let [end, nextEnd] = [old.length, next.length];
  while (end > start && nextEnd > start && old[end - 1] === next[nextEnd - 1]) {
    end--;
    nextEnd--;
  }
  // Neither cut may fall inside a character.
  if (isInsidePair(old, start) || isInsidePair(next, start)) start--;
  if (isInsidePair(old, end) || isInsidePair(next, nextEnd)) {
    end++;
    nextEnd++;
  }
  if (end > start) deleteText(target, key, start, end - start);
  insertText(target, key, start, next.slice(start, nextEnd));
}

function textAt(
  target: object,
  key: string | number,
  start: number,
  end: number,
): { path: string; old: string; apply: ReturnType<typeof lookUp>["apply"] } {
  const { path, container, apply } = lookUp(target);
  const old = isContainer(container) ? memberOf(container, String(key)) : undefined;
  if (typeof old !== "string") throw new TypeError(`"${key}" is not a text.`);
  const isWhole = Number.isInteger(start) && Number.isInteger(end);
  if (!isWhole || start < 0 || end < start || end > old.length)
    throw new RangeError(`The text has ${old.length} units, and no range from ${start} to ${end}.`);
  if (isInsidePair(old, start) || isInsidePair(old, end))
    throw new RangeError("A position lies inside a surrogate pair.");
  return { path: childPointer(path, key), old, apply };
}
