// Spans of time that callers choose.

import { CollabError } from "../protocol/errors.ts";

/** The longest span: a year, in ms. */
export const maxDuration = 365 * 24 * 3_600_000;

/** `idleTimeout` of rooms whose behaviour and starter say nothing: 30 minutes, in ms. */
export const defaultIdleTimeout = 1_800_000;

/** ms for which presence is held without a socket, if not said. */
export const defaultPresenceTtl = 30_000;

/**
 * Check a span of time in ms.
 * @throws CollabError `invalid_request`
 */
export function checkDuration(name: string, ms: number): void {
  if (!Number.isSafeInteger(ms) || ms < 1 || ms > maxDuration)
    throw new CollabError("invalid_request", {
      detail: `${name} must be a whole number of milliseconds from 1 to ${maxDuration}.`,
    });
}
