// Checks payloads: the application's own JSON in actions and events. It checks only their size and nesting, never their
// content.

import { CollabError } from "../protocol/errors.ts";
import { describeValue, measure, parseJson, type JsonValue } from "../protocol/json.ts";
import type { Limits } from "../protocol/limits.ts";

/** The maximum length of an event's name. */
export const maxEventName = 128;

/**
 * Decode a payload.
 * @throws CollabError `malformed`; `too_large` if it exceeds `frameBytes` or `stateDepth`
 */
export const decodePayload = (text: string, limits: Limits): JsonValue =>
  checkPayload(parseJson(text), limits);

/** Check a parsed payload; see `decodePayload`. */
export function checkPayload(payload: JsonValue, limits: Limits): JsonValue {
  const bytes = measurePayload(payload, limits.stateDepth);
  if (bytes > limits.frameBytes)
    throw new CollabError("too_large", {
      detail: `The payload has ${bytes} bytes; the limit is ${limits.frameBytes}.`,
    });
  return payload;
}

/**
 * Measure a value that was parsed from JSON text.
 * @param depth the maximum number of levels of nesting
 * @returns its bytes as compact JSON
 * @throws CollabError `too_large` if it has more levels; `malformed` if it cannot be written as JSON
 */
export function measurePayload(payload: JsonValue, depth: number): number {
  try {
    return measure(payload, depth).bytes;
  } catch (error) {
    if (!(error instanceof CollabError) || error.code === "too_large") throw error;
    // JSON text can contain a number such as 1e999, which parses to Infinity.
    throw new CollabError("malformed", {
      detail: "A number is too large: use numbers that a 64-bit float can hold.",
    });
  }
}

/**
 * Check an event before it is broadcast.
 * @throws CollabError `invalid_request`, `malformed`, `too_large`
 */
export function checkEvent(event: string, payload: JsonValue, limits: Limits): void {
  if (typeof event !== "string" || event === "" || event.length > maxEventName)
    throw new CollabError("invalid_request", {
      detail: `The event name must be a string of 1 to ${maxEventName} characters, got ${describeValue(event)}.`,
    });
  checkPayload(payload, limits);
}
