// Calls into code that is not ours, with a time limit.

import { CollabError } from "../../protocol/errors.ts";
import type { RoomPorts } from "../ports.ts";

/** A call in progress; `since` is epoch ms. */
export type RunningCall = { readonly what: string; readonly since: number };

/** The function took too long. This class distinguishes that from time-outs that the function itself runs into. */
export class TimedOut extends CollabError {
  constructor(what: string, limit: number) {
    super("call_timeout", { detail: `${what} took longer than ${limit} ms.` });
  }
}

/**
 * Call a function and wait for it at most `limit` ms. Anything that it does later is ignored: it cannot be stopped,
 * but nothing waits for it.
 * @param what names the call in the error
 * @throws TimedOut (`call_timeout`); whatever the function throws
 */
export async function callWithin<T>(
  { later }: Pick<RoomPorts, "later">,
  limit: number,
  what: string,
  call: () => T | PromiseLike<T>,
): Promise<T> {
  const outcome = call();
  if (!isPromiseLike(outcome)) return outcome;
  const { promise: late, reject } = Promise.withResolvers<never>();
  const cancel = later(limit, () => reject(new TimedOut(what, limit)));
  try {
    return await Promise.race([outcome, late]);
  } finally {
    cancel();
    disposeCall(outcome);
  }
}

/**
 * Dispose of a call that nobody waits for any more: a failed RPC promise would keep the calling object in memory
 * until it is garbage-collected. Other promises need no disposal.
 */
export function disposeCall(call: PromiseLike<unknown>): void {
  (call as Partial<Disposable>)[Symbol.dispose]?.();
}

const isPromiseLike = <T>(value: T | PromiseLike<T>): value is PromiseLike<T> =>
  // An RPC promise is a callable proxy, so its typeof is "function".
  (typeof value === "object" || typeof value === "function") && value !== null && "then" in value;
