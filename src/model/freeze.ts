// The state is shared, never copied, with the room author's code; frozen, it cannot be changed behind
// the journal's back.

import type { JsonObject, JsonValue } from "../protocol/json.ts";

/** Freeze a state in depth. What is frozen already is not walked again, so cost follows the change. */
export function freezeState<T extends JsonObject>(state: T): T {
  freeze(state);
  return state;
}

function freeze(value: JsonValue): void {
  if (typeof value !== "object" || value === null || Object.isFrozen(value)) return;
  Object.freeze(value);
  for (const item of Array.isArray(value) ? value : Object.values(value)) freeze(item);
}
