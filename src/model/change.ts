// Turns every kind of change to a state into one JSON Patch and the next state. Containers that are not
// frozen may be changed in place, so the caller must own the state and must not use the previous one
// afterwards. A function that throws has changed nothing. Nothing here writes to storage.

import { CollabError } from "../protocol/errors.ts";
import { diff, diffMerge } from "../protocol/diff.ts";
import {
  describeValue,
  isObject,
  isPlainObject,
  measure,
  parseJson,
  type JsonObject,
  type SizeCache,
} from "../protocol/json.ts";
import { parsePatch, type Patch, type Sized } from "../protocol/json-patch.ts";
import { PatchRun } from "../protocol/apply-patch.ts";
import type { Limits } from "../protocol/limits.ts";

/** A change that a caller requests. */
export type ChangeRequest =
  | { readonly kind: "patch"; readonly patch: Patch }
  | { readonly kind: "merge"; readonly merge: JsonObject }
  | { readonly kind: "replace"; readonly value: JsonObject };

/** A change request as it arrives: its kind and its JSON text. */
export type ChangeInput = { readonly kind: ChangeRequest["kind"]; readonly text: string };

/**
 * Decode a change request.
 * @throws CollabError `malformed`; `too_large` for a patch with too many operations
 */
export const decodeChange = ({ kind, text }: ChangeInput, limits: Limits): ChangeRequest =>
  checkChange(kind, parseJson(text), limits);

/** Check a change request that is already parsed; see `decodeChange`. */
export function checkChange(
  kind: ChangeRequest["kind"],
  json: unknown,
  limits: Limits,
): ChangeRequest {
  if (kind === "patch") return { kind, patch: parsePatch(json, limits) };
  if (!isObject(json))
    throw new CollabError("malformed", {
      detail: `${kind === "merge" ? "A merge patch" : "The state"} must be a JSON object, got ${describeValue(json)}.`,
    });
  return kind === "merge" ? { kind, merge: json } : { kind, value: json };
}

/** A change that is ready to be committed: the patch and the state after it. */
export type PlannedChange = { readonly patch: Patch; readonly next: Sized };

/**
 * Compute the effect of a request on a state.
 * @returns `null` when the state does not change
 * @throws CollabError `patch_failed`, `too_large`, `invalid_state`
 */
export function planChange(
  state: Sized,
  request: ChangeRequest,
  limits: Limits,
): PlannedChange | null {
  switch (request.kind) {
    case "patch":
      return planPatch(state, request.patch, limits);
    case "merge":
      return plan(state, diffMerge(state.value, request.merge, limits.stateDepth), limits);
    case "replace":
      measure(request.value, limits.stateDepth);
      return plan(state, diff(state.value, request.value), limits);
    default:
      return request satisfies never;
  }
}

function planPatch(state: Sized, patch: Patch, limits: Limits): PlannedChange | null {
  const run = new PatchRun(state, limits);
  run.apply(patch);
  const { effect, next } = run;
  if (effect !== null) return { patch: effect, next };
  run.rollback();
  return null;
}

const copyOf = (patch: Patch): Patch => JSON.parse(JSON.stringify(patch)) as Patch;

/**
 * Compute the change from a state to the one that the author's code returned. Objects that both share cost
 * nothing. New objects are copied, because the author's code may still hold a reference to them.
 * @throws CollabError `invalid_state` when it is not a JSON object, `too_large` over a limit
 */
export function planReturned(
  state: Sized,
  returned: unknown,
  limits: Limits,
): PlannedChange | null {
  if (!isPlainObject(returned))
    throw new CollabError("invalid_state", {
      detail: `The next state must be a JSON object, got ${describeValue(returned)}.`,
    });
  const patch = diff(state.value, returned);
  // Checked before the copy, because JSON.stringify silently changes values that are not JSON. A value in
  // several places counts several times, as it does in the text.
  const cache: SizeCache = new WeakMap();
  const bytes = patch
    .flatMap((operation) => ("value" in operation ? [operation.value] : []))
    .reduce<number>((sum, value) => sum + measure(value, limits.stateDepth, cache).bytes, 0);
  if (bytes > Math.max(limits.stateBytes, state.bytes)) throw tooLarge(bytes, limits);
  return plan(state, copyOf(patch), limits);
}

/**
 * Apply a patch that was computed from two states. Between its operations the state may exceed the limit on
 * bytes, because old and new values exist at the same time: only the final state is checked.
 */
function plan(state: Sized, patch: Patch, limits: Limits): PlannedChange | null {
  if (patch.length === 0) return null;
  const run = new PatchRun(state, { ...limits, stateBytes: Infinity });
  run.apply(patch);
  const { next } = run;
  if (next.bytes <= Math.max(limits.stateBytes, state.bytes)) return { patch, next };
  run.rollback();
  throw tooLarge(next.bytes, limits);
}

const tooLarge = (bytes: number, { stateBytes }: Limits): CollabError =>
  new CollabError("too_large", {
    detail: `The state would have ${bytes} bytes; the limit is ${stateBytes}.`,
  });
