// Applies simple patches, which set a few values, without copying anything: the cost does not depend on
// the number of members of an object. Only the owner of a state may use it. A frozen container is shared
// with the room author's code and is never changed. A patch that touches one, that is not simple or does
// not apply is left to patch-draft.ts, with the state unchanged.

import {
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

type Container = JsonValue[] | Record<string, JsonValue>;

/** An operation that was checked and will apply. */
type Edit = {
  /** From the root to the container that changes. */
  readonly containers: readonly Container[];
  /** Bytes by which the state grows. */
  readonly growth: number;
  readonly changes: boolean;
  apply(): void;
};

/** Numbers of members of objects that were changed here before, because counting walks over all keys. */
const counts = new WeakMap<object, number>();

const countOf = (object: Container): number => counts.get(object) ?? Object.keys(object).length;

/**
 * Apply a patch to a state in place.
 * @returns the state with its new size, and whether its JSON has changed; `null` when the patch is not
 * simple or does not apply, and then the state is unchanged
 * @throws CollabError `too_large`, `invalid_state` for values that no state may contain
 */
export function applyInPlace(
  state: Sized,
  patch: Patch,
  limits: PatchLimits,
): { readonly next: Sized; readonly changes: boolean } | null {
  if (patch.length > 1 && !areApart(patch, limits.stateDepth)) return null;
  const edits: Edit[] = [];
  let { bytes } = state;
  for (const operation of patch) {
    if (operation.op === "test") {
      if (!holds(state.value, operation.path, operation.value)) return null;
      continue;
    }
    const edit = planEdit(state.value, operation, limits);
    if (edit === null) return null;
    bytes += edit.growth;
    edits.push(edit);
  }
  if (bytes > limits.stateBytes && bytes > state.bytes) return null;
  const changes = edits.some((edit) => edit.changes);
  if (changes)
    for (const { apply, containers } of edits) {
      apply();
      for (const container of containers) sizes.delete(container);
    }
  return { next: changes ? { value: state.value, bytes } : state, changes };
}

/**
 * Whether the operations of a patch are independent: after the tests they only replace values, and no path
 * is within another one. (`add` is left out: the size of a second one depends on whether the object was
 * empty.) Paths with more levels than a state are rejected early, because a client may send a path of a
 * hundred thousand levels.
 */
function areApart(patch: Patch, stateDepth: number): boolean {
  const paths = new Set<string>();
  for (const { op, path } of patch) {
    if (op === "test" && paths.size === 0) continue;
    if (op !== "replace" || paths.has(path)) return false;
    paths.add(path);
  }
  for (const path of paths) {
    let depth = 1;
    for (let end = path.lastIndexOf("/"); end > 0; end = path.lastIndexOf("/", end - 1))
      if (++depth > stateDepth || paths.has(path.slice(0, end))) return false;
  }
  return true;
}

function holds(root: JsonObject, path: string, value: JsonValue): boolean {
  let found: JsonValue | undefined = root;
  for (const token of parsePointer(path) ?? [])
    found = found === undefined ? found : child(found, token);
  return found !== undefined && jsonEqual(found, value);
}

function planEdit(root: JsonObject, operation: Operation, limits: PatchLimits): Edit | null {
  if ("from" in operation) return null;
  const tokens = parsePointer(operation.path) ?? [];
  const token = tokens.pop();
  if (token === undefined) return null;
  const containers = walk(root, tokens);
  const parent = containers?.at(-1);
  if (containers === null || parent === undefined) return null;
  const old = child(parent, token);
  if (operation.op === "remove") return planRemove(containers, parent, token, old);

  const { op, value } = operation;
  const { bytes } = measure(value, limits.stateDepth - containers.length, sizes);
  if (Array.isArray(parent) && op === "add")
    return planInsert(containers, parent, token, value, bytes);
  if (old !== undefined)
    return {
      containers,
      growth: bytes - sizeOf(old),
      changes: !jsonEqual(old, value),
      apply: () => {
        if (Array.isArray(parent)) parent[Number(token)] = value;
        else setMember(parent, token, value);
      },
    };
  if (op === "replace" || Array.isArray(parent)) return null;
  const count = countOf(parent);
  return {
    containers,
    growth: bytes + stringBytes(token) + 1 + (count > 0 ? 1 : 0),
    changes: true,
    apply: () => {
      setMember(parent, token, value);
      counts.set(parent, count + 1);
    },
  };
}

function planRemove(
  containers: readonly Container[],
  parent: Container,
  token: string,
  old: JsonValue | undefined,
): Edit | null {
  if (old === undefined) return null;
  const isArray = Array.isArray(parent);
  const count = isArray ? parent.length : countOf(parent);
  const name = isArray ? 0 : stringBytes(token) + 1;
  return {
    containers,
    growth: -sizeOf(old) - name - (count > 1 ? 1 : 0),
    changes: true,
    apply: () => {
      if (isArray) parent.splice(Number(token), 1);
      else {
        delete parent[token];
        counts.set(parent, count - 1);
      }
    },
  };
}

function planInsert(
  containers: readonly Container[],
  parent: JsonValue[],
  token: string,
  value: JsonValue,
  bytes: number,
): Edit | null {
  const at = token === "-" ? parent.length : indexOf(token);
  if (at === null || at > parent.length) return null;
  return {
    containers,
    growth: bytes + (parent.length > 0 ? 1 : 0),
    changes: true,
    apply: () => void parent.splice(at, 0, value),
  };
}

/** The containers from the root along these tokens; `null` if one does not exist or is frozen. */
function walk(root: JsonObject, tokens: readonly string[]): Container[] | null {
  const containers: Container[] = [];
  let value: JsonValue | undefined = root;
  for (let index = 0; ; index++) {
    if (typeof value !== "object" || value === null || Object.isFrozen(value)) return null;
    containers.push(value as Container);
    const token = tokens[index];
    if (token === undefined) return containers;
    value = child(value, token);
  }
}

function child(value: JsonValue, token: string): JsonValue | undefined {
  if (typeof value !== "object" || value === null) return undefined;
  if (!Array.isArray(value)) return member(value as JsonObject, token);
  const index = indexOf(token);
  return index === null ? undefined : (value[index] as JsonValue | undefined);
}

const indexOf = (token: string): number | null =>
  /^(0|[1-9]\d*)$/.test(token) ? Number(token) : null;

const sizeOf = (value: JsonValue): number => measure(value, Infinity, sizes).bytes;
