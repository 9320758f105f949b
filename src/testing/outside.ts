// The promises outside the virtual clock that the room or a client waits for: promises of the author's code, such as
// a hook that reads a file. The runner gives them some real time before it goes on.

import type { VirtualClock } from "./clock.ts";
import { realMillisecond, realTime, turn } from "./turns.ts";

/** Turns of the event loop before it is worth to sleep. */
const quickTurns = 50;

type Wait = {
  readonly what: string;
  /** Epoch ms, by the clock, after which nobody waits for it any more. */
  readonly until: number;
  /** ms of real time. */
  waited: number;
  /** ms of real time that it gets in any case. */
  readonly least: number;
};

export class Outside {
  readonly #clock: VirtualClock;
  readonly #waits = new Set<Wait>();

  constructor(clock: VirtualClock) {
    this.#clock = clock;
  }

  /**
   * Call something that may answer later.
   * @param what names it
   * @param limit ms, by the clock, for which somebody waits for it
   * @param least ms of real time that it gets in any case
   */
  track<T>(what: string, limit: number, call: () => T, least = 0): T {
    const outcome = call();
    if (isPromiseLike(outcome)) {
      const wait = { what, until: this.#clock.now() + limit, waited: 0, least };
      this.#waits.add(wait);
      const end = (): void => void this.#waits.delete(wait);
      outcome.then(end, end);
    }
    return outcome;
  }

  /** The names of what has not answered. */
  get pending(): readonly string[] {
    return this.#awaited.map(({ what }) => what);
  }

  get #awaited(): readonly Wait[] {
    const now = this.#clock.now();
    return [...this.#waits].filter(({ until }) => until > now);
  }

  /**
   * Wait for all of it, for so many ms of real time: each is waited for only once.
   * @param isDisturbed ends the wait, because something else can be done
   * @returns whether any has been waited for
   */
  async wait(patience: number, isDisturbed: () => boolean): Promise<boolean> {
    const isAwaited = (): boolean =>
      this.#awaited.some(({ waited, least }) => waited < Math.max(patience, least));
    if (!isAwaited()) return false;
    for (let turns = 0; isAwaited() && !isDisturbed(); turns++) {
      const before = realTime();
      await (turns < quickTurns ? turn() : realMillisecond());
      for (const wait of this.#awaited) wait.waited += realTime() - before;
    }
    return true;
  }
}

const isPromiseLike = (value: unknown): value is PromiseLike<unknown> =>
  typeof value === "object" && value !== null && "then" in value;
