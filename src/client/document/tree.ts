// The client's copy of the state, changed in place: an operation costs what it changes. Applied operations can be taken
// back in reverse order, which restores the very same objects. No limit is checked here: the room does that.

import { isContainer, memberOf, type Container } from "../../protocol/container.ts";
import {
  indexOf,
  parentOf,
  putAt,
  effectOf,
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

/** Where something is in the state. */
type Place = {
  readonly path: Tokens;
  /** The container that it is a member of. */
  readonly container: Container;
  /** Its name there. */
  readonly token: string;
  /** In a list; -1 in an object. */
  readonly index: number;
  /** The containers that lead to it, each in the one before. */
  readonly containers: readonly Container[];
};

/** One change of one container: what was there, and what is; `undefined` is nothing. */
type Step = Place & { readonly old: JsonValue | undefined; readonly now: JsonValue | undefined };

/** An operation that was applied. */
export type Applied = {
  readonly effect: Effect | null;
  /** The previous value. It is part of the state again if the operation is reverted. */
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

  /** The current state, frozen. Unchanged parts are the same objects as the last time. */
  snapshot(): JsonValue {
    return this.#snapshots.of(this.root);
  }

  /**
   * Apply an operation, whole or not at all. A value in it becomes a part of the state.
   * @throws Unfit
   */
  apply(operation: Operation): Applied {
    if (operation.op === "move") return this.#move(operation.from, operation.path);
    const place = this.#place(operation.path);
    const isInserted = operation.op === "add" && place.index >= 0;
    const old = isInserted ? undefined : valueAt(place);
    const step = { ...place, old, now: valueAfter(operation, old) };
    this.#do(step);
    const effect =
      operation.op === "add"
        ? putAt(place.path, place.index) // "-" is an index by now
        : effectOf(operation, place.index < 0 ? 0 : 1);
    return { effect, old, steps: [step] };
  }

  /** Take an operation back, if it was the last one that was applied and not yet taken back. */
  revert({ steps }: Applied): void {
    for (const step of steps.toReversed()) this.#do({ ...step, old: step.now, now: step.old });
  }

  /** Do once more what was taken back, if nothing else has happened since. */
  redo({ steps }: Applied): void {
    for (const step of steps) this.#do(step);
  }

  /** The value at a path; `undefined` if there is none. @throws Unfit if what it would be in does not exist */
  read(path: string): JsonValue | undefined {
    return valueAt(this.#place(path));
  }

  #move(from: string, path: string): Applied {
    if (path.startsWith(`${from}/`)) throw new Unfit(`"${from}" cannot move into itself.`);
    if (path === from) return { effect: null, old: this.read(path), steps: [] };
    const taken = this.apply({ op: "remove", path: from });
    try {
      const put = this.apply({ op: "add", path, value: taken.old as JsonValue });
      const steps = [...taken.steps, ...put.steps];
      const [source, target] = steps as [Step, Step];
      const effect = {
        kind: "move",
        from: source.path,
        fromIndex: source.index,
        to: target.path,
        toIndex: target.index,
      } as const;
      return { effect, old: put.old, steps };
    } catch (error) {
      this.revert(taken);
      throw error;
    }
  }

  #do({ containers, container, token, index, old, now }: Step): void {
    if (Array.isArray(container))
      container.splice(index, old === undefined ? 0 : 1, ...(now === undefined ? [] : [now]));
    else if (now === undefined) delete container[token];
    else setMember(container, token, now);
    this.#snapshots.mark(containers);
  }

  /** Find the place that a pointer leads to. @throws Unfit if what it would be in does not exist */
  #place(pointer: string): Place {
    const path = parsePointer(pointer) ?? [];
    let container: Container = this.#holder;
    let token = "";
    const containers: Container[] = [container];
    for (const next of path) {
      const value = valueAt({ container, token });
      if (!isContainer(value)) throw new Unfit(`Nothing exists at "${pointer}".`);
      container = value;
      token = next;
      containers.push(container);
    }
    if (!Array.isArray(container)) return { path, container, token, index: -1, containers };
    const index = token === "-" ? container.length : indexOf(token);
    if (index < 0 || index > container.length)
      throw new Unfit(`The list has no place "${pointer}".`);
    token = String(index);
    return { path: [...parentOf(path), token], container, token, index, containers };
  }
}

const valueAt = ({
  container,
  token,
}: Pick<Place, "container" | "token">): JsonValue | undefined =>
  Array.isArray(container) && indexOf(token) < 0 ? undefined : memberOf(container, token);

/** The value that an operation leaves at its path; `undefined` for nothing. @throws Unfit */
function valueAfter(operation: Operation, old: JsonValue | undefined): JsonValue | undefined {
  const { op, path } = operation;
  if (old === undefined && op !== "add") throw new Unfit(`Nothing exists at "${path}".`);
  switch (op) {
    case "add":
    case "replace":
      return operation.value;
    case "remove":
      if (path === "") throw new Unfit("The state as a whole stays.");
      return undefined;
    case "inc": {
      // `|| 0`: JSON has no negative zero.
      const sum = typeof old === "number" ? old + operation.by || 0 : NaN;
      if (Number.isFinite(sum)) return sum;
      throw new Unfit(`The value at "${path}" is not a number, or would be too large.`);
    }
    case "str_ins":
      return spliced(old, operation.pos, 0, operation.str, path);
    case "str_del":
      return spliced(old, operation.pos, operation.len, "", path);
    case "move":
    case "copy":
    case "test":
      throw new Unfit(`A change has no "${op}".`);
    default:
      return operation satisfies never;
  }
}

function spliced(
  value: JsonValue | undefined,
  at: number,
  length: number,
  inserted: string,
  path: string,
): string {
  const end = at + length;
  const isFit =
    typeof value === "string" &&
    end <= value.length &&
    !isInsidePair(value, at) &&
    !isInsidePair(value, end);
  if (isFit) return value.slice(0, at) + inserted + value.slice(end);
  throw new Unfit(`The value at "${path}" is not a text, or has no such position.`);
}
