// A list that many people arrange at once: an object in the state, whose keys name the items, and in each item an order
// key that says where it stands. This file reads and arranges such an object; it knows neither React nor rooms.

import { between, isOrderKey } from "../client/order-keys.ts";
import { isObject, member } from "../protocol/json.ts";
import { parsePointer } from "../protocol/pointer.ts";

/** The members of every item. Items without an order key come last, in the order of their keys. */
export type Ordered = { readonly order: string };

export type Entry<Item> = {
  /** The item's name in the list, stable as long as it exists: a `key` for React. */
  readonly key: string;
  readonly item: Item;
};

/** Where to put an item. If the key it refers to is gone, the item goes to the end. */
export type Place = "first" | "last" | { readonly before: string } | { readonly after: string };

/** Find what a JSON Pointer leads to, through objects only. @throws TypeError if it is none */
export function readerOf(pointer: string): (state: unknown) => unknown {
  const tokens = parsePointer(pointer);
  if (tokens === null) throw new TypeError(`A path looks like "/board/cards", not "${pointer}".`);
  return (state) =>
    tokens.reduce<unknown>(
      (value, token) => (isObject(value) ? member(value, token) : undefined),
      state,
    );
}

/** The items of a list in their order. */
export function entriesOf<Item>(list: unknown): readonly Entry<Item>[] {
  return standing(list).map(({ key, item }) => ({ key, item: item as Item }));
}

/**
 * Where to put an item, new or not.
 * @returns the order keys to set. Besides the item's, these are keys of those that had the same one as its neighbour,
 * or none. Empty if the item is there already.
 */
export function arrange(list: unknown, key: string, place: Place): ReadonlyMap<string, string> {
  if (typeof place === "object" && Object.values(place).includes(key)) return new Map();
  const all = standing(list);
  const own = all.find((each) => each.key === key)?.order ?? null;
  const others = all.filter((each) => each.key !== key);
  const at = indexOf(others, place);
  let start = at;
  while (start > 0 && others[start - 1]?.order === null) start--;
  const before = others[start - 1]?.order ?? null;
  let end = at;
  if (before !== null) while (others[end]?.order === before) end++;
  const high = others[end]?.order ?? null;
  const stays = own !== null && (before === null || before < own) && (high === null || own < high);
  const orders = new Map<string, string>();
  if (stays && start === end) return orders;
  const moved = [...others.slice(start, at), { key }, ...others.slice(at, end)];
  let low = before;
  for (const each of moved) {
    low = between(low, high);
    orders.set(each.key, low);
  }
  return orders;
}

type Standing = { readonly key: string; readonly item: unknown; readonly order: string | null };

function standing(list: unknown): readonly Standing[] {
  if (!isObject(list)) return [];
  return Object.keys(list)
    .map((key) => {
      const item = member(list, key);
      const order = isObject(item) ? member(item, "order") : null;
      return { key, item, order: isOrderKey(order) ? order : null };
    })
    .toSorted(compare);
}

function compare(a: Standing, b: Standing): number {
  if (a.order !== b.order) {
    if (a.order === null) return 1;
    return b.order === null || a.order < b.order ? -1 : 1;
  }
  return a.key < b.key ? -1 : 1;
}

function indexOf(entries: readonly Standing[], place: Place): number {
  if (place === "first") return 0;
  if (place === "last") return entries.length;
  const [key, shift] = "before" in place ? [place.before, 0] : [place.after, 1];
  const found = entries.findIndex((each) => each.key === key);
  return found < 0 ? entries.length : found + shift;
}

/** A key that the list does not have: 16 letters and digits. */
export function freeKey(list: object): string {
  let key: string;
  do key = Array.from({ length: 16 }, () => Math.floor(Math.random() * 36).toString(36)).join("");
  while (Object.hasOwn(list, key));
  return key;
}
