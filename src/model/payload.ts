// Payloads of the app's own, as they arrive: JSON text of actions and events.

import { CollabError } from "../protocol/errors.ts";
import { measure, parseJson, type JsonValue } from "../protocol/json.ts";
import type { Limits } from "../protocol/limits.ts";

/** Characters in the name of an event. */
export const maxEventName = 128;

/**
 * Decode a payload.
 * @throws CollabError `malformed`; `too_large` past a frame's size or the state's depth
 */
export const decodePayload = (text: string, limits: Limits): JsonValue =>
  checkPayload(parseJson(text), limits);

/** Check a payload that is JSON already, see `decodePayload`. */
export function checkPayload(payload: JsonValue, limits: Limits): JsonValue {
  const bytes = measurePayload(payload, limits.stateDepth);
  if (bytes > limits.frameBytes)
    throw new CollabError("too_large", {
      detail: `The payload has ${bytes} bytes; the limit is ${limits.frameBytes}.`,
    });
  return payload;
}

/**
 * Bytes of something that has been parsed from JSON text.
 * @throws CollabError `too_large` when it nests deeper; `malformed` when it is none that could be sent on
 */
export function measurePayload(payload: JsonValue, depth: number): number {
  try {
    return measure(payload, depth).bytes;
  } catch (error) {
    if (!(error instanceof CollabError) || error.code === "too_large") throw error;
    // JSON text can hold a number such as 1e999, which is infinite once parsed.
    throw new CollabError("malformed", { detail: "The payload holds a number that is too large." });
  }
}

/**
 * Check an event that is to be broadcast.
 * @throws CollabError `invalid_request`, `malformed`, `too_large`
 */
export function checkEvent(event: string, payload: JsonValue, limits: Limits): void {
  if (typeof event !== "string" || event === "" || event.length > maxEventName)
    throw new CollabError("invalid_request", {
      detail: `An event's name has 1 to ${maxEventName} characters.`,
    });
  checkPayload(payload, limits);
}
