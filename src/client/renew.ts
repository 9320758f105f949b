// Frozen values that stay the same objects as long as they say the same, so that whoever compares them by `===` sees
// no change where there is none.

import { isContainer, memberOf } from "../protocol/container.ts";
import { jsonEqual, setMember, type JsonValue } from "../protocol/json.ts";

/** Freeze a value, with the parts of the old one that say the same. Frozen values stay as they are. */
export function renew<T>(old: unknown, now: T): T {
  if (!isContainer(now) || Object.isFrozen(now)) return now;
  if (jsonEqual(old as JsonValue, now)) return old as T;
  for (const [key, value] of Object.entries(now))
    setMember(
      now as Record<string, JsonValue>,
      key,
      renew(isContainer(old) ? memberOf(old, key) : undefined, value),
    );
  return Object.freeze(now);
}
