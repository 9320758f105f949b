// Freezes states. The room shares its state with the author's code instead of copying it, and freezing prevents changes
// that would bypass the journal. After that, a change copies each container that it touches, once.

import type { JsonObject, JsonValue } from "../protocol/json.ts";

/** A container with at most this many members is narrow: copying it takes well under a millisecond. */
export const narrow = 1000;

/** By frozen container: the number of members of the widest container in it, itself included. Narrow ones are left out. */
const widths = new WeakMap<object, number>();

/** Freeze a state deeply. Parts that are already frozen are skipped, so the cost depends on what has changed. */
export function freezeState<T extends JsonObject>(state: T): T {
  freeze(state);
  return state;
}

/** The number of members of the widest object or array in a frozen state; 0 if all are narrow. */
export const widthOf = (state: JsonObject): number => widths.get(state) ?? 0;

/** @returns the width */
function freeze(value: JsonValue): number {
  if (typeof value !== "object" || value === null) return 0;
  // `Object.isFrozen` would walk over all members.
  if (!Object.isExtensible(value)) return widths.get(value) ?? 0;
  Object.freeze(value);
  let width = 0;
  let members = 0;
  const visit = (item: JsonValue): void => {
    members++;
    width = Math.max(width, freeze(item));
  };
  if (Array.isArray(value)) for (const item of value) visit(item);
  else {
    const object = value as JsonObject;
    // Much faster than iterating over the values if there are many.
    for (const key of Object.keys(object)) visit(object[key] as JsonValue);
  }
  if (members > narrow) width = Math.max(width, members);
  if (width > 0) widths.set(value, width);
  return width;
}
