// The room shares its state with the author's code instead of copying it. Freezing prevents changes that
// would bypass the journal.

import type { JsonObject, JsonValue } from "../protocol/json.ts";

/** Freeze a state deeply. Frozen parts are skipped, so the cost depends on what has changed. */
export function freezeState<T extends JsonObject>(state: T): T {
  freeze(state);
  return state;
}

function freeze(value: JsonValue): void {
  // To ask whether an object is frozen takes a walk over its members.
  if (typeof value !== "object" || value === null || !Object.isExtensible(value)) return;
  Object.freeze(value);
  if (Array.isArray(value)) {
    for (const item of value) freeze(item);
    return;
  }
  const object = value as JsonObject;
  // Much faster than a walk over the values, if there are many.
  for (const key of Object.keys(object)) freeze(object[key] as JsonValue);
}
