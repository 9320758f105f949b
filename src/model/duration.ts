// Durations that callers can set, in ms.

import { CollabError } from "../protocol/errors.ts";
import { describeValue } from "../protocol/json.ts";

/** The longest duration: a year, in ms. */
export const maxDuration = 365 * 24 * 3_600_000;

/** `idleTimeout` if neither the behaviour nor the start options set it: 30 minutes, in ms. */
export const defaultIdleTimeout = 1_800_000;

/** `ttl` of held presence if the caller does not set it: 30 seconds, in ms. */
export const defaultPresenceTtl = 30_000;

/**
 * Check a duration in ms.
 * @param name the option's name, for the error
 * @throws CollabError `invalid_request`
 */
export function checkDuration(name: string, ms: number): void {
  if (!Number.isSafeInteger(ms) || ms < 1 || ms > maxDuration)
    throw new CollabError("invalid_request", {
      detail: `${name} must be a whole number of milliseconds from 1 to ${maxDuration}, got ${describeValue(ms)}.`,
    });
}
