// Applies patches to immutable JSON: copies along the touched path only, so that the cost follows the
// change. It also keeps the exact size of the document, operation by operation.
// Nothing here changes its input; when an operation fails, the caller still has the document it had.

import { CollabError } from "./errors.ts";
import {
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
 * Apply a patch to a state: all of it or, by throwing, nothing.
 * @throws CollabError `patch_failed` with the operation's index; `too_large` past a limit;
 * `invalid_state` when the outcome would not be a JSON object
 */
export function applyPatch(state: Sized, patch: Patch, limits: PatchLimits): Sized {
  const draft = new PatchDraft(state, limits);
  draft.apply(patch);
  return draft.finish();
}

type Container = JsonValue[] | Record<string, JsonValue>;
/** Where a pointer's last token points to: inside this container, which the draft owns if asked to. */
type Place = { readonly parent: Container; readonly token: string; readonly depth: number };

// A few bytes of patch may ask for work on a large part of the state, again and again: what is copied is
// copied anew when either side changes, what has changed is measured anew when it moves. In one draft
// this may come to so many times the size that a state may have.
const workPerState = 4;

/**
 * A state that patches are applied to one after another. Each container is copied once at most, so many
 * patches together cost what they change. After a patch that fails, the draft is of no use any more.
 */
export class PatchDraft {
  #root: JsonValue;
  #bytes: number;
  readonly #limits: PatchLimits;
  // Containers made by this draft, each reachable by one path only: these alone may be changed.
  readonly #owned = new Set<object>();
  // How many members owned objects have: to find out costs a walk over the keys, even for "any at all?".
  readonly #counts = new Map<object, number>();
  #workLeft: number;
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
      throw new CollabError("invalid_state", { detail: "The state must stay a JSON object." });
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
          throw this.#failed(`the value at "${operation.path}" is another one`);
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
    } else this.#grow(size - this.#known(old));
    setMember(parent, token, value);
  }

  #replace(path: string, value: JsonValue): void {
    const place = this.#place(path);
    if (place === null) return this.#setRoot(value);
    const old = this.#child(place.parent, place.token, path);
    this.#grow(this.#measure(value, place.depth) - this.#known(old));
    if (Array.isArray(place.parent)) place.parent[Number(place.token)] = value;
    else setMember(place.parent, place.token, value);
  }

  #remove(path: string): JsonValue {
    const place = this.#place(path);
    if (place === null) throw this.#failed("the whole state cannot be removed");
    const { parent, token } = place;
    const old = this.#child(parent, token, path);
    if (Array.isArray(parent)) {
      this.#grow(-this.#known(old) - (parent.length > 1 ? 1 : 0));
      parent.splice(Number(token), 1);
      return old;
    }
    const count = this.#count(parent, -1);
    delete parent[token];
    this.#grow(-this.#known(old) - stringBytes(token) - 1 - (count > 0 ? 1 : 0));
    return old;
  }

  #copy(from: string, path: string): void {
    const value = this.#read(from);
    this.#work(measure(value, Infinity, sizes).bytes);
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

  /** Walk to the container of a path's last token, copying what is still shared; `null` for the root. */
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
      throw this.#failed(`"${path}" leads through a value that is no object or array`);
    if (this.#owned.has(value)) {
      sizes.delete(value); // it is about to change
      return value as Container;
    }
    const copy: Container = Array.isArray(value) ? value.slice() : { ...(value as JsonObject) };
    this.#owned.add(copy);
    return copy;
  }

  /** What is about to stand in two places may not be changed in place any more. */
  #disown(value: JsonValue): void {
    // Below a container that is not owned, nothing is.
    if (typeof value !== "object" || value === null || !this.#owned.delete(value)) return;
    for (const item of Object.values(value)) this.#disown(item);
  }

  /** How many members an owned object is about to have. */
  #count(object: Container, change: 1 | -1): number {
    const count = (this.#counts.get(object) ?? Object.keys(object).length) + change;
    this.#counts.set(object, count);
    return count;
  }

  #child(parent: JsonValue, token: string, path: string): JsonValue {
    if (Array.isArray(parent))
      return parent[this.#arrayIndex(token, parent.length - 1, path)] as JsonValue;
    const value = isObject(parent) ? member(parent, token) : undefined;
    if (value === undefined) throw this.#failed(`there is nothing at "${path}"`);
    return value;
  }

  #arrayIndex(token: string, max: number, path: string): number {
    if (!/^(0|[1-9]\d*)$/.test(token) || Number(token) > max)
      throw this.#failed(`"${path}" is outside its array`);
    return Number(token);
  }

  /** Bytes of a value that is to stand below so many levels. */
  #measure(value: JsonValue, depth = 0): number {
    return measure(value, this.#limits.stateDepth - depth, sizes).bytes;
  }

  /** Bytes of a value of the state, which may be from a time of wider limits. */
  #known(value: JsonValue): number {
    const known = typeof value !== "object" || value === null || sizes.has(value);
    const { bytes } = measure(value, Infinity, sizes);
    if (!known) this.#work(bytes);
    return bytes;
  }

  #work(bytes: number): void {
    this.#workLeft -= bytes;
    if (this.#workLeft < 0)
      throw new CollabError("too_large", {
        detail: "The patch copies and moves too much of the state again and again.",
      });
  }

  #grow(bytes: number): void {
    this.#bytes += bytes;
    if (bytes > 0 && this.#bytes > this.#limits.stateBytes)
      throw new CollabError("too_large", {
        detail: `The state would be larger than ${this.#limits.stateBytes} bytes.`,
      });
  }

  #failed(what: string): CollabError {
    // A path may be as long as the patch: what is shown of it is not.
    const shown = what.length > 200 ? `${what.slice(0, 200)}…` : what;
    return new CollabError("patch_failed", { detail: `Operation ${this.#index}: ${shown}.` });
  }
}
