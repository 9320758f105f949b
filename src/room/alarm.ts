// Runs the named timers that are due when the alarm fires. The work of `directory` runs outside turns, in
// Lifecycle.syncDirectory. Running this work twice does no harm.

import type { Lifecycle } from "./lifecycle.ts";
import { runDueSchedule } from "./scheduled-actions.ts";
import type { TimerName } from "./timers.ts";

/** ms after which a room whose storage is too new checks again whether a newer release is deployed. */
export const refusedAlarmDelay = 3_600_000;
/** ms after which a room that could not restart tries again by itself. */
export const brokenAlarmDelay = 10_000;

/**
 * Do the work of a timer that has rung, within a turn.
 * @param now epoch ms
 */
export function fireTimer(
  lifecycle: Lifecycle,
  name: Exclude<TimerName, "directory">,
  now: number,
): Promise<void> | void {
  const { room, timers } = lifecycle;
  if (!timers.isDue(name, now)) return; // an earlier turn has handled it
  if (room === null) return timers.clear(name);
  switch (name) {
    case "idle":
      return lifecycle.stopIfDue(room);
    case "lease":
    case "grace":
    case "presence":
      return room.membership.ring(name);
    case "liveness":
      return room.sessionTimers.checkLiveness();
    case "expiry":
      return room.sessionTimers.checkExpiry();
    case "schedule":
      return runDueSchedule(room, now);
    case "save":
      return room.saver.ring(now);
    default:
      return name satisfies never;
  }
}
