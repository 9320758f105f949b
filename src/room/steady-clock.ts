// The room's clock: it never goes back. The wall clock may be set back while the room is awake; a window,
// a rate or a deadline that compares two of its readings would then wait for the difference. When that
// happens this clock runs ahead of the wall clock from then on, by the size of the step. (Rule T5.)
//
// A step ahead cannot be told from time that has passed, and counts as that. Times in storage and
// attachments may be by the clock of an earlier instance, which was ahead: code that reads them must not trust them to
// lie in the past.

import type { RoomPorts } from "./ports.ts";

/**
 * Tolerated difference in ms. A timer may fire early, and our clock stops during an event while the platform's
 * timestamps advance.
 */
const tolerance = 1000;

export class SteadyClock {
  readonly #wall: () => number;
  #lastWall = -Infinity;
  #ahead = 0;

  /** @param wall the wall clock: epoch ms */
  constructor(wall: () => number) {
    this.#wall = wall;
  }

  /** Epoch ms; never less than it was before. */
  readonly now = (): number => {
    const wall = this.#wall();
    if (wall < this.#lastWall) this.#ahead += this.#lastWall - wall;
    this.#lastWall = wall;
    return wall + this.#ahead;
  };

  /** ms by which this clock is ahead of the wall clock. */
  get ahead(): number {
    this.now();
    return this.#ahead;
  }

  /** It is this late by now (epoch ms), whatever the wall clock says: a timer has rung. */
  reach(at: number): void {
    const missing = at - this.now();
    if (missing > tolerance) this.#ahead += missing;
  }
}

/**
 * ms from one reading of the wall clock to a later one; `null` when it was set back in between, so that
 * nobody can tell.
 */
export const wallTimeSince = (then: number, now: number): number | null =>
  now < then - tolerance ? null : Math.max(0, now - then);

/**
 * The ports of a room whose clock never goes back. The alarm rings by the platform's wall clock. Timers in
 * memory do not; they tell the clock what it missed if nobody looked at it between a step back and their time.
 */
export const withClock = (ports: RoomPorts, clock: SteadyClock): RoomPorts => ({
  ...ports,
  now: clock.now,
  later(ms, call) {
    const at = clock.now() + ms;
    return ports.later(ms, () => {
      clock.reach(at);
      call();
    });
  },
  alarm: {
    set: (at) => ports.alarm.set(at - clock.ahead),
    clear: () => ports.alarm.clear(),
  },
});
