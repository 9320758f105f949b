// Which refusals of the room are not the end of a request, and why the client itself ends one.

import type { Problem } from "../types.ts";

/** Refusals for now that end an action: its caller is told, because it may take long until they are over. */
export const endsAction: ReadonlySet<string> = new Set(["call_timeout", "hook_unavailable"]);
/** Refusals of an edit for the version that it was made on: on a later one it may pass. */
export const isOldBase: ReadonlySet<string> = new Set(["base_too_old", "version_conflict"]);

export const forgotten: Problem = {
  code: "request_forgotten",
  detail: "The room no longer knows the outcome of this request. Check the state.",
};

export const tooLarge = (limit: number): Problem => ({
  code: "too_large",
  detail: `The request is larger than ${limit} bytes. Split it.`,
});
