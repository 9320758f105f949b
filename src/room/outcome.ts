// The outcome of an operation, as a value.

import { CollabError } from "../protocol/errors.ts";

/** How an operation ended: with an output, or with an error from the error table. */
export type Outcome<T> = { readonly ok: T } | { readonly error: CollabError };

/** Run something and return its value or its error. Only errors from the error table are caught. */
export async function attempt<T>(run: () => T | Promise<T>): Promise<Outcome<T>> {
  try {
    return { ok: await run() };
  } catch (error) {
    if (error instanceof CollabError) return { error };
    throw error;
  }
}

/** The output of a successful outcome. @throws CollabError the error of a failed one */
export function outputOf<T>(outcome: Outcome<T>): T {
  if ("error" in outcome) throw outcome.error;
  return outcome.ok;
}
