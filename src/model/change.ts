// Everything that can change a state comes down to one patch and the state it leads to. The state is the
// room's alone: what is not frozen may be changed in place, and then the state before is no more. What
// throws has changed nothing.

import { CollabError } from "../protocol/errors.ts";
import { diff, diffMerge } from "../protocol/diff.ts";
import {
  isObject,
  isPlainObject,
  jsonEqual,
  measure,
  parseJson,
  type JsonObject,
  type SizeCache,
} from "../protocol/json.ts";
import { parsePatch, type Patch, type Sized } from "../protocol/json-patch.ts";
import { applyPatch } from "../protocol/patch-draft.ts";
import { applyInPlace } from "../protocol/patch-in-place.ts";
import type { Limits } from "../protocol/limits.ts";

/** What a caller asks of the state. */
export type ChangeRequest =
  | { readonly kind: "patch"; readonly patch: Patch }
  | { readonly kind: "merge"; readonly merge: JsonObject }
  | { readonly kind: "replace"; readonly value: JsonObject };

/** A request as it arrives: its kind, and JSON text. */
export type ChangeInput = { readonly kind: ChangeRequest["kind"]; readonly text: string };

/**
 * Decode a request.
 * @throws CollabError `malformed`; `too_large` for a patch of too many operations
 */
export const decodeChange = ({ kind, text }: ChangeInput, limits: Limits): ChangeRequest =>
  checkChange(kind, parseJson(text), limits);

/** Check a request that is JSON already, see `decodeChange`. */
export function checkChange(
  kind: ChangeRequest["kind"],
  json: unknown,
  limits: Limits,
): ChangeRequest {
  if (kind === "patch") return { kind, patch: parsePatch(json, limits) };
  if (!isObject(json))
    throw new CollabError("malformed", {
      detail:
        kind === "merge"
          ? "A merge patch must be a JSON object."
          : "The state must be a JSON object.",
    });
  return kind === "merge" ? { kind, merge: json } : { kind, value: json };
}

/** A change ready to be committed: the patch, and the state after it. */
export type PlannedChange = { readonly patch: Patch; readonly next: Sized };

/**
 * Work out what a request does to a state.
 * @returns `null` when the state stays the same JSON
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
  const done = applyInPlace(state, patch, limits);
  if (done !== null) return done.changes ? { patch: effectOf(patch), next: done.next } : null;
  const next = applyPatch(state, patch, limits);
  if (jsonEqual(state.value, next.value)) return null;
  if (!patch.some(({ op }) => op === "copy")) return { patch: effectOf(patch), next };
  // Copies are worked out: a few bytes of patch may ask for the work of a whole state, which a room that
  // wakes would have to do again. And what is copied may not stand in two places at once.
  return plan(state, copyOf(diff(state.value, next.value)), limits);
}

/** What the journal keeps of a patch: what it did, not what it tested. */
const effectOf = (patch: Patch): Patch =>
  patch.some(({ op }) => op === "test") ? patch.filter(({ op }) => op !== "test") : patch;

const copyOf = (patch: Patch): Patch => JSON.parse(JSON.stringify(patch)) as Patch;

/**
 * Work out what a state returned by the author's code changes. It may share objects with the state it
 * was made from, and these cost nothing; what is new is copied, for the author may still hold it.
 * @throws CollabError `invalid_state` when it is not a JSON object, `too_large` past a limit
 */
export function planReturned(
  state: Sized,
  returned: unknown,
  limits: Limits,
): PlannedChange | null {
  if (!isPlainObject(returned))
    throw new CollabError("invalid_state", { detail: "The next state must be a JSON object." });
  const patch = diff(state.value, returned);
  // Checked before it is copied: a copy through text would turn what is not JSON into something else.
  // A value that stands in many places counts as often, as it will in the text.
  const cache: SizeCache = new WeakMap();
  const bytes = patch
    .flatMap((operation) => ("value" in operation ? [operation.value] : []))
    .reduce<number>((sum, value) => sum + measure(value, limits.stateDepth, cache).bytes, 0);
  if (bytes > Math.max(limits.stateBytes, state.bytes)) throw tooLarge(bytes, limits);
  return plan(state, copyOf(patch), limits);
}

/** On the way the old and the new may stand beside each other: only the state in the end counts. */
function plan(state: Sized, patch: Patch, limits: Limits): PlannedChange | null {
  if (patch.length === 0) return null;
  const done = applyInPlace(state, patch, limits);
  if (done !== null) return done.changes ? { patch, next: done.next } : null;
  const next = applyPatch(state, patch, { ...limits, stateBytes: Infinity });
  if (next.bytes > Math.max(limits.stateBytes, state.bytes)) throw tooLarge(next.bytes, limits);
  return { patch, next };
}

const tooLarge = (bytes: number, { stateBytes }: Limits): CollabError =>
  new CollabError("too_large", {
    detail: `The state would have ${bytes} bytes; the limit is ${stateBytes}.`,
  });
