// How an operation has ended, as a value.

import { CollabError } from "../protocol/errors.ts";

/** How an operation has ended: with an output, or an error of the error table. */
export type Outcome<T> = { readonly ok: T } | { readonly error: CollabError };

/** Run something, and tell an error of the table from its value. */
export async function attempt<T>(run: () => T | Promise<T>): Promise<Outcome<T>> {
  try {
    return { ok: await run() };
  } catch (error) {
    if (error instanceof CollabError) return { error };
    throw error;
  }
}

/** The output of what has succeeded. @throws CollabError the error of what has failed */
export function outputOf<T>(outcome: Outcome<T>): T {
  if ("error" in outcome) throw outcome.error;
  return outcome.ok;
}
