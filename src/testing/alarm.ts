// An object's alarm: it outlives the object's memory, and rings in virtual time. It does not know what for; rooms keep
// that in rows of their own.

import type { VirtualClock } from "./clock.ts";

export class VirtualAlarm {
  readonly #clock: VirtualClock;
  readonly #ring: () => void;
  #at: number | null = null;
  #cancel: () => void = () => {};

  /** @param ring called when the time has come; by then no alarm is set */
  constructor(clock: VirtualClock, ring: () => void) {
    this.#clock = clock;
    this.#ring = ring;
  }

  /** Epoch ms, `null` for none. */
  get at(): number | null {
    return this.#at;
  }

  /** Let it ring at this time instead, or never. */
  set(at: number | null): void {
    this.#cancel();
    this.#at = at;
    if (at === null) return;
    this.#cancel = this.#clock.plan(at - this.#clock.now(), {
      what: "the room's alarm",
      // An alarm that was set for now should ring; every other one is a deadline.
      isUnderWay: () => at <= this.#clock.now(),
      run: () => {
        this.#at = null;
        this.#ring();
      },
    });
  }
}
