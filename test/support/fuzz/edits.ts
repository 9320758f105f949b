// Random changes of a state: patches made from what a client sees of it, merges, and functions as
// actions and the Worker's own code are. A patch may have become wrong by the time it arrives.

import type { JsonObject, JsonValue } from "../../../src/protocol/json.ts";
import type { Operation } from "../../../src/protocol/json-patch.ts";
import type { Random } from "./random.ts";

/** What is changed at random; beside it stands what nobody ever takes away. */
export type Doc = JsonObject & {
  readonly list: readonly JsonValue[];
  readonly map: JsonObject;
  readonly text: string;
  readonly n: number;
};

export type FuzzState = JsonObject & {
  readonly doc: Doc;
  /** A member for each change there has been, in the order of the changes. */
  readonly kept: JsonObject;
  /** Changed by patches with a base; nobody else touches it. */
  readonly tags: readonly TaggedItem[];
};

/** An item, and the tags that edits of it were meant for: all of them its own. */
export type TaggedItem = JsonObject & { readonly tag: string; readonly by: readonly string[] };

export const firstState: FuzzState = {
  doc: { list: [], map: {}, text: "", n: 0 },
  kept: {},
  tags: [],
};

const keys = ["a", "b", "c", "é", "~", "a/b", "__proto__", "0"] as const;
const pointerTo = (key: string): string =>
  `/doc/map/${key.replaceAll("~", "~0").replaceAll("/", "~1")}`;

export function randomValue(random: Random, depth = 0): JsonValue {
  if (depth < 2 && random.chance(0.25))
    return random.chance(0.5)
      ? Array.from({ length: random.below(3) }, () => randomValue(random, depth + 1))
      : Object.fromEntries(
          Array.from({ length: random.below(3) }, () => [
            random.pick(keys),
            randomValue(random, depth + 1),
          ]),
        );
  return random.pick<JsonValue>([null, true, "", "😀", 0, -1.5, random.below(1000)]);
}

/** Operations that fit the state, or that fitted it a moment ago, and now and then some that never do. */
export const randomOperations = (
  random: Random,
  { doc }: FuzzState,
  isBulky: boolean,
): Operation[] =>
  Array.from({ length: 1 + random.below(3) }, () => randomOperation(random, doc, isBulky));

function randomOperation(random: Random, { list, map }: Doc, isBulky: boolean): Operation {
  const value = randomValue(random);
  // Few places, so that what meets in a window is about the same ones.
  const at = (): string => `/doc/list/${random.below(Math.min(list.length + 1, 4))}`;
  const member = (): string =>
    pointerTo(random.chance(0.8) ? random.pick([...Object.keys(map), "a"]) : random.pick(keys));
  if (list.length > 12) return { op: "replace", path: "/doc/list", value: [value] };
  switch (
    random.weighted({
      append: 3,
      insert: 4,
      cut: 4,
      set: 5,
      swap: 2,
      copy: 2,
      add: 4,
      drop: 3,
      write: 4,
      move: 2,
      count: 3,
      type: isBulky ? 10 : 2,
      test: 1,
      whole: 1,
      never: 0.5,
    })
  ) {
    case "append":
      return { op: "add", path: "/doc/list/-", value };
    case "insert":
      return { op: "add", path: at(), value };
    case "cut":
      return { op: "remove", path: at() };
    case "set":
      return { op: "replace", path: at(), value };
    case "swap":
      return { op: "move", from: at(), path: "/doc/list/0" };
    case "copy":
      return { op: "copy", from: random.chance(0.5) ? at() : member(), path: member() };
    case "add":
      return { op: "add", path: member(), value };
    case "drop":
      return { op: "remove", path: member() };
    case "write":
      return { op: "replace", path: member(), value };
    case "move":
      return { op: "move", from: member(), path: "/doc/list/-" };
    case "count":
      return { op: "replace", path: "/doc/n", value: random.below(1000) };
    case "type":
      return {
        op: "replace",
        path: "/doc/text",
        value: "x".repeat(isBulky ? 50_000 + random.below(30_000) : random.below(2000)),
      };
    case "test":
      return { op: "test", path: "/doc/list", value: list as JsonValue };
    case "whole":
      return { op: "replace", path: "/doc", value: { ...firstState.doc, map: { a: value } } };
    case "never":
      return { op: "remove", path: "/doc/nowhere" };
  }
}

/** An edit of a tagged item: as a patch it names an index, and it means the item. */
export type TaggedEdit = {
  readonly patch: readonly Operation[];
  readonly hasBase: boolean;
  readonly apply: (tags: readonly TaggedItem[]) => readonly TaggedItem[];
};

/** @param token tag of an item that is new */
export function randomTaggedEdit(random: Random, { tags }: FuzzState, token: string): TaggedEdit {
  const index = random.below(Math.max(tags.length, 1));
  const { tag } = tags[index] ?? { tag: undefined };
  const item: TaggedItem = { tag: token, by: [] };
  const isFull = tags.length > 12;
  switch (random.weighted({ append: 2, first: 2, edit: 5, remove: isFull ? 20 : 1 })) {
    case "edit":
      if (tag === undefined) break;
      return {
        patch: [{ op: "add", path: `/tags/${index}/by/-`, value: tag }],
        hasBase: true,
        apply: (now) =>
          now.map((each) => (each.tag === tag ? { ...each, by: [...each.by, tag] } : each)),
      };
    case "remove":
      if (tag === undefined) break;
      return {
        patch: [{ op: "remove", path: `/tags/${index}` }],
        hasBase: true,
        apply: (now) => now.filter((each) => each.tag !== tag),
      };
    case "first":
      return {
        patch: [{ op: "add", path: "/tags/0", value: item }],
        hasBase: false,
        apply: (now) => [item, ...now],
      };
    case "append":
  }
  return {
    patch: [{ op: "add", path: "/tags/-", value: item }],
    hasBase: true,
    apply: (now) => [...now, item],
  };
}

/** A merge patch of the document; it always fits. */
export function randomMerge(random: Random): JsonObject {
  const map = { [random.pick(["a", "b", "c"])]: random.chance(0.3) ? null : randomValue(random) };
  return { map, ...(random.chance(0.5) && { n: random.below(1000) }) };
}

/** The document after what a program might do to it: what is as before stays the same object. */
export function edited(random: Random, doc: Doc): Doc {
  const value = randomValue(random);
  const { list, map } = doc;
  switch (random.weighted({ push: 3, reverse: 1, shift: 2, empty: 1, set: 2, count: 3 })) {
    case "push":
      return { ...doc, list: [...list.slice(-10), value] };
    case "reverse":
      return { ...doc, list: list.toReversed() };
    case "shift":
      return { ...doc, list: list.slice(1) };
    case "empty":
      return { ...doc, map: {}, text: "" };
    case "set":
      return { ...doc, map: { ...map, a: value } };
    case "count":
      return { ...doc, n: doc.n + 1 };
  }
}
