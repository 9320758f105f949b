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
  type JsonObject,
  type SizeCache,
} from "../protocol/json.ts";
import { parsePatch, type Patch, type Sized } from "../protocol/json-patch.ts";
import { PatchRun, type Applied } from "../protocol/apply-patch.ts";
import type { Effect } from "../protocol/effects.ts";
import { applyRebased } from "../protocol/rebase.ts";
import type { Limits } from "../protocol/limits.ts";

/** A change that a caller requests. */
export type ChangeRequest =
  | { readonly kind: "patch"; readonly patch: Patch; readonly base?: Base }
  | { readonly kind: "merge"; readonly merge: JsonObject }
  | { readonly kind: "replace"; readonly value: JsonObject };

/** What a patch was made on (rule E1). */
export type Base = {
  readonly version: number;
  /** Whether the patch is refused if any target is gone. */
  readonly strict: boolean;
};

/** The kind of a change as callers name it: `extendedPatch` has more operations than RFC 6902 (rule E5). */
export type ChangeKind = ChangeRequest["kind"] | "extendedPatch";

/**
 * Check a change request.
 * @throws CollabError `malformed`; `too_large` for a patch with too many operations
 */
export function checkChange(kind: ChangeKind, json: unknown, limits: Limits): ChangeRequest {
  if (kind === "patch") return { kind, patch: parsePatch(json, limits, "rfc6902") };
  if (kind === "extendedPatch") return { kind: "patch", patch: parsePatch(json, limits) };
  if (!isObject(json))
    throw new CollabError("malformed", {
      detail: `${kind === "merge" ? "A merge patch" : "The state"} must be a JSON object, got ${describeValue(json)}.`,
    });
  return kind === "merge" ? { kind, merge: json } : { kind, value: json };
}

/** A change that is ready to be committed: what it does, and the state after it. */
export type PlannedChange = { readonly applied: readonly Applied[]; readonly next: Sized };

/**
 * Checks a state before it counts (rule B3).
 * @throws CollabError `invalid_state` with the issues
 */
export type StateCheck = (state: JsonObject) => void;

/** What planning a change takes from the room. */
export type ChangeContext = {
  /**
   * What all changes since a version have done to positions.
   * @throws CollabError `base_too_old`, `version_conflict`
   */
  effectsSince(version: number): readonly Effect[];
  /** Checks the state after it. */
  readonly check?: StateCheck | null;
  /** Is told how much work it was to move the patch, see `applyRebased`. */
  onMoved?(steps: number): void;
};

/** What a request comes to: a change, `null` if the state does not change; and what was left out of it. */
export type Plan = {
  readonly change: PlannedChange | null;
  /** Indexes of operations whose targets are gone (rule E2). */
  readonly dropped: readonly number[];
};

/**
 * Compute the effect of a request on a state.
 * @throws CollabError `patch_failed`, `too_large`, `invalid_state`, `target_gone`, `base_too_old`, `version_conflict`
 */
export function planChange(
  state: Sized,
  request: ChangeRequest,
  limits: Limits,
  { effectsSince, check = null, onMoved }: ChangeContext,
): Plan {
  switch (request.kind) {
    case "patch": {
      const { patch, base } = request;
      const run = new PatchRun(state, limits);
      if (base !== undefined) {
        const effects = effectsSince(base.version);
        const dropped = applyRebased(run, patch, effects, base.strict, onMoved);
        return { change: changeOf(run, check), dropped };
      }
      run.apply(patch);
      return { change: changeOf(run, check), dropped: [] };
    }
    case "merge":
      return whole(
        plan(state, diffMerge(state.value, request.merge, limits.stateDepth), limits, check),
      );
    case "replace":
      measure(request.value, limits.stateDepth);
      return whole(plan(state, diff(state.value, request.value), limits, check));
    default:
      return request satisfies never;
  }
}

const whole = (change: PlannedChange | null): Plan => ({ change, dropped: [] });

/** What a run has done. One without an effect, and one whose state does not pass the check, is taken back. */
function changeOf(run: PatchRun, check: StateCheck | null): PlannedChange | null {
  const { applied, next } = run;
  if (applied === null) {
    run.rollback();
    return null;
  }
  try {
    check?.(next.value);
    return { applied, next };
  } catch (error) {
    run.rollback();
    throw error;
  }
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
  check: StateCheck | null = null,
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
  return plan(state, copyOf(patch), limits, check);
}

/**
 * Apply a patch that was computed from two states. Between its operations the state may exceed the limit on
 * bytes, because old and new values exist at the same time: only the final state is checked.
 */
function plan(
  state: Sized,
  patch: Patch,
  limits: Limits,
  check: StateCheck | null,
): PlannedChange | null {
  if (patch.length === 0) return null;
  const run = new PatchRun(state, { ...limits, stateBytes: Infinity });
  run.apply(patch);
  const { next } = run;
  if (next.bytes <= Math.max(limits.stateBytes, state.bytes)) return changeOf(run, check);
  run.rollback();
  throw tooLarge(next.bytes, limits);
}

const tooLarge = (bytes: number, { stateBytes }: Limits): CollabError =>
  new CollabError("too_large", {
    detail: `The state would have ${bytes} bytes; the limit is ${stateBytes}.`,
  });
