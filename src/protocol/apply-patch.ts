// Applies JSON Patches to a state in place, so the cost depends only on what a patch changes. If a patch fails, the
// state is unchanged. Only the owner of a state may use it; state-editor.ts says what is never modified.

import { isContainer, memberOf, type Container } from "./container.ts";
import { CollabError } from "./errors.ts";
import { describeValue, isObject, jsonEqual, measure } from "./json.ts";
import type { JsonObject, JsonValue } from "./json.ts";
import { patchFailed } from "./json-patch.ts";
import type { Operation, OperationOf, Patch, PatchLimits, Sized } from "./json-patch.ts";
import { parentOf, type Effect } from "./effects.ts";
import { childPointer, parsePointer } from "./pointer.ts";
import { countOf, sizes } from "./sizes.ts";
import { StateEditor, targetOf, type Place } from "./state-editor.ts";
import { isInsidePair } from "./text.ts";

/**
 * Apply a patch to a state, completely or not at all.
 * @returns the state after the patch; the previous one must not be used any more
 * @throws CollabError as `PatchRun.apply` does
 */
export function applyPatch(state: Sized, patch: Patch, limits: PatchLimits): Sized {
  const run = new PatchRun(state, limits);
  run.apply(patch);
  return run.next;
}

// A few operations can copy large parts of the state many times. One patch may copy at most this many times the maximum
// size of a state.
const workPerState = 4;
const textPerState = 16; // each edit of a text makes it anew

/** An applied operation in the form in which it is stored, and its effect on positions. */
export type Applied = { readonly operation: Operation; readonly effect: Effect | null };

/** One patch, applied to one state. */
export class PatchRun {
  readonly #state: Sized;
  readonly #editor: StateEditor;
  readonly #limits: PatchLimits;
  readonly #applied: Applied[] = [];
  #workLeft: number;
  #textLeft: number;
  /** Index of the current operation, for errors. */
  #index = 0;

  constructor(state: Sized, limits: PatchLimits) {
    this.#state = state;
    this.#editor = new StateEditor(state);
    this.#limits = limits;
    const size = Math.max(state.bytes, limits.stateBytes);
    this.#workLeft = workPerState * size;
    this.#textLeft = textPerState * size;
  }

  /**
   * @throws CollabError `patch_failed` with the index of the operation; `too_large` if a limit is exceeded;
   * `invalid_state` if the result would not be a JSON object. The state is then unchanged.
   */
  apply(patch: Patch): void {
    this.attempt(() => {
      for (const [index, operation] of patch.entries()) this.#step(operation, index);
    });
  }

  /** Run steps that together form a patch. If they fail, or the result is not a JSON object, the state is unchanged. */
  attempt(steps: () => void): void {
    try {
      steps();
      const { root } = this.#editor;
      if (!isObject(root))
        throw new CollabError("invalid_state", {
          detail: `The state must be a JSON object; the patch would make it ${describeValue(root)}.`,
        });
    } catch (error) {
      this.rollback();
      throw error;
    }
  }

  /**
   * Apply operations, all of them or none.
   * @param index the index to name in errors
   * @returns the operations that have done something
   */
  trySteps(operations: readonly Operation[], index: number): readonly Applied[] {
    const { savepoint } = this.#editor;
    const { length } = this.#applied;
    try {
      for (const operation of operations) this.#step(operation, index);
      return this.#applied.slice(length);
    } catch (error) {
      this.#editor.rollbackTo(savepoint);
      this.#applied.length = length;
      throw error;
    }
  }

  /** The current state, which may be any JSON until the patch is complete. */
  get root(): JsonValue {
    return this.#editor.root;
  }

  /** Undo the patch. */
  rollback(): void {
    this.#editor.rollback();
  }

  /** The state after the patch. */
  get next(): Sized {
    const { root, bytes } = this.#editor;
    return root === this.#state.value && bytes === this.#state.bytes
      ? this.#state
      : { value: root as JsonObject, bytes };
  }

  /**
   * The patch as the journal stores it; `null` if it has no effect. Tests are left out, "-" is replaced by the index, and
   * each `copy` by an `add` of the value: otherwise a few bytes could cause a whole state to be copied each time the room
   * wakes. Serialize it before the state changes again, because the values are parts of the state.
   */
  get applied(): readonly Applied[] | null {
    return this.#editor.hasChanged ? this.#applied : null;
  }

  /** The operations that have done something, even if the state ends up the same. Pending patches are moved through these. */
  get steps(): readonly Applied[] {
    return this.#applied;
  }

  #step(operation: Operation, index: number): void {
    this.#index = index;
    const applied = this.#run(operation);
    if (applied !== null) this.#applied.push(applied);
  }

  #run(operation: Operation): Applied | null {
    const { op, path } = operation;
    switch (op) {
      case "add":
        this.#editor.give(operation.value);
        return this.#adding(operation);
      case "replace":
        this.#editor.give(operation.value);
        return { operation, effect: this.#replace(path, operation.value) };
      case "remove":
        return { operation, effect: this.#remove(path).effect };
      case "copy":
        return this.#adding({ op: "add", path, value: this.#copied(operation.from) });
      case "move":
        return this.#move(operation);
      case "test":
        if (!jsonEqual(this.#read(path), operation.value, countOf))
          throw this.#failed(`the value at "${path}" does not equal the tested value`);
        return null;
      case "inc":
        this.#increment(path, operation.by);
        return { operation, effect: null };
      case "str_ins":
      case "str_del":
        return { operation, effect: this.#editText(operation) };
      default:
        return operation satisfies never;
    }
  }

  #adding(operation: OperationOf<"add">): Applied {
    const effect = this.#add(operation.path, operation.value);
    return { operation: { ...operation, path: withIndex(operation.path, effect) }, effect };
  }

  #add(path: string, value: JsonValue): Effect {
    const place = this.#place(path);
    if (place === null) return this.#setRoot(value);
    this.#checkDepth(value, place.containers.length);
    const { parent, token } = targetOf(place);
    const { bytes } = this.#editor;
    const at = !Array.isArray(parent)
      ? null
      : token === "-"
        ? parent.length
        : this.#arrayIndex(token, parent.length, path);
    if (at === null) this.#editor.set(place, value);
    else this.#editor.insert(place, at, value);
    this.#checkGrowth(bytes);
    return at === null
      ? { kind: "exchange", path: place.tokens }
      : { kind: "insert", container: parentOf(place.tokens), index: at };
  }

  #replace(path: string, value: JsonValue): Effect {
    const place = this.#place(path);
    if (place === null) return this.#setRoot(value);
    const { parent, token } = targetOf(place);
    this.#child(parent, token, path);
    this.#checkDepth(value, place.containers.length);
    const { bytes } = this.#editor;
    this.#editor.set(place, value);
    this.#checkGrowth(bytes);
    return { kind: "exchange", path: place.tokens };
  }

  #remove(path: string): { readonly old: JsonValue; readonly effect: Effect } {
    const place = this.#place(path);
    if (place === null)
      throw this.#failed("the whole state cannot be removed, replace it with {} instead");
    const { parent, token } = targetOf(place);
    const old = this.#child(parent, token, path);
    this.#editor.remove(place);
    const effect: Effect = Array.isArray(parent)
      ? { kind: "take", container: parentOf(place.tokens), index: Number(token) }
      : { kind: "exchange", path: place.tokens };
    return { old, effect };
  }

  #copied(from: string): JsonValue {
    const value = this.#read(from);
    this.#workLeft -= measure(value, Infinity, sizes).bytes;
    if (this.#workLeft < 0) throw tooMuch("copies too much of the state");
    this.#editor.share(value);
    return value;
  }

  #move(operation: OperationOf<"move">): Applied | null {
    const { from, path } = operation;
    if (path.startsWith(`${from}/`)) throw this.#failed(`"${from}" cannot move into itself`);
    if (path === from) {
      this.#read(from);
      return null;
    }
    const { old, effect: taken } = this.#remove(from);
    const put = this.#add(path, old);
    const to = withIndex(path, put);
    const effect: Effect = {
      kind: "move",
      from: parsePointer(from) ?? [],
      fromIndex: taken.kind === "take" ? taken.index : -1,
      to: parsePointer(to) ?? [],
      toIndex: put.kind === "insert" ? put.index : -1,
    };
    return { operation: { ...operation, path: to }, effect };
  }

  #increment(path: string, by: number): void {
    const { place, old } = this.#leaf(path);
    if (typeof old !== "number") throw this.#failed(`the value at "${path}" is not a number`);
    // `|| 0`: JSON has no negative zero.
    const value = old + by || 0;
    if (!Number.isFinite(value)) throw this.#failed(`the number at "${path}" would be too large`);
    const { bytes } = this.#editor;
    this.#editor.setNumber(place, value, String(value).length - String(old).length);
    this.#checkGrowth(bytes);
  }

  #editText(operation: OperationOf<"str_ins" | "str_del">): Effect {
    const { path, pos } = operation;
    const { place, old } = this.#leaf(path);
    if (typeof old !== "string") throw this.#failed(`the value at "${path}" is not a text`);
    const end = operation.op === "str_ins" ? pos : pos + operation.len;
    if (end > old.length)
      throw this.#failed(`the text at "${path}" has ${old.length} units, not ${end}`);
    if (isInsidePair(old, pos) || isInsidePair(old, end))
      throw this.#failed(`a position in "${path}" lies inside a surrogate pair`);
    this.#textLeft -= old.length;
    if (this.#textLeft < 0) throw tooMuch("edits large texts too often");
    const { bytes } = this.#editor;
    const inserted = operation.op === "str_ins" ? operation.str : "";
    this.#editor.editText(place, old, { at: pos, length: end - pos, inserted });
    this.#checkGrowth(bytes);
    return operation.op === "str_ins"
      ? { kind: "textInsert", path: place.tokens, at: pos, length: operation.str.length }
      : { kind: "textDelete", path: place.tokens, ranges: [{ at: pos, length: operation.len }] };
  }

  #leaf(path: string): { readonly place: Place; readonly old: JsonValue } {
    const place = this.#place(path);
    if (place === null) throw this.#failed("the whole state is neither a number nor a text");
    const { parent, token } = targetOf(place);
    return { place, old: this.#child(parent, token, path) };
  }

  #setRoot(value: JsonValue): Effect {
    this.#checkDepth(value, 0);
    const { bytes } = this.#editor;
    this.#editor.setRoot(value);
    this.#checkGrowth(bytes);
    return { kind: "exchange", path: [] };
  }

  #read(path: string): JsonValue {
    let value = this.#editor.root;
    for (const token of parsePointer(path) ?? []) value = this.#child(value, token, path);
    return value;
  }

  /** Walk to the container of a path's last token; `null` for the root. */
  #place(path: string): Place | null {
    const tokens = parsePointer(path) ?? [];
    if (tokens.length === 0) return null;
    const containers: Container[] = [];
    let value = this.#editor.root;
    for (const token of tokens) {
      if (!isContainer(value))
        throw this.#failed(`"${path}" goes through a value that is neither an object nor an array`);
      containers.push(value);
      if (containers.length < tokens.length) value = this.#child(value, token, path);
    }
    return { containers, tokens };
  }

  #child(parent: JsonValue, token: string, path: string): JsonValue {
    if (Array.isArray(parent)) this.#arrayIndex(token, parent.length - 1, path);
    const value = isContainer(parent) ? memberOf(parent, token) : undefined;
    if (value === undefined) throw this.#failed(`nothing exists at "${path}"`);
    return value;
  }

  #arrayIndex(token: string, max: number, path: string): number {
    if (!/^(0|[1-9]\d*)$/.test(token) || Number(token) > max)
      throw this.#failed(`"${path}" is not an index within the array`);
    return Number(token);
  }

  /** @param above the number of levels above the value */
  #checkDepth(value: JsonValue, above: number): void {
    measure(value, this.#limits.stateDepth - above, sizes);
  }

  /** Only growth is refused: a state that exceeds a lowered limit may still shrink. */
  #checkGrowth(before: number): void {
    const { bytes } = this.#editor;
    if (bytes > before && bytes > this.#limits.stateBytes)
      throw new CollabError("too_large", {
        detail: `The state would be larger than its limit of ${this.#limits.stateBytes} bytes.`,
      });
  }

  #failed = (reason: string): CollabError => patchFailed(this.#index, reason);
}

const tooMuch = (what: string): CollabError =>
  new CollabError("too_large", { detail: `The patch ${what}. Split it.` });

/** A path whose "-" is the index that an insertion has had. */
function withIndex(path: string, effect: Effect): string {
  if (effect.kind !== "insert" || !path.endsWith("/-")) return path;
  return childPointer(path.slice(0, -2), effect.index);
}
