// The client's copy of the state, changed in place: an operation costs what it changes. What was applied can be taken
// back in reverse order, which restores the very same objects. No limit is checked here: the room does that.

import { isContainer, memberOf, type Container } from "../../protocol/container.ts";
import {
  indexOf,
  parentOf,
  putAt,
  takenFrom,
  type Effect,
  type Tokens,
} from "../../protocol/effects.ts";
import { setMember, type JsonObject, type JsonValue } from "../../protocol/json.ts";
import type { Operation } from "../../protocol/json-patch.ts";
import { parsePointer } from "../../protocol/pointer.ts";
import { isInsidePair } from "../../protocol/text.ts";
import { Snapshots } from "./snapshots.ts";

/** An operation does not apply to the state. */
export class Unfit extends Error {}

/** Where a member of a container is: the last token, in the last container. */
type Place = {
  readonly containers: readonly Container[];
  readonly tokens: Tokens;
  /** In a list; -1 in an object. */
  readonly index: number;
};

/** One change of one container: what was there, and what is; `undefined` is nothing. */
type Step = Place & { readonly old: JsonValue | undefined; readonly now: JsonValue | undefined };

/** An operation that was applied. */
export type Applied = {
  readonly effect: Effect | null;
  /** What it has exchanged or removed; a part of the state, if it is taken back. */
  readonly old: JsonValue | undefined;
  readonly steps: readonly Step[];
};

export class Tree {
  /** The state is the one member of this object, so that it is changed like whatever is in it. */
  readonly #holder: { "": JsonValue } = { "": {} };
  readonly #snapshots = new Snapshots();

  /** To be read, and never kept: it changes. */
  get root(): JsonValue {
    return this.#holder[""];
  }

  /** Begin with a state that nobody else holds. */
  begin(state: JsonObject): void {
    this.#holder[""] = state;
  }

  /** The state as it is now, frozen. What has not changed is the same object as the last time. */
  snapshot(): JsonValue {
    return this.#snapshots.of(this.root);
  }

  /**
   * Apply an operation, whole or not at all. A value in it becomes a part of the state.
   * @throws Unfit
   */
  apply(operation: Operation): Applied {
    const { op, path } = operation;
    if (op === "move") return this.#move(operation.from, path);
    const place = this.#place(path);
    const tokens = pathOf(place);
    if (op === "add") {
      if (place.index < 0) return this.#exchange(place, valueAt(place), operation.value);
      const effect = putAt(tokens, place.index);
      return this.#change({ ...place, old: undefined, now: operation.value }, effect);
    }
    const old = valueAt(place);
    if (old === undefined) throw new Unfit(`Nothing exists at "${path}".`);
    switch (op) {
      case "replace":
        return this.#exchange(place, old, operation.value);
      case "remove":
        if (path === "") throw new Unfit("The state as a whole stays.");
        return this.#change({ ...place, old, now: undefined }, takenFrom(tokens, place.index));
      case "inc":
        return { ...this.#exchange(place, old, sum(old, operation.by, path)), effect: null };
      case "str_ins": {
        const { pos: at, str } = operation;
        const text = spliced(old, at, 0, str, path);
        const effect = { kind: "textInsert", path: tokens, at, length: str.length } as const;
        return { ...this.#exchange(place, old, text), effect };
      }
      case "str_del": {
        const { pos: at, len: length } = operation;
        const text = spliced(old, at, length, "", path);
        const effect = { kind: "textDelete", path: tokens, ranges: [{ at, length }] } as const;
        const deleted = (old as string).slice(at, at + length);
        return { ...this.#exchange(place, old, text), effect, old: deleted };
      }
      case "copy":
      case "test":
        throw new Unfit(`A change has no "${op}".`);
      default:
        return operation satisfies never;
    }
  }

  /** Take an operation back, if it was the last one that was applied and not yet taken back. */
  revert({ steps }: Applied): void {
    for (const step of steps.toReversed()) this.#do({ ...step, old: step.now, now: step.old });
  }

  /** The value at a path; `undefined` if there is none. @throws Unfit if what it would be in does not exist */
  read(path: string): JsonValue | undefined {
    return valueAt(this.#place(path));
  }

  #move(from: string, path: string): Applied {
    if (path.startsWith(`${from}/`)) throw new Unfit(`"${from}" cannot move into itself.`);
    const taken = this.apply({ op: "remove", path: from });
    try {
      const put = this.apply({ op: "add", path, value: taken.old as JsonValue });
      const steps = [...taken.steps, ...put.steps];
      const [source, target] = steps as [Step, Step];
      const effect = {
        kind: "move",
        from: pathOf(source),
        fromIndex: source.index,
        to: pathOf(target),
        toIndex: target.index,
      } as const;
      return { effect: path === from ? null : effect, old: put.old, steps };
    } catch (error) {
      this.revert(taken);
      throw error;
    }
  }

  #exchange(place: Place, old: JsonValue | undefined, now: JsonValue): Applied {
    return this.#change({ ...place, old, now }, { kind: "exchange", path: pathOf(place) });
  }

  #change(step: Step, effect: Effect): Applied {
    this.#do(step);
    return { effect, old: step.old, steps: [step] };
  }

  #do({ containers, tokens, index, old, now }: Step): void {
    const container = containers.at(-1) as Container;
    const token = tokens.at(-1) as string;
    if (Array.isArray(container))
      container.splice(index, old === undefined ? 0 : 1, ...(now === undefined ? [] : [now]));
    else if (now === undefined) delete container[token];
    else setMember(container, token, now);
    this.#snapshots.mark(containers);
  }

  /** Walk to the container of a path's last token. */
  #place(path: string): Place {
    const tokens = ["", ...(parsePointer(path) ?? [])];
    const containers: Container[] = [];
    let value: JsonValue | undefined = this.#holder;
    for (const token of tokens) {
      if (!isContainer(value)) throw new Unfit(`Nothing exists at "${path}".`);
      containers.push(value);
      if (containers.length < tokens.length) value = memberAt(value, token);
    }
    const list = containers.at(-1);
    if (!Array.isArray(list)) return { containers, tokens, index: -1 };
    const last = tokens.at(-1);
    const index = last === "-" ? list.length : indexOf(last);
    if (index < 0 || index > list.length) throw new Unfit(`The list has no place "${path}".`);
    return { containers, tokens: [...parentOf(tokens), String(index)], index };
  }
}

/** The path of a place: its first token leads to the state. */
const pathOf = ({ tokens }: Place): Tokens => tokens.slice(1);

const valueAt = ({ containers, tokens }: Place): JsonValue | undefined =>
  memberAt(containers.at(-1) as Container, tokens.at(-1) as string);

const memberAt = (container: Container, token: string): JsonValue | undefined =>
  Array.isArray(container) && indexOf(token) < 0 ? undefined : memberOf(container, token);

function sum(value: JsonValue, by: number, path: string): number {
  // `|| 0`: JSON has no negative zero.
  const result = typeof value === "number" ? value + by || 0 : NaN;
  if (Number.isFinite(result)) return result;
  throw new Unfit(`The value at "${path}" is not a number, or would be too large.`);
}

function spliced(
  value: JsonValue,
  at: number,
  length: number,
  inserted: string,
  path: string,
): string {
  const end = at + length;
  if (
    typeof value === "string" &&
    end <= value.length &&
    !isInsidePair(value, at) &&
    !isInsidePair(value, end)
  )
    return value.slice(0, at) + inserted + value.slice(end);
  throw new Unfit(`The value at "${path}" is not a text, or has no such position.`);
}
