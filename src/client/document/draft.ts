// The draft that a recipe changes (rule C1): it looks like the state, and records each change as the operation that
// says what was meant. An item taken out of a list is one operation, however long the list is. Changes are applied at
// once to the tree that the draft is a view of; the recorder can take all of them back.

import { longestGrowing, placesOf } from "../../protocol/align.ts";
import { isContainer, memberOf, type Container } from "../../protocol/container.ts";
import { indexOf } from "../../protocol/effects.ts";
import type { Operation } from "../../protocol/json-patch.ts";
import type { JsonValue } from "../../protocol/json.ts";
import { childPointer, pointerOf } from "../../protocol/pointer.ts";
import { arrange } from "./arrange.ts";
import type { Applied, Tree } from "./tree.ts";
import { copyValue } from "./values.ts";

/** An operation that was applied, with a value of its own. `value` is the one in the tree. */
export type Recorded = {
  readonly operation: Operation;
  readonly applied: Applied;
  readonly value: JsonValue | undefined;
};

/** Where a container of the tree was found. */
type Node = {
  readonly recorder: Recorder;
  readonly container: Container;
  parent: Node | null;
  key: string;
  readonly proxy: object;
};

/**
 * A list that is assigned anew is changed by this many operations at most. If it takes more, it is replaced, and what
 * others change in it at the same time is lost. That matters more for items that others can change inside.
 */
const maxItemChanges = 500;
/** The same for a list of bare values. */
const maxValueChanges = 100;

/** The values that the drafts stand for. */
const drafts = new WeakMap<object, Node>();

/** Changes the draft that it gets. */
export type Recipe = (draft: never) => unknown;

/** Records one recipe. */
export class Recorder {
  readonly recorded: Recorded[] = [];
  readonly #tree: Tree;
  readonly #nodes = new Map<Container, Node>();
  #isOpen = true;

  constructor(tree: Tree) {
    this.#tree = tree;
  }

  /** The draft of the whole state. */
  get draft(): object {
    return this.#node(this.#tree.root as Container, null, "").proxy;
  }

  /**
   * Run a recipe once.
   * @throws what the recipe throws; TypeError if it is asynchronous
   */
  run(recipe: Recipe): void {
    const returned = recipe(this.draft as never);
    if (typeof returned === "object" && returned !== null && "then" in returned)
      throw new TypeError("A recipe must not be asynchronous: await first, then change the state.");
  }

  /** Look at the tree as it was before. */
  lookBefore<T>(look: () => T): T {
    for (const { applied } of this.recorded.toReversed()) this.#tree.revert(applied);
    const seen = look();
    for (const { applied } of this.recorded) this.#tree.redo(applied);
    return seen;
  }

  /** From here on, the draft refuses to be changed. */
  close(): void {
    this.#isOpen = false;
  }

  /** Take everything back. */
  revert(): void {
    for (const { applied } of this.recorded.toReversed()) this.#tree.revert(applied);
    this.recorded.length = 0;
  }

  /**
   * Apply an operation. A draft in it stands for what it shows.
   * @throws TypeError once the recipe has ended, or for a value that is not JSON; Unfit
   */
  apply(operation: Operation): void {
    if (!this.#isOpen)
      throw new TypeError("A draft is valid only while its recipe runs. Call update() again.");
    if (!("value" in operation)) {
      const applied = this.#tree.apply(operation);
      if (applied.steps.length > 0) this.recorded.push({ operation, applied, value: undefined });
      return;
    }
    // The value in the tree may change later; the one that is sent must not. The second copy is made of the first,
    // because what the application gives may answer differently each time.
    const value = copyValue(operation.value, operation.path, sourceOf);
    this.recorded.push({
      operation: { ...operation, value: copyValue(value, operation.path) },
      applied: this.#tree.apply({ ...operation, value }),
      value,
    });
  }

  /** The path of a container. @throws TypeError for one that was taken out of the state */
  path(container: Container): string {
    const tokens: string[] = [];
    for (let node = this.#nodes.get(container); node && node.parent; node = node.parent) {
      const above = node.parent.container;
      if (memberOf(above, node.key) !== node.container) {
        const index = Array.isArray(above) ? above.indexOf(node.container as JsonValue) : -1;
        if (index < 0)
          throw new TypeError(
            "This part of the draft is no longer in the state. Change it before you take it out.",
          );
        node.key = String(index);
      }
      tokens.unshift(node.key);
    }
    return pointerOf(tokens);
  }

  #node(container: Container, parent: Node | null, key: string): Node {
    const known = this.#nodes.get(container);
    if (known !== undefined) {
      known.parent = parent;
      known.key = key;
      return known;
    }
    const proxy = new Proxy(container, this.#handler);
    const node = { recorder: this, container, parent, key, proxy };
    this.#nodes.set(container, node);
    drafts.set(proxy, node);
    return node;
  }

  readonly #handler: ProxyHandler<Container> = {
    get: (target, key) => this.#get(target, key),
    set: (target, key, value) => {
      if (Array.isArray(target)) this.#setItem(target, named(key), value);
      else this.#setMember(target, named(key), value);
      return true;
    },
    deleteProperty: (target, key) => {
      if (Array.isArray(target)) throw new TypeError(noHoles);
      this.#setMember(target, named(key), undefined);
      return true;
    },
    getOwnPropertyDescriptor: (target, key) => {
      const found = Reflect.getOwnPropertyDescriptor(target, key);
      return found?.configurable ? { ...found, value: this.#get(target, key) } : found;
    },
    defineProperty: refuse,
    setPrototypeOf: refuse,
    preventExtensions: refuse,
  };

  #get(target: Container, key: string | symbol): unknown {
    if (Array.isArray(target) && listMethods.has(key))
      return (...input: unknown[]) => this.#callMethod(target, key, input);
    const isOwn = Object.hasOwn(target, key);
    // A key of somebody else's must not lead to what all objects share.
    if (!isOwn && !Array.isArray(target) && key === "__proto__") return undefined;
    const value: unknown = Reflect.get(target, key);
    if (!isContainer(value) || !isOwn) return value;
    return this.#node(value, this.#nodes.get(target) ?? null, key as string).proxy;
  }

  /** @param value `undefined` to remove it */
  #setMember(target: Record<string, JsonValue>, key: string, value: unknown): void {
    const old = memberOf(target, key);
    if (sourceOf(value) === old) return;
    if (Array.isArray(old) && Array.isArray(value)) {
      this.#node(old, this.#nodes.get(target) ?? null, key);
      if (this.#setItems(old, value)) return;
    }
    const path = childPointer(this.path(target), key);
    if (value === undefined) this.apply({ op: "remove", path });
    else this.apply({ op: "add", path, value: value as JsonValue });
  }

  // Lists. The methods of arrays that are not here come to setting items.

  #setItem(list: JsonValue[], key: string, value: unknown): void {
    const path = this.path(list);
    if (key === "length") {
      if (Number(value) > list.length) throw new TypeError(noHoles);
      while (list.length > Number(value))
        this.apply({ op: "remove", path: childPointer(path, Number(value)) });
      return;
    }
    const index = indexOf(key);
    if (index < 0 || index > list.length) throw new TypeError(noHoles);
    if (index === list.length)
      this.apply({ op: "add", path: `${path}/-`, value: value as JsonValue });
    else if (sourceOf(value) !== list[index])
      this.apply({ op: "replace", path: childPointer(path, index), value: value as JsonValue });
  }

  /** Make a list another one, by what differs. @returns false if that is not worth it */
  #setItems(list: JsonValue[], items: readonly unknown[]): boolean {
    // The common beginning and the common end stay, even if other items equal them.
    const most = Math.min(list.length, items.length);
    let [start, tail] = [0, 0];
    while (start < most && sourceOf(items[start]) === list[start]) start++;
    while (tail < most - start && sourceOf(items.at(-1 - tail)) === list.at(-1 - tail)) tail++;
    const before = list.slice(start, list.length - tail);
    const after = items.slice(start, items.length - tail);
    const places = placesIn(before, after);
    const kept = places.filter((place) => place >= 0).length;
    if (start + tail + kept === 0) return false;
    const changes = before.length - kept + after.length - longestGrowing(places).size;
    if (changes > (list.some(isContainer) ? maxItemChanges : maxValueChanges)) return false;
    this.#arrange(list, before.length, after, places, start);
    return true;
  }

  /** Run a method on a copy of what it changes of a list, and make that the same. */
  #callMethod(list: JsonValue[], name: string | symbol, input: unknown[]): unknown {
    const draft = this.#nodes.get(list)?.proxy as unknown[];
    const isSplice = name === "splice";
    const from = name === "pop" ? -1 : isSplice ? Math.trunc(Number(input[0])) || 0 : 0;
    const start = from < 0 ? Math.max(0, list.length + from) : Math.min(from, list.length);
    let count = name === "shift" ? 1 : name === "unshift" ? 0 : Infinity;
    if (isSplice && input.length !== 1) count = Math.max(0, Number(input[1]) || 0);
    const part = list.slice(start, start + count);
    // An item is itself, whatever other items have the same value. Only `sort` looks at them.
    const before: readonly unknown[] = name === "sort" ? [...draft] : part.map(Object);
    const items = [...before];
    const call = isSplice ? [0, Infinity, ...input.slice(2)] : input;
    const result: unknown = items[name as "splice"](...(call as [number, number, ...unknown[]]));
    // A removed item is no longer part of the state: a copy of it can be changed.
    const copyOf = (item: unknown): JsonValue => copyValue(part[before.indexOf(item)], "");
    const taken = Array.isArray(result)
      ? result.map(copyOf)
      : isContainer(result)
        ? copyOf(result)
        : result;
    this.#arrange(list, part.length, items, placesIn(before, items), start);
    return result === items ? draft : name === "unshift" ? list.length : taken;
  }

  /**
   * Make a part of a list these items.
   * @param places where each of them is in the part; -1 for one that is new
   */
  #arrange(
    list: JsonValue[],
    length: number,
    items: readonly unknown[],
    places: readonly number[],
    start: number,
  ): void {
    const isEnd = start + length === list.length;
    for (const operation of arrange(this.path(list), length, items, places, start, isEnd))
      this.apply(operation);
  }
}

/** The methods of arrays that move items. */
const listMethods: ReadonlySet<unknown> = new Set([
  "pop",
  "shift",
  "unshift",
  "splice",
  "sort",
  "reverse",
]);

/** Where each of these items is in a list, each place once; -1 for none. */
function placesIn(list: readonly unknown[], items: readonly unknown[]): readonly number[] {
  const places = placesOf(list, sourceOf);
  return items.map((item) => places.get(sourceOf(item))?.pop() ?? -1);
}

/** The container that a draft stands for; anything else is itself. */
const sourceOf = <T>(value: T): T =>
  ((isContainer(value) && drafts.get(value)?.container) || value) as T;

/**
 * The draft's recorder, and the path of what it stands for: for the functions that change it by intent.
 * @throws TypeError for an object that is not part of a draft
 */
export function lookUp(draft: object): {
  readonly container: Container;
  readonly path: string;
  apply(operation: Operation): void;
} {
  const node = drafts.get(draft);
  if (node === undefined)
    throw new TypeError("This takes an object or a list of the draft that update() gives.");
  const { recorder, container } = node;
  const path = recorder.path(container);
  return { container, path, apply: (operation) => recorder.apply(operation) };
}

function refuse(): never {
  throw new TypeError("A draft takes plain values only: assign to it.");
}

function named(key: string | symbol): string {
  if (typeof key === "symbol")
    throw new TypeError("The state holds JSON only, which has no symbols.");
  return key;
}

const noHoles =
  "A list has no holes and no names: add items at its end, and take them out with splice().";
