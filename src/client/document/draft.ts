// The draft that a recipe changes (rule C1): it looks like the state, and records each change as the operation that
// says what was meant. An item taken out of a list is one operation, however long the list is. Changes are applied at
// once to the tree that the draft is a view of; the recorder can take all of them back.

import { isContainer, memberOf, type Container } from "../../protocol/container.ts";
import type { Operation } from "../../protocol/json-patch.ts";
import type { JsonValue } from "../../protocol/json.ts";
import { childPointer } from "../../protocol/pointer.ts";
import { stepsBetween } from "./arrange.ts";
import type { Applied, Tree } from "./tree.ts";
import { copyValue } from "./values.ts";

/** An operation that was applied. What is in it is nobody else's; `value` is a part of the tree. */
export type Recorded = {
  readonly operation: Operation;
  readonly applied: Applied;
  readonly value: JsonValue | undefined;
};

/** Where a container of the tree was found. */
type Node = {
  readonly container: Container;
  parent: Node | null;
  key: string;
  readonly proxy: object;
};

/** Whose draft an object is. */
const drafts = new WeakMap<object, { readonly recorder: Recorder; readonly node: Node }>();

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

  /** From here on, the draft refuses to be changed. */
  close(): void {
    this.#isOpen = false;
  }

  /** Take everything back. */
  revert(): void {
    for (const { applied } of this.recorded.toReversed()) this.#tree.revert(applied);
    this.recorded.length = 0;
  }

  /** @throws TypeError once the recipe has ended; Unfit */
  apply(operation: Operation): void {
    if (!this.#isOpen)
      throw new TypeError("A draft is valid only while its recipe runs. Call update() again.");
    if (!("value" in operation)) {
      const applied = this.#tree.apply(operation);
      if (applied.steps.length > 0) this.recorded.push({ operation, applied, value: undefined });
      return;
    }
    // What is in the tree may change later on; what is sent must not.
    const value = copyValue(operation.value, operation.path);
    this.recorded.push({ operation, applied: this.#tree.apply({ ...operation, value }), value });
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
    return tokens.reduce(childPointer, "");
  }

  #node(container: Container, parent: Node | null, key: string): Node {
    const known = this.#nodes.get(container);
    if (known !== undefined) {
      known.parent = parent;
      known.key = key;
      return known;
    }
    const node = { container, parent, key, proxy: new Proxy(container, this.#handler) };
    this.#nodes.set(container, node);
    drafts.set(node.proxy, { recorder: this, node });
    return node;
  }

  readonly #handler: ProxyHandler<Container> = {
    get: (target, key) => this.#get(target, key),
    set: (target, key, value) => {
      this.#set(target, named(key), value);
      return true;
    },
    deleteProperty: (target, key) => {
      this.#delete(target, named(key));
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
    if (typeof key === "string" && Array.isArray(target) && Object.hasOwn(listMethods, key)) {
      const method = listMethods[key] as ListMethod;
      return (...input: unknown[]) => method(this.#editor(target), input);
    }
    const value: unknown = Reflect.get(target, key);
    if (!isContainer(value) || !Object.hasOwn(target, key)) return value;
    return this.#node(value, this.#nodes.get(target) ?? null, key as string).proxy;
  }

  #set(target: Container, key: string, value: unknown): void {
    if (Array.isArray(target)) return this.#editor(target).put(key, value);
    if (value === undefined) return this.#delete(target, key);
    const old = memberOf(target, key);
    const source = sourceOf(value);
    if (source === old) return;
    if (Array.isArray(old) && Array.isArray(source)) {
      this.#node(old, this.#nodes.get(target) ?? null, key);
      if (this.#editor(old).becomes(Array.isArray(value) ? value : source)) return;
    }
    const path = childPointer(this.path(target), key);
    this.apply({ op: "add", path, value: copyValue(value, path, sourceOf) });
  }

  #delete(target: Container, key: string): void {
    if (Array.isArray(target))
      throw new TypeError("A list has no holes: take the item out with splice().");
    if (Object.hasOwn(target, key))
      this.apply({ op: "remove", path: childPointer(this.path(target), key) });
  }

  #editor(list: JsonValue[]): ListEditor {
    const proxy = this.#nodes.get(list)?.proxy as unknown[];
    return new ListEditor(list, proxy, this.path(list), (operation) => this.apply(operation));
  }
}

/** The container that a draft stands for; anything else is itself. */
const sourceOf = <T>(value: T): T =>
  ((typeof value === "object" && value !== null && drafts.get(value)?.node.container) as T) ||
  value;

/**
 * The draft's recorder, and the path of what it stands for: for the functions that change it by intent.
 * @throws TypeError for an object that is not part of a draft
 */
export function lookUp(draft: object): {
  readonly container: Container;
  readonly path: string;
  apply(operation: Operation): void;
} {
  const found = drafts.get(draft);
  if (found === undefined)
    throw new TypeError("This takes an object or a list of the draft that update() gives.");
  const { recorder, node } = found;
  const path = recorder.path(node.container);
  return { container: node.container, path, apply: (operation) => recorder.apply(operation) };
}

function refuse(): never {
  throw new TypeError("A draft takes plain values only: assign to it.");
}

function named(key: string | symbol): string {
  if (typeof key === "symbol")
    throw new TypeError("The state holds JSON only, which has no symbols.");
  return key;
}

// Lists

type ListMethod = (list: ListEditor, input: unknown[]) => unknown;

const sorter = (compare: unknown) =>
  typeof compare === "function" ? (compare as (a: unknown, b: unknown) => number) : undefined;

/** The methods of arrays that change them. */
const listMethods: Readonly<Record<string, ListMethod>> = {
  push: (list, items) => list.insertAll(list.length, items).length,
  unshift: (list, items) => list.insertAll(0, items, false).length,
  pop: (list) => list.take(list.length - 1, 1)[0],
  shift: (list) => list.take(0, 1)[0],
  splice: (list, [start, count, ...items]) => {
    const from = list.index(start);
    const removed = list.take(
      from,
      count === undefined && start !== undefined ? list.length : Number(count ?? 0),
    );
    list.insertAll(from, items);
    return removed;
  },
  sort: (list, [compare]) => list.arrange(list.items().toSorted(sorter(compare))),
  reverse: (list) => list.arrange(list.items().toReversed()),
  fill: (list, [value, start, end]) =>
    list.overwrite(list.items().fill(value, start as number, end as number)),
  copyWithin: (list, [target, start, end]) =>
    list.overwrite(list.items().copyWithin(target as number, start as number, end as number)),
};

/** Changes one list by operations. */
class ListEditor {
  readonly #list: JsonValue[];
  readonly #proxy: unknown[];
  readonly #path: string;
  readonly #apply: (operation: Operation) => void;

  constructor(
    list: JsonValue[],
    proxy: unknown[],
    path: string,
    apply: (operation: Operation) => void,
  ) {
    this.#list = list;
    this.#proxy = proxy;
    this.#path = path;
    this.#apply = apply;
  }

  get length(): number {
    return this.#list.length;
  }

  /** The items, as drafts. */
  items(): unknown[] {
    return Array.from(this.#proxy);
  }

  /** An index as `splice` takes it: from the end if it is negative. */
  index(start: unknown): number {
    const index = Math.trunc(Number(start ?? 0)) || 0;
    return index < 0 ? Math.max(0, this.length + index) : Math.min(index, this.length);
  }

  /** Take items out. @returns copies of them */
  take(index: number, count: number): JsonValue[] {
    const taken = index < 0 ? [] : this.#list.slice(index, index + Math.max(0, count));
    const copies = taken.map((item) => copyValue(item, ""));
    for (const _ of taken) this.#apply({ op: "remove", path: this.#at(index) });
    return copies;
  }

  /** @param mayAppend whether what goes to the end is appended, whatever others append meanwhile */
  insertAll(index: number, items: readonly unknown[], mayAppend = true): this {
    for (const [at, item] of items.entries()) this.#insert(index + at, item, mayAppend);
    return this;
  }

  /** Set an item, or the length. */
  put(key: string, value: unknown): void {
    if (key === "length") {
      if (Number(value) > this.length) throw holes();
      this.take(Number(value), this.length);
      return;
    }
    const index = /^(0|[1-9]\d*)$/.test(key) ? Number(key) : NaN;
    if (!(index <= this.length)) throw holes();
    if (index === this.length) return this.#insert(index, value);
    if (sourceOf(value) === this.#list[index]) return;
    const path = this.#at(index);
    this.#apply({ op: "replace", path, value: copyValue(value, path, sourceOf) });
  }

  /** Become another list, by what is in both. @returns false if nothing is, so that it has to be exchanged */
  becomes(items: readonly unknown[]): boolean {
    if (this.#placesOf(items).every((place) => place < 0)) return false;
    this.arrange(items);
    return true;
  }

  /** Become a list of these items, some of which are in it. */
  arrange(items: readonly unknown[]): unknown[] {
    for (const step of stepsBetween(this.length, this.#placesOf(items)))
      if (step.kind === "remove") this.#apply({ op: "remove", path: this.#at(step.index) });
      else if (step.kind === "insert") this.#insert(step.index, items[step.item]);
      else this.#apply({ op: "move", from: this.#at(step.index), path: this.#at(step.to) });
    return this.#proxy;
  }

  overwrite(items: readonly unknown[]): unknown[] {
    for (const [index, item] of items.entries()) this.put(String(index), item);
    return this.#proxy;
  }

  /** Where each of these items is in the list, each place once; -1 for none. */
  #placesOf(items: readonly unknown[]): readonly number[] {
    const places = new Map<unknown, number[]>();
    for (const [index, item] of this.#list.entries()) {
      const known = places.get(item);
      if (known === undefined) places.set(item, [index]);
      else known.push(index);
    }
    return items.map((item) => places.get(sourceOf(item))?.shift() ?? -1);
  }

  #insert(index: number, item: unknown, mayAppend = true): void {
    const path = mayAppend && index === this.length ? `${this.#path}/-` : this.#at(index);
    this.#apply({ op: "add", path, value: copyValue(item, path, sourceOf) });
  }

  #at(index: number): string {
    return childPointer(this.#path, index);
  }
}

const holes = (): TypeError =>
  new TypeError("A list has no holes and no names: add items at its end, or with splice().");
