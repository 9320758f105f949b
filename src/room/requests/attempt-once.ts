// Runs an operation for a request with an idempotency key, or repeats its earlier answer (rule X2).

import type { Caller } from "../../protocol/caller.ts";
import type { ErrorCode } from "../../protocol/errors.ts";
import { admit } from "../access.ts";
import type { Lifecycle } from "../lifecycle.ts";
import type { Operation } from "../operation.ts";
import { attempt, type Outcome } from "../outcome.ts";
import type { KeyedRequest } from "./idempotency-keys.ts";

export type CallOptions = {
  /** Characters of input that the call holds in memory while it waits. */
  readonly characters?: number;
  readonly request?: KeyedRequest | undefined;
};

/** How a call ended, and whether its outcome is that of an earlier call with the same key. */
export type Called<Output> = { readonly outcome: Outcome<Output>; readonly isReplay: boolean };

type Attempt<Output> = Called<Output> & {
  /** Whether the outcome may reveal what is staged: its caller then waits for that commit. */
  readonly depends: boolean;
};

/** The requested call. */
type Asked<Input, Output> = {
  readonly operation: Operation<Input, Output>;
  readonly input: Input;
  /** Undefined for a request without a key, which always runs. */
  readonly request: KeyedRequest | undefined;
  readonly caller: Caller;
  run(): Output | Promise<Output>;
};

/** Whether somebody was not permitted to do this: they may be permitted later. */
const isPermissionError = (outcome: Outcome<unknown>): boolean =>
  "error" in outcome && permissionCodes.has(outcome.error.code);
const permissionCodes: ReadonlySet<ErrorCode> = new Set(["forbidden", "not_authorized", "kicked"]);

/** Run an operation in a turn, unless its key is known. */
export async function attemptOnce<Input, Output>(
  lifecycle: Lifecycle,
  { operation, input, request, caller, run }: Asked<Input, Output>,
): Promise<Attempt<Output>> {
  const { sees, standsAlone } = operation;
  const fresh = (outcome: Outcome<Output>): Attempt<Output> => {
    // A refusal may reveal what is staged, too.
    const depends = sees === "head" || sees === "committed" || "error" in outcome;
    return { outcome, isReplay: false, depends };
  };
  if (request === undefined) return fresh(await attempt(run));
  const user = caller.user?.id ?? null;
  const found = await attempt(() => {
    // A refusal is not stored under the key: it is not the operation's answer.
    admit(lifecycle, operation, input, caller);
    return lifecycle.keys.find(request, user);
  });
  if ("error" in found) return fresh(found);
  if (found.ok !== null) {
    const { outcome, isPending } = found.ok;
    // `null` stands for the output of an operation without one.
    const output = (text: string): Output => (JSON.parse(text) ?? undefined) as Output;
    const replayed = "ok" in outcome ? { ok: output(outcome.ok) } : outcome;
    return { outcome: replayed, isReplay: true, depends: isPending };
  }
  const outcome = await attempt(run);
  const done = fresh(outcome);
  // An absent room writes nothing, so asking it again does no harm. Nor does it after a refusal for lack of
  // permission.
  const { room } = lifecycle;
  if (room === null || isPermissionError(outcome)) return done;
  const isDone = "ok" in outcome;
  lifecycle.keys.add(
    request,
    user,
    isDone ? { ok: JSON.stringify(outcome.ok ?? null) } : outcome,
    room.isStaged && done.depends && !(isDone && standsAlone),
  );
  return done;
}
