// Applies JSON Patches to an immutable state. Only the containers on a changed path are copied, so the
// cost depends on the change and not on the state. The exact size is updated with each operation.
// It never changes its input: after a failure the caller still has the state it passed in.

import { CollabError } from "./errors.ts";
import {
  describeValue,
  isObject,
  jsonEqual,
  measure,
  member,
  setMember,
  stringBytes,
  type JsonObject,
  type JsonValue,
} from "./json.ts";
import type { Operation, Patch, PatchLimits, Sized } from "./json-patch.ts";
import { parsePointer } from "./pointer.ts";
import { sizes } from "./sizes.ts";

/**
 * Apply a patch to a state, completely or not at all.
 * @throws CollabError `patch_failed` with the index of the operation; `too_large` over a limit;
 * `invalid_state` when the result would not be a JSON object
 */
export function applyPatch(state: Sized, patch: Patch, limits: PatchLimits): Sized {
  const draft = new PatchDraft(state, limits);
  draft.apply(patch);
  return draft.finish();
}

type Container = JsonValue[] | Record<string, JsonValue>;
/** The target of a pointer: a container that the draft owns, and the last token of the pointer. */
type Place = { readonly parent: Container; readonly token: string; readonly depth: number };

// A short patch can cause work on large parts of the state many times: a copied value is copied again when
// either side changes, and a changed value is measured again when it moves. One draft may do this for at
// most this many times the allowed size of a state.
const workPerState = 4;

/**
 * A state to which patches are applied one after another. Each container is copied at most once, so the
 * cost of many patches depends on what they change. Discard the draft after a failed patch.
 */
export class PatchDraft {
  #root: JsonValue;
  #bytes: number;
  readonly #limits: PatchLimits;
  // Containers that this draft created, each reachable by one path only. No others may be changed.
  readonly #owned = new Set<object>();
  // Numbers of members of owned objects, because counting walks over all keys.
  readonly #counts = new Map<object, number>();
  #workLeft: number;
  /** Index of the current operation, for errors. */
  #index = 0;

  constructor(state: Sized, limits: PatchLimits) {
    this.#root = state.value;
    this.#bytes = state.bytes;
    this.#limits = limits;
    this.#workLeft = workPerState * Math.max(state.bytes, limits.stateBytes);
  }

  /** @throws CollabError as `applyPatch` does */
  apply(patch: Patch): void {
    patch.forEach((operation, index) => {
      this.#index = index;
      this.#run(operation);
    });
    if (!isObject(this.#root))
      throw new CollabError("invalid_state", {
        detail: `The state must be a JSON object; the patch would make it ${describeValue(this.#root)}.`,
      });
  }

  #run(operation: Operation): void {
    switch (operation.op) {
      case "add":
        return this.#add(operation.path, operation.value);
      case "replace":
        return this.#replace(operation.path, operation.value);
      case "remove":
        this.#remove(operation.path);
        return;
      case "copy":
        return this.#copy(operation.from, operation.path);
      case "move":
        return this.#move(operation.from, operation.path);
      case "test":
        if (!jsonEqual(this.#read(operation.path), operation.value))
          throw this.#failed(`the value at "${operation.path}" is not the tested one`);
        return;
      default:
        operation satisfies never;
    }
  }

  finish(): Sized {
    return { value: this.#root as JsonObject, bytes: this.#bytes };
  }

  #add(path: string, value: JsonValue): void {
    const place = this.#place(path);
    if (place === null) return this.#setRoot(value);
    const { parent, token } = place;
    const size = this.#measure(value, place.depth);
    if (Array.isArray(parent)) {
      const at = token === "-" ? parent.length : this.#arrayIndex(token, parent.length, path);
      this.#grow(size + (parent.length > 0 ? 1 : 0));
      parent.splice(at, 0, value);
      return;
    }
    const old = member(parent, token);
    if (old === undefined) {
      const count = this.#count(parent, 1);
      this.#grow(size + stringBytes(token) + 1 + (count > 1 ? 1 : 0));
    } else this.#grow(size - this.#currentSize(old));
    setMember(parent, token, value);
  }

  #replace(path: string, value: JsonValue): void {
    const place = this.#place(path);
    if (place === null) return this.#setRoot(value);
    const old = this.#child(place.parent, place.token, path);
    this.#grow(this.#measure(value, place.depth) - this.#currentSize(old));
    if (Array.isArray(place.parent)) place.parent[Number(place.token)] = value;
    else setMember(place.parent, place.token, value);
  }

  #remove(path: string): JsonValue {
    const place = this.#place(path);
    if (place === null)
      throw this.#failed("the whole state cannot be removed, replace it with {} instead");
    const { parent, token } = place;
    const old = this.#child(parent, token, path);
    if (Array.isArray(parent)) {
      this.#grow(-this.#currentSize(old) - (parent.length > 1 ? 1 : 0));
      parent.splice(Number(token), 1);
      return old;
    }
    const count = this.#count(parent, -1);
    delete parent[token];
    this.#grow(-this.#currentSize(old) - stringBytes(token) - 1 - (count > 0 ? 1 : 0));
    return old;
  }

  #copy(from: string, path: string): void {
    const value = this.#read(from);
    this.#countWork(measure(value, Infinity, sizes).bytes);
    this.#disown(value);
    this.#add(path, value);
  }

  #move(from: string, path: string): void {
    if (path.startsWith(`${from}/`)) throw this.#failed(`"${from}" cannot move into itself`);
    if (path === from) this.#read(from);
    else this.#add(path, this.#remove(from));
  }

  #setRoot(value: JsonValue): void {
    this.#root = value;
    this.#bytes = 0;
    this.#grow(this.#measure(value));
  }

  #read(path: string): JsonValue {
    let value = this.#root;
    for (const token of parsePointer(path) ?? []) value = this.#child(value, token, path);
    return value;
  }

  /** Walk to the container of a path's last token and copy shared containers on the way; `null` for the root. */
  #place(path: string): Place | null {
    const tokens = parsePointer(path) ?? [];
    const token = tokens.pop();
    if (token === undefined) return null;
    let parent = (this.#root = this.#own(this.#root, path));
    for (const step of tokens) {
      const child = this.#own(this.#child(parent, step, path), path);
      if (Array.isArray(parent)) parent[Number(step)] = child;
      else setMember(parent, step, child);
      parent = child;
    }
    return { parent, token, depth: tokens.length + 1 };
  }

  #own(value: JsonValue, path: string): Container {
    if (typeof value !== "object" || value === null)
      throw this.#failed(`"${path}" leads through a value that is neither an object nor an array`);
    if (this.#owned.has(value)) {
      sizes.delete(value); // it is about to change
      return value as Container;
    }
    const copy: Container = Array.isArray(value) ? value.slice() : { ...(value as JsonObject) };
    this.#owned.add(copy);
    return copy;
  }

  /** Give up ownership of a value that will be in two places: it may no longer be changed in place. */
  #disown(value: JsonValue): void {
    // A container that is not owned contains no owned ones.
    if (typeof value !== "object" || value === null || !this.#owned.delete(value)) return;
    for (const item of Object.values(value)) this.#disown(item);
  }

  /** Update and return the number of members of an owned object. */
  #count(object: Container, change: 1 | -1): number {
    const count = (this.#counts.get(object) ?? Object.keys(object).length) + change;
    this.#counts.set(object, count);
    return count;
  }

  #child(parent: JsonValue, token: string, path: string): JsonValue {
    if (Array.isArray(parent))
      return parent[this.#arrayIndex(token, parent.length - 1, path)] as JsonValue;
    const value = isObject(parent) ? member(parent, token) : undefined;
    if (value === undefined) throw this.#failed(`nothing exists at "${path}"`);
    return value;
  }

  #arrayIndex(token: string, max: number, path: string): number {
    if (!/^(0|[1-9]\d*)$/.test(token) || Number(token) > max)
      throw this.#failed(`"${path}" is not an index within the array`);
    return Number(token);
  }

  /** Bytes of a new value. `depth` is the number of levels above it. */
  #measure(value: JsonValue, depth = 0): number {
    return measure(value, this.#limits.stateDepth - depth, sizes).bytes;
  }

  /** Bytes of a value in the state. Its depth is not checked: it may exceed a limit that was lowered since. */
  #currentSize(value: JsonValue): number {
    const isKnown = typeof value !== "object" || value === null || sizes.has(value);
    const { bytes } = measure(value, Infinity, sizes);
    if (!isKnown) this.#countWork(bytes);
    return bytes;
  }

  #countWork(bytes: number): void {
    this.#workLeft -= bytes;
    if (this.#workLeft < 0)
      throw new CollabError("too_large", {
        detail: "The patch copies and moves too much of the state. Split it.",
      });
  }

  #grow(bytes: number): void {
    this.#bytes += bytes;
    if (bytes > 0 && this.#bytes > this.#limits.stateBytes)
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
