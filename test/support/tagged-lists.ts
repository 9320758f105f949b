// Random histories of lists whose items have tags, and what people do to them. An edit names its item by tag;
// the patch that is made of it names it by index. Whether the edit then stands on that item can be checked.

import fc, { type Arbitrary } from "fast-check";
import type { JsonArray, JsonObject, JsonValue } from "../../src/protocol/json.ts";
import type { Operation, Patch } from "../../src/protocol/json-patch.ts";

/** `by` remembers all edits that were made on an item, with the tag that each was meant for. */
type Item = { readonly tag: string; readonly by: JsonArray; readonly text: string };

/** Three lists: two at the top, one inside an object that may be exchanged. */
const lists = ["/a", "/b", "/deep/list"] as const;
type List = (typeof lists)[number];

export const item = (tag: string): JsonObject => ({ tag, by: [], text: `text of ${tag}` });

export const firstState = (): JsonObject => ({
  a: ["a0", "a1", "a2", "a3"].map(item),
  b: ["b0", "b1", "b2"].map(item),
  deep: { list: ["d0", "d1"].map(item) },
  count: 0,
  map: { 0: item("m0"), 1: item("m1") },
  text: "The quick brown fox",
});

const itemsAt = (state: JsonObject, list: List): readonly Item[] => {
  const value =
    list === "/deep/list" ? (state["deep"] as JsonObject)["list"] : state[list.slice(1)];
  return (Array.isArray(value) ? value : []) as unknown as Item[];
};

/** What somebody means to do, before there is a state to do it on. */
export type Intent = {
  readonly kind:
    | "insert"
    | "append"
    | "remove"
    | "move"
    | "edit"
    | "type"
    | "exchange"
    | "exchangeDeep"
    | "vote"
    | "write"
    | "erase"
    | "name";
  readonly from: number;
  readonly to: number;
  readonly list: number;
  readonly other: number;
};

export const intents = (options: fc.ArrayConstraints = {}): Arbitrary<readonly Intent[]> =>
  fc.array(
    fc.record<Intent>({
      kind: fc.constantFrom(
        ...(["insert", "insert", "append", "remove", "remove", "move", "move"] as const),
        ...(["edit", "edit", "edit", "type", "exchange", "exchangeDeep", "vote"] as const),
        ...(["write", "write", "erase", "name"] as const),
      ),
      from: fc.nat(100),
      to: fc.nat(100),
      list: fc.nat(2),
      other: fc.nat(2),
    }),
    options,
  );

let tags = 0;

/** The operation that somebody who sees this state sends for what they mean; `null` if there is nothing to do it to. */
export function operationFor(state: JsonObject, intent: Intent): Operation | null {
  const list = lists[intent.list] ?? "/a";
  const other = lists[intent.other] ?? "/b";
  const items = itemsAt(state, list);
  const at = items.length === 0 ? -1 : intent.from % items.length;
  const tag = items[at]?.tag;
  const fresh = (): JsonObject => item(`n${tags++}`);
  switch (intent.kind) {
    case "insert":
      return { op: "add", path: `${list}/${intent.to % (items.length + 1)}`, value: fresh() };
    case "append":
      return { op: "add", path: `${list}/-`, value: fresh() };
    case "remove":
      return at < 0 ? null : { op: "remove", path: `${list}/${at}` };
    case "move": {
      if (at < 0) return null;
      const { length } = itemsAt(state, other);
      const room = other === list ? length - 1 : length;
      return { op: "move", from: `${list}/${at}`, path: `${other}/${intent.to % (room + 1)}` };
    }
    case "edit":
      return at < 0 || tag === undefined
        ? null
        : { op: "add", path: `${list}/${at}/by/-`, value: tag };
    case "type": {
      if (at < 0 || tag === undefined) return null;
      const pos = intent.to % ((items[at]?.text.length ?? 0) + 1);
      return { op: "str_ins", path: `${list}/${at}/text`, pos, str: `<${tag}>` };
    }
    case "exchange":
      return { op: "replace", path: list, value: [fresh(), fresh()] };
    case "exchangeDeep":
      return { op: "replace", path: "/deep", value: { list: [fresh()] } };
    case "vote":
      return { op: "inc", path: "/count", by: 1 };
    case "write":
    case "erase": {
      const text = state["text"] as string;
      const pos = intent.from % (text.length + 1);
      if (intent.kind === "write") return { op: "str_ins", path: "/text", pos, str: "+" };
      const len = Math.min(1 + (intent.to % 4), text.length - pos);
      return len === 0 ? null : { op: "str_del", path: "/text", pos, len };
    }
    case "name":
      return { op: "add", path: `/map/${intent.from % 2}/by/-`, value: `m${intent.from % 2}` };
    default:
      return intent.kind satisfies never;
  }
}

/** Edits in a state that stand on another item than the one they were made on. */
export function misplaced(value: JsonValue): string[] {
  if (typeof value !== "object" || value === null) return [];
  if (Array.isArray(value)) return value.flatMap(misplaced);
  const { tag, by, text } = value as JsonObject;
  const wrong = Array.isArray(by) ? by.filter((each) => each !== tag) : [];
  const typed = typeof text === "string" ? [...text.matchAll(/<(\w+)>/g)] : [];
  return [
    ...wrong.map((each) => `an edit of ${String(each)} on ${String(tag)}`),
    ...typed
      .filter(([, each]) => each !== tag)
      .map(([, each]) => `text of ${each} on ${String(tag)}`),
    ...Object.values(value as JsonObject).flatMap(misplaced),
  ];
}

/** A patch for several intents: each operation is made on the state that the ones before it lead to. */
export function patchFor(
  state: JsonObject,
  wanted: readonly Intent[],
  apply: (state: JsonObject, operation: Operation) => JsonObject,
): Patch {
  const patch: Operation[] = [];
  let seen = state;
  for (const intent of wanted) {
    const operation = operationFor(seen, intent);
    if (operation === null) continue;
    patch.push(operation);
    seen = apply(seen, operation);
  }
  return patch;
}
