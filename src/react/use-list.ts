// The functions of a list: they change it in a room, by the keys of its items.

import type { Draft, Edit, Room } from "../client/types.ts";
import { isObject } from "../protocol/json.ts";
import { arrange, freeKey, type Ordered, type Place } from "./list.ts";
import type { List } from "./types.ts";

/** @param find leads to the list, in the state and in its drafts */
export function listFunctions<T, Item extends Ordered, P = unknown>(
  room: Room<T, P>,
  find: (state: unknown) => unknown,
): Omit<List<Item>, "items"> {
  const listIn = (state: unknown): Items => {
    const list = find(state);
    if (isObject(list)) return list as Items;
    throw new Error("The state has no list here. Give it one where the room begins: {}.");
  };
  const change = (recipe: (list: Items) => void): Edit =>
    room.update((draft) => recipe(listIn(draft)));
  const put = (key: string, place: Place, value?: object): Edit => {
    const orders = arrange(listIn(room.state), key, place);
    return change((list) => {
      for (const [each, order] of orders)
        if (value !== undefined && each === key) list[key] = { ...value, order };
        else {
          const item = itemIn(list, each);
          if (item) item["order"] = order;
        }
    });
  };
  return {
    insert(value, place = "last", key = freeKey(listIn(room.state))) {
      if (Object.hasOwn(listIn(room.state), key))
        throw new RangeError(`The list has an item "${key}" already.`);
      const { committed } = put(key, place, value);
      return { committed, key };
    },
    remove: (key) =>
      change((list) => {
        if (Object.hasOwn(list, key)) delete list[key];
      }),
    move: (key, place) => put(key, place),
    update: (key, recipe) =>
      change((list) => {
        const item = itemIn(list, key);
        if (item) recipe(item as Draft<Item>);
      }),
  };
}

type Items = Record<string, Record<string, unknown>>;

const itemIn = (list: Items, key: string): Items[string] | undefined =>
  Object.hasOwn(list, key) ? list[key] : undefined;
