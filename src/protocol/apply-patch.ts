// Applies JSON Patches to a state, in place: the cost depends on what a patch changes. A patch that fails
// has changed nothing. Only the owner of a state may use it; see state-editor.ts for what is never changed.

import { isContainer, memberOf, type Container } from "./container.ts";
import { CollabError } from "./errors.ts";
import { describeValue, isObject, jsonEqual, measure } from "./json.ts";
import type { JsonObject, JsonValue } from "./json.ts";
import type { Operation, Patch, PatchLimits, Sized } from "./json-patch.ts";
import { parsePointer } from "./pointer.ts";
import { countOf, sizes } from "./sizes.ts";
import { StateEditor, targetOf, type Place } from "./state-editor.ts";

/**
 * Apply a patch to a state, completely or not at all.
 * @returns the state after it; the one before must not be used any more
 * @throws CollabError as `PatchRun.apply` does
 */
export function applyPatch(state: Sized, patch: Patch, limits: PatchLimits): Sized {
  const run = new PatchRun(state, limits);
  run.apply(patch);
  return run.next;
}

// A few operations can copy large parts of the state many times. One patch may copy at most this many
// times the allowed size of a state.
const workPerState = 4;

/** One patch, applied to one state. */
export class PatchRun {
  readonly #state: Sized;
  readonly #editor: StateEditor;
  readonly #limits: PatchLimits;
  readonly #effect: Operation[] = [];
  #workLeft: number;
  /** Index of the current operation, for errors. */
  #index = 0;

  constructor(state: Sized, limits: PatchLimits) {
    this.#state = state;
    this.#editor = new StateEditor(state);
    this.#limits = limits;
    this.#workLeft = workPerState * Math.max(state.bytes, limits.stateBytes);
  }

  /**
   * @throws CollabError `patch_failed` with the index of the operation; `too_large` over a limit;
   * `invalid_state` when the result would not be a JSON object. Then the state is unchanged.
   */
  apply(patch: Patch): void {
    try {
      for (const [index, operation] of patch.entries()) {
        this.#index = index;
        this.#run(operation);
      }
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

  /** Take the patch back. */
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
   * What the journal keeps of the patch, `null` if it has no effect. Tests are left out, and each `copy` is
   * an addition of the value: otherwise a few bytes could cause the work of copying a whole state each time
   * the room wakes. Write it down before the state changes again: the values are parts of the state.
   */
  get effect(): Patch | null {
    return this.#editor.hasChanged ? this.#effect : null;
  }

  #run(operation: Operation): void {
    const { op, path } = operation;
    switch (op) {
      case "add":
        this.#editor.give(operation.value);
        this.#add(path, operation.value);
        break;
      case "replace":
        this.#editor.give(operation.value);
        this.#replace(path, operation.value);
        break;
      case "remove":
        this.#remove(path);
        break;
      case "copy":
        return this.#copy(operation.from, path);
      case "move":
        this.#move(operation.from, path);
        break;
      case "test":
        if (!jsonEqual(this.#read(path), operation.value, countOf))
          throw this.#failed(`the value at "${path}" is not the tested one`);
        return;
      default:
        operation satisfies never;
    }
    this.#effect.push(operation);
  }

  #add(path: string, value: JsonValue): void {
    const place = this.#place(path);
    if (place === null) return this.#setRoot(value);
    this.#checkDepth(value, place.containers.length);
    const { parent, token } = targetOf(place);
    const { bytes } = this.#editor;
    if (Array.isArray(parent)) {
      const at = token === "-" ? parent.length : this.#arrayIndex(token, parent.length, path);
      this.#editor.insert(place, at, value);
    } else this.#editor.set(place, value);
    this.#checkGrowth(bytes);
  }

  #replace(path: string, value: JsonValue): void {
    const place = this.#place(path);
    if (place === null) return this.#setRoot(value);
    const { parent, token } = targetOf(place);
    this.#child(parent, token, path);
    this.#checkDepth(value, place.containers.length);
    const { bytes } = this.#editor;
    this.#editor.set(place, value);
    this.#checkGrowth(bytes);
  }

  #remove(path: string): JsonValue {
    const place = this.#place(path);
    if (place === null)
      throw this.#failed("the whole state cannot be removed, replace it with {} instead");
    const { parent, token } = targetOf(place);
    const old = this.#child(parent, token, path);
    this.#editor.remove(place);
    return old;
  }

  #copy(from: string, path: string): void {
    const value = this.#read(from);
    this.#workLeft -= measure(value, Infinity, sizes).bytes;
    if (this.#workLeft < 0)
      throw new CollabError("too_large", {
        detail: "The patch copies too much of the state. Split it.",
      });
    this.#editor.share(value);
    this.#add(path, value);
    this.#effect.push({ op: "add", path, value });
  }

  #move(from: string, path: string): void {
    if (path.startsWith(`${from}/`)) throw this.#failed(`"${from}" cannot move into itself`);
    if (path === from) this.#read(from);
    else this.#add(path, this.#remove(from));
  }

  #setRoot(value: JsonValue): void {
    this.#checkDepth(value, 0);
    const { bytes } = this.#editor;
    this.#editor.setRoot(value);
    this.#checkGrowth(bytes);
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
        throw this.#failed(
          `"${path}" leads through a value that is neither an object nor an array`,
        );
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

  /** @param above levels above the value */
  #checkDepth(value: JsonValue, above: number): void {
    measure(value, this.#limits.stateDepth - above, sizes);
  }

  /** A state over a limit that was lowered since may shrink. */
  #checkGrowth(before: number): void {
    const { bytes } = this.#editor;
    if (bytes > before && bytes > this.#limits.stateBytes)
      throw new CollabError("too_large", {
        detail: `The state would be larger than its limit of ${this.#limits.stateBytes} bytes.`,
      });
  }

  #failed(reason: string): CollabError {
    // A path may be as long as the patch, so it is shortened.
    const shown = reason.length > 200 ? `${reason.slice(0, 200)}…` : reason;
    return new CollabError("patch_failed", { detail: `Operation ${this.#index}: ${shown}.` });
  }
}
