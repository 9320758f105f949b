// The room's clock, which never goes back (rule T5). The wall clock may be set back while the room is awake. A
// window, a rate or a deadline that compares two of its readings would then wait for the difference. So when that
// happens, this clock runs ahead of the wall clock from then on, by the size of the step.
//
// A step ahead cannot be told from elapsed time, and counts as such. Times in storage and attachments may come from
// an earlier instance whose clock was ahead: code that reads them must not assume that they lie in the past.

import type { RoomPorts } from "./ports.ts";

/**
 * Tolerated difference in ms. A timer may fire early, and this clock stops during an event while the platform's
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

  /** Epoch ms; never less than before. */
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

  /** A timer has rung, so it is at least this time (epoch ms), whatever the wall clock says. */
  reach(at: number): void {
    const missing = at - this.now();
    if (missing > tolerance) this.#ahead += missing;
  }
}

/**
 * ms from one reading of the wall clock to a later one; `null` if the clock was set back in between, so that the
 * difference is unknown.
 */
export const wallTimeSince = (then: number, now: number): number | null =>
  now < then - tolerance ? null : Math.max(0, now - then);

/**
 * The ports of a room, with a clock that never goes back. The alarm follows the platform's wall clock. In-memory
 * timers do not; when one rings, it moves this clock forward, in case the wall clock was set back unnoticed
 * meanwhile.
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
