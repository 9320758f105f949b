// Turns every kind of change to a state into one JSON Patch and the next state. Containers that are not frozen may be
// changed in place, so the caller must own the state and must not use the previous one afterwards. If a function
// throws, nothing has changed. Nothing here writes to storage.

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

/** The version that a patch is based on (rule E1). */
export type Base = {
  readonly version: number;
  /** Whether the patch is refused if any target is gone. */
  readonly strict: boolean;
};

/** The kinds of changes that callers can name. `extendedPatch` has more operations than RFC 6902 (rule E5). */
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

/** A change that is ready to be committed: the applied operations, and the state after them. */
export type PlannedChange = { readonly applied: readonly Applied[]; readonly next: Sized };

/**
 * Checks a state before it is accepted (rule B3).
 * @throws CollabError `invalid_state` with the issues
 */
export type StateCheck = (state: JsonObject) => void;

/** The context that planning a change needs from the room. */
export type ChangeContext = {
  /**
   * The effects of all changes since a version on positions.
   * @throws CollabError `base_too_old`, `version_conflict`
   */
  effectsSince(version: number): readonly Effect[];
  /** Checks the state after the change. */
  readonly check?: StateCheck | null;
  /** Receives the amount of work for moving the patch; see `applyRebased`. */
  onMoved?(steps: number): void;
};

/** The result of planning: the change, `null` if the state stays the same; and the dropped operations. */
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

/** The change that a run has made. If it has no effect, or its state fails the check, the run is rolled back. */
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
 * @throws CollabError `invalid_state` if it is not a JSON object, `too_large` if it exceeds a limit
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
  // Checked before the copy, because JSON.stringify silently changes values that are not JSON. A value that occurs in
  // several places counts each time, as in the text.
  const cache: SizeCache = new WeakMap();
  const bytes = patch
    .flatMap((operation) => ("value" in operation ? [operation.value] : []))
    .reduce<number>((sum, value) => sum + measure(value, limits.stateDepth, cache).bytes, 0);
  if (bytes > Math.max(limits.stateBytes, state.bytes)) throw tooLarge(bytes, limits);
  return plan(state, copyOf(patch), limits, check);
}

/**
 * Apply a patch that was computed from two states. Between its operations, old and new values exist at the same time,
 * so the state may exceed the limit on bytes. Only the final state is checked.
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
