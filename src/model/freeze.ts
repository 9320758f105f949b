// The room shares its state with the author's code instead of copying it. Freezing prevents changes that
// would bypass the journal.

import type { JsonObject, JsonValue } from "../protocol/json.ts";

/** Freeze a state deeply. Frozen parts are skipped, so the cost depends on what has changed. */
export function freezeState<T extends JsonObject>(state: T): T {
  freeze(state);
  return state;
}

function freeze(value: JsonValue): void {
  if (typeof value !== "object" || value === null || Object.isFrozen(value)) return;
  Object.freeze(value);
  for (const item of Array.isArray(value) ? value : Object.values(value)) freeze(item);
}
