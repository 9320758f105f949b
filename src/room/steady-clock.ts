// The room's clock: it never goes back. The wall clock may be set back while the room is awake; a window,
// a rate or a deadline that compares two of its readings would then wait for the difference. When that
// happens this clock runs ahead of the wall clock from then on, by the size of the step. (Rule T5.)

import type { RoomPorts } from "./ports.ts";

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
    return this.#ahead;
  }
}

/** The ports of a room whose clock never goes back. The alarm rings by the platform's wall clock. */
export const withClock = (ports: RoomPorts, clock: SteadyClock): RoomPorts => ({
  ...ports,
  now: clock.now,
  alarm: {
    set: (at) => ports.alarm.set(at - clock.ahead),
    clear: () => ports.alarm.clear(),
  },
});
