// The client's copy of the state, changed in place: an operation costs what it changes. What was applied can be taken
// back in reverse order, which restores the very same objects. No limit is checked here: the room does that.

import { isContainer, memberOf, type Container } from "../../protocol/container.ts";
import { parentOf, type Effect, type Tokens } from "../../protocol/effects.ts";
import { setMember, type JsonObject, type JsonValue } from "../../protocol/json.ts";
import type { Operation } from "../../protocol/json-patch.ts";
import { parsePointer } from "../../protocol/pointer.ts";
import { isInsidePair } from "../../protocol/text.ts";
import { Snapshots } from "./snapshots.ts";

/** An operation does not apply to the state. */
export class Unfit extends Error {}

/** Where a member of a container is. */
type Place = { readonly containers: readonly Container[]; readonly tokens: Tokens };

/** One change of one container; `old` is what was there, `undefined` for nothing. */
type Step = Place & {
  readonly kind: "set" | "insert" | "take" | "root";
  readonly old: JsonValue | undefined;
};

/** An operation that was applied. */
export type Applied = {
  readonly effect: Effect | null;
  /** What it has exchanged or removed; a part of the state, if it is taken back. */
  readonly old: JsonValue | undefined;
  readonly steps: readonly Step[];
};

export class Tree {
  #root: JsonValue = {};
  readonly #snapshots = new Snapshots();

  /** To be read, and never kept: it changes. */
  get root(): JsonValue {
    return this.#root;
  }

  /** Begin with a state that nobody else holds. */
  begin(state: JsonObject): void {
    this.#root = state;
  }

  /** The state as it is now, frozen. What has not changed is the same object as the last time. */
  snapshot(): JsonValue {
    return this.#snapshots.of(this.#root);
  }

  /**
   * Apply an operation, whole or not at all. A value in it becomes a part of the state.
   * @throws Unfit
   */
  apply(operation: Operation): Applied {
    const { path } = operation;
    switch (operation.op) {
      case "add":
        return this.#add(path, operation.value);
      case "replace":
        return this.#replace(path, operation.value);
      case "remove":
        return this.#remove(path);
      case "move":
        return this.#move(operation.from, path);
      case "inc":
        return this.#increment(path, operation.by);
      case "str_ins":
        return this.#editText(path, operation.pos, 0, operation.str);
      case "str_del":
        return this.#editText(path, operation.pos, operation.len, "");
      case "copy":
      case "test":
        throw new Unfit(`a change has no "${operation.op}"`);
      default:
        return operation satisfies never;
    }
  }

  /** Take an operation back, if it was the last one that was applied and not yet taken back. */
  revert({ steps }: Applied): void {
    for (const { kind, containers, tokens, old } of steps.toReversed()) {
      if (kind === "root") this.#root = old as JsonValue;
      else if (kind === "insert") this.#take({ containers, tokens });
      else if (kind === "take") this.#insert({ containers, tokens }, old as JsonValue);
      else this.#set({ containers, tokens }, old);
    }
  }

  /** @throws Unfit */
  read(path: Tokens): JsonValue {
    let value = this.#root;
    for (const token of path) value = childOf(value, token);
    return value;
  }

  #add(path: string, value: JsonValue): Applied {
    const place = this.#place(path);
    if (place === null) return this.#exchangeRoot(value);
    const { containers, tokens } = place;
    const parent = containers.at(-1) as Container;
    if (!Array.isArray(parent))
      return this.#exchange(place, memberOf(parent, tokens.at(-1) as string), value);
    const last = tokens.at(-1) as string;
    const index = last === "-" ? parent.length : indexIn(last, parent.length);
    const at = { containers, tokens: [...parentOf(tokens), String(index)] };
    this.#insert(at, value);
    return {
      effect: { kind: "insert", container: parentOf(tokens), index },
      old: undefined,
      steps: [{ kind: "insert", ...at, old: undefined }],
    };
  }

  #replace(path: string, value: JsonValue): Applied {
    const place = this.#place(path);
    return place === null
      ? this.#exchangeRoot(value)
      : this.#exchange(place, existing(place), value);
  }

  #remove(path: string): Applied {
    const place = this.#place(path);
    if (place === null) throw new Unfit("the whole state cannot be removed");
    const old = existing(place);
    const { containers, tokens } = place;
    if (!Array.isArray(containers.at(-1))) return this.#exchange(place, old, undefined);
    this.#take(place);
    return {
      effect: { kind: "take", container: parentOf(tokens), index: Number(tokens.at(-1)) },
      old,
      steps: [{ kind: "take", ...place, old }],
    };
  }

  #move(from: string, path: string): Applied {
    if (path.startsWith(`${from}/`)) throw new Unfit(`"${from}" cannot move into itself`);
    if (path === from) {
      existing(this.#place(from) ?? nowhere());
      return { effect: null, old: undefined, steps: [] };
    }
    const taken = this.#remove(from);
    let put: Applied;
    try {
      put = this.#add(path, taken.old as JsonValue);
    } catch (error) {
      this.revert(taken);
      throw error;
    }
    const [source, target] = [taken.effect, put.effect];
    const toIndex = target?.kind === "insert" ? target.index : -1;
    const to = parsePointer(path) ?? [];
    const effect: Effect = {
      kind: "move",
      from: parsePointer(from) ?? [],
      fromIndex: source?.kind === "take" ? source.index : -1,
      to: toIndex < 0 ? to : [...parentOf(to), String(toIndex)],
      toIndex,
    };
    return { effect, old: put.old, steps: [...taken.steps, ...put.steps] };
  }

  #increment(path: string, by: number): Applied {
    const place = this.#place(path) ?? nowhere();
    const old = existing(place);
    if (typeof old !== "number") throw new Unfit(`the value at "${path}" is not a number`);
    // `|| 0`: JSON has no negative zero.
    const sum = old + by || 0;
    if (!Number.isFinite(sum)) throw new Unfit(`the number at "${path}" would be too large`);
    return { ...this.#exchange(place, old, sum), effect: null };
  }

  #editText(path: string, pos: number, length: number, text: string): Applied {
    const place = this.#place(path) ?? nowhere();
    const old = existing(place);
    if (typeof old !== "string") throw new Unfit(`the value at "${path}" is not a text`);
    const end = pos + length;
    if (end > old.length || isInsidePair(old, pos) || isInsidePair(old, end))
      throw new Unfit(`"${path}" has no such position`);
    const { tokens } = place;
    return {
      ...this.#exchange(place, old, old.slice(0, pos) + text + old.slice(end)),
      effect:
        length === 0
          ? { kind: "textInsert", path: tokens, at: pos, length: text.length }
          : { kind: "textDelete", path: tokens, ranges: [{ at: pos, length }] },
      old: old.slice(pos, end),
    };
  }

  #exchange(place: Place, old: JsonValue | undefined, value: JsonValue | undefined): Applied {
    this.#set(place, value);
    return {
      effect: { kind: "exchange", path: place.tokens },
      old,
      steps: [{ kind: "set", ...place, old }],
    };
  }

  #exchangeRoot(value: JsonValue): Applied {
    const old = this.#root;
    this.#root = value;
    return {
      effect: { kind: "exchange", path: [] },
      old,
      steps: [{ kind: "root", containers: [], tokens: [], old }],
    };
  }

  #set({ containers, tokens }: Place, value: JsonValue | undefined): void {
    const container = containers.at(-1) as Container;
    const token = tokens.at(-1) as string;
    if (Array.isArray(container)) container[Number(token)] = value as JsonValue;
    else if (value === undefined) delete container[token];
    else setMember(container, token, value);
    this.#snapshots.mark(containers, tokens, false);
  }

  #insert({ containers, tokens }: Place, value: JsonValue): void {
    (containers.at(-1) as JsonValue[]).splice(Number(tokens.at(-1)), 0, value);
    this.#snapshots.mark(containers, tokens, true);
  }

  #take({ containers, tokens }: Place): void {
    (containers.at(-1) as JsonValue[]).splice(Number(tokens.at(-1)), 1);
    this.#snapshots.mark(containers, tokens, true);
  }

  /** Walk to the container of a path's last token; `null` for the root. */
  #place(path: string): Place | null {
    const tokens = parsePointer(path);
    if (tokens === null) throw new Unfit(`"${path}" is not a path`);
    if (tokens.length === 0) return null;
    const containers: Container[] = [];
    let value = this.#root;
    for (const token of tokens) {
      if (!isContainer(value)) throw new Unfit(`nothing exists at "${path}"`);
      containers.push(value);
      if (containers.length < tokens.length) value = childOf(value, token);
    }
    return { containers, tokens };
  }
}

function nowhere(): never {
  throw new Unfit("the whole state is neither a number nor a text, and cannot move");
}

const existing = ({ containers, tokens }: Place): JsonValue =>
  childOf(containers.at(-1) as Container, tokens.at(-1) as string);

function childOf(parent: JsonValue, token: string): JsonValue {
  if (Array.isArray(parent)) indexIn(token, parent.length - 1);
  const value = isContainer(parent) ? memberOf(parent, token) : undefined;
  if (value === undefined) throw new Unfit(`nothing exists at "${token}"`);
  return value;
}

function indexIn(token: string, max: number): number {
  const index = /^(0|[1-9]\d*)$/.test(token) ? Number(token) : Infinity;
  if (index > max) throw new Unfit(`"${token}" is not an index within the array`);
  return index;
}
