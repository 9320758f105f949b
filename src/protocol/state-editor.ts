// Changes a state in place and can roll everything back. The cost depends on the change, not on the size of the state.
// Only the owner of a state may use it. A container that is frozen (shared with the room author's code) or that is in two
// places is never modified: it is replaced by a shallow copy when something in it changes. The caches of sizes.ts stay
// exact. No limits are checked here.

import {
  isContainer,
  memberOf,
  put,
  removeMember,
  shallowCopy,
  type Container,
} from "./container.ts";
import { jsonEqual, measure, stringBytes, type JsonValue, type Size } from "./json.ts";
import type { Sized } from "./json-patch.ts";
import { countOf, resized, setCount, sizes } from "./sizes.ts";
import { maxCompared, StateComparison, type Edit } from "./state-comparison.ts";
import { growthBy, inverseOf, spliced, type TextSplice } from "./text.ts";

/** The place of a member, which need not exist. */
export type Place = {
  /** The containers from the root to the one with the member. */
  readonly containers: Container[];
  /** The keys of the containers after the root, and the key of the member. */
  readonly tokens: readonly string[];
};

type Savepoint = {
  readonly edits: number;
  readonly shares: number;
  readonly changes: number;
  readonly root: JsonValue;
  readonly bytes: number;
};

/** Units of a text that is kept as it was before each edit of it. */
const maxKeptText = 1024;

/** Containers that stand in more than one place, or whose parent does. */
const shared = new WeakSet<object>();

/**
 * Copies left over from failed changes, by the frozen containers that were copied. They are reused, so a client that
 * keeps sending failing changes causes only one copy.
 */
const spares = new WeakMap<object, Container>();

export class StateEditor {
  #root: JsonValue;
  #bytes: number;
  readonly #state: Sized;
  readonly #edits: Edit[] = [];
  /** The number of changes, not counting the copies that they required. */
  #changes = 0;
  /** The original of each copy. */
  readonly #sources = new Map<Container, Container>();
  /** Values that must not change because they will be stored with the patch, and containers inside them. */
  readonly #given = new Set<object>();
  readonly #newlyShared: Container[] = [];

  constructor(state: Sized) {
    this.#state = state;
    this.#root = state.value;
    this.#bytes = state.bytes;
  }

  /** The root may be any JSON until the change is complete. */
  get root(): JsonValue {
    return this.#root;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** Whether the state differs from the original JSON. May be wrongly true if large values were exchanged. */
  get hasChanged(): boolean {
    if (this.#changes === 0) return false;
    if (this.#changes === 1 || this.#bytes !== this.#state.bytes) return true;
    return !new StateComparison(this.#edits, this.#sources).isSame(this.#state.value, this.#root);
  }

  /** Mark a value from outside that is about to be put into the state, and must not be modified. */
  give(value: JsonValue): void {
    if (!isContainer(value)) return;
    if (this.#given.has(value)) this.share(value);
    this.#given.add(value);
  }

  /** Mark a value that is about to be put in a second place. */
  share(value: JsonValue): void {
    if (!isContainer(value) || shared.has(value)) return;
    shared.add(value);
    this.#newlyShared.push(value);
  }

  setRoot(value: JsonValue): void {
    if (this.#isEqual(this.#root, value)) return;
    this.#root = value;
    this.#bytes = sizeOf(value).bytes;
    this.#changes++;
  }

  /** Set or add a member of an object, or set an item of an array. */
  set(place: Place, value: JsonValue): void {
    const { token, parent } = targetOf(place);
    const old = memberOf(parent, token);
    const size = sizeOf(value);
    if (old === undefined) {
      const separator = countOf(parent) > 0 ? 1 : 0;
      const growth = size.bytes + stringBytes(token) + 1 + separator;
      put(this.#own(place), token, value);
      return this.#record(place, { kind: "put", token, old, growth, was: 0, is: size.depth });
    }
    if (this.#isEqual(old, value)) return;
    const { bytes, depth } = sizeOf(old);
    put(this.#own(place), token, value);
    const growth = size.bytes - bytes;
    this.#record(place, { kind: "put", token, old, growth, was: depth, is: size.depth });
  }

  insert(place: Place, at: number, value: JsonValue): void {
    const array = this.#own(place) as JsonValue[];
    const { bytes, depth } = sizeOf(value);
    const growth = bytes + (array.length > 0 ? 1 : 0);
    array.splice(at, 0, value);
    const token = String(at);
    this.#record(place, { kind: "insert", token, old: undefined, growth, was: 0, is: depth });
  }

  /** Remove a member that exists. */
  remove(place: Place): void {
    const owned = this.#own(place);
    const { token } = targetOf(place);
    const old = memberOf(owned, token) as JsonValue;
    const { bytes, depth } = sizeOf(old);
    const isArray = Array.isArray(owned);
    const name = isArray ? 0 : stringBytes(token) + 1;
    const growth = -bytes - name - (countOf(owned) > 1 ? 1 : 0);
    if (isArray) owned.splice(Number(token), 1);
    else removeMember(owned, token);
    const kind = isArray ? "take" : "put";
    this.#record(place, { kind, token, old, growth, was: depth, is: 0 });
  }

  /** Exchange a number for another one. @param growth by how many bytes its JSON text is longer */
  setNumber(place: Place, value: number, growth: number): void {
    this.#setLeaf(place, value, { growth });
  }

  /** @param old the text that is there */
  editText(place: Place, old: string, splice: TextSplice): void {
    const growth = growthBy(old, splice);
    // Of a large text, the way back is kept instead of the text.
    const isLarge = old.length > maxKeptText;
    const back = isLarge ? { back: inverseOf(old, splice) } : {};
    this.#setLeaf(place, spliced(old, splice), { growth, ...back });
  }

  #setLeaf(place: Place, value: string | number, how: Pick<Edit, "growth" | "back">): void {
    const { token, parent } = targetOf(place);
    const old = how.back ? undefined : memberOf(parent, token);
    if (old === value) return;
    put(this.#own(place), token, value);
    this.#record(place, { kind: "put", token, old, was: 0, is: 0, ...how });
  }

  /** The current position, for `rollbackTo`. */
  get savepoint(): Savepoint {
    const { length: edits } = this.#edits;
    const { length: shares } = this.#newlyShared;
    return { edits, shares, changes: this.#changes, root: this.#root, bytes: this.#bytes };
  }

  /** Undo all changes since a savepoint. */
  rollbackTo({ edits, shares, changes, root, bytes }: Savepoint): void {
    this.#undo(this.#edits.splice(edits));
    for (const container of this.#newlyShared.splice(shares)) shared.delete(container);
    this.#changes = changes;
    this.#root = root;
    this.#bytes = bytes;
  }

  /** Undo everything. The state is then as before, except for the order of members. */
  rollback(): void {
    this.#undo(this.#edits);
    for (const container of this.#newlyShared) shared.delete(container);
    for (const [copy, source] of this.#sources)
      if (!Object.isExtensible(source)) spares.set(source, copy);
  }

  #undo(edits: readonly Edit[]): void {
    for (const edit of edits.toReversed()) {
      const { kind, containers, depth, token, old, back, growth, was, is } = edit;
      const container = containers[depth] as Container;
      if (back) put(container, token, spliced(memberOf(container, token) as string, back));
      else if (kind !== "put") undoSplice(container as JsonValue[], Number(token), old);
      else if (old !== undefined) put(container, token, old);
      else removeMember(container as Record<string, JsonValue>, token);
      resize({ containers, depth, growth: -growth, was: is, is: was });
    }
  }

  #record(place: Place, edit: Omit<Edit, "containers" | "tokens" | "depth">): void {
    const { containers, tokens } = place;
    const made = { containers, tokens, depth: containers.length - 1, ...edit };
    this.#edits.push(made);
    this.#changes++;
    this.#bytes += made.growth;
    resize(made);
  }

  /** Make sure that every container of a place may be modified, by copying it if necessary. @returns the last one */
  #own({ containers, tokens }: Place): Container {
    for (const [index, container] of containers.entries()) {
      if (this.#isOwn(container)) continue;
      const copy = this.#copy(container);
      containers[index] = copy;
      const depth = index - 1;
      const parent = containers[depth];
      if (parent === undefined) {
        this.#root = copy;
        continue;
      }
      const token = tokens[depth] as string;
      put(parent, token, copy);
      const kind = "put";
      const edit = { kind, token, old: container, growth: 0, was: 0, is: 0 } as const;
      this.#edits.push({ containers, tokens, depth, ...edit });
    }
    return containers.at(-1) as Container;
  }

  #isOwn(container: Container): boolean {
    return Object.isExtensible(container) && !shared.has(container) && !this.#given.has(container);
  }

  #copy(source: Container): Container {
    const spare = spares.get(source);
    spares.delete(source);
    const copy = spare ?? shallowCopy(source, this.#markerOf(source));
    const size = sizes.get(source);
    if (size !== undefined) sizes.set(copy, size);
    setCount(copy, countOf(source));
    this.#sources.set(copy, source);
    return copy;
  }

  /** Returns a function that marks the members of a copied container: they must be copied when they change, too. */
  #markerOf(source: Container): ((member: Container) => void) | null {
    if (!Object.isExtensible(source)) return null; // they are frozen too
    return shared.has(source) ? (each) => this.share(each) : (each) => this.#given.add(each);
  }

  /** Whether two values are the same JSON. Large ones are compared only if one is from outside, which bounds the work. */
  #isEqual(old: JsonValue, value: JsonValue): boolean {
    const { bytes } = sizeOf(value);
    if (bytes !== sizeOf(old).bytes) return false;
    const isCheap = bytes <= maxCompared || !isContainer(value) || this.#given.has(value);
    return isCheap && jsonEqual(old, value);
  }
}

export const targetOf = ({ containers, tokens }: Place): { parent: Container; token: string } => ({
  parent: containers.at(-1) as Container,
  token: tokens.at(-1) as string,
});

/** @param old the item that was removed; `undefined` if one was inserted */
function undoSplice(array: JsonValue[], at: number, old: JsonValue | undefined): void {
  if (old === undefined) array.splice(at, 1);
  else array.splice(at, 0, old);
}

type Change = Pick<Edit, "containers" | "depth" | "growth" | "was" | "is">;

/** Update the cached sizes after one member of a container has changed. */
function resize({ containers, depth, growth, was, is }: Change): void {
  let [before, after, isKnown] = [was, is, true];
  for (let index = depth; index >= 0; index--) {
    const container = containers[index] as Container;
    const size = isKnown ? sizes.get(container) : undefined;
    isKnown = size !== undefined;
    if (size === undefined) sizes.delete(container);
    else {
      const next = resized(size, growth, before, after);
      sizes.set(container, next);
      [before, after] = [size.depth, next.depth];
    }
  }
}

// Limits do not apply to what is already in the state, because they may have been lowered since.
const sizeOf = (value: JsonValue): Size => measure(value, Infinity, sizes);
