// One life of a server: from its start until it is killed, at a moment that chance has chosen.

import type { Random } from "../fuzz/random.ts";

/** How often each kind of moment is chosen, and at most how many of them it takes. */
const moments = {
  /** A write was acknowledged. */
  acknowledgement: { weight: 4, most: 800 },
  /** A writer is welcome again after a kill. */
  welcome: { weight: 4, most: 12 },
  /** These were sent, and are not answered yet. */
  join: { weight: 2, most: 8 },
  leave: { weight: 1, most: 5 },
  start: { weight: 1, most: 6 },
  stop: { weight: 2, most: 5 },
  purge: { weight: 2, most: 5 },
} as const;

export type Moment = keyof typeof moments;

const weightsOf = (isComeback: boolean): Record<Moment, number> => {
  const weights = Object.entries(moments).map(([moment, { weight }]) => [moment, weight] as const);
  const all = Object.fromEntries(weights) as Record<Moment, number>;
  return isComeback ? all : { ...all, welcome: 0 };
};

/** Turns of the event loop between such a moment and the kill, at most. */
const mostTurns = 30;

export class Life {
  readonly moment: Moment;
  readonly #end = Promise.withResolvers<void>();
  readonly #turns: number;
  #left: number;
  #isOver = false;

  /** @param isComeback whether the server was killed just before, and everybody is coming back */
  constructor(random: Random, isComeback: boolean) {
    this.moment = random.weighted(weightsOf(isComeback));
    this.#left = 1 + random.below(moments[this.moment].most);
    this.#turns = random.below(mostTurns);
  }

  /** Resolves when the server is to be killed. */
  get end(): Promise<void> {
    return this.#end.promise;
  }

  /** Nobody does anything new any more. */
  get isOver(): boolean {
    return this.#isOver;
  }

  /** Let everybody stop, whether or not the moment has come. */
  stop(): void {
    this.#isOver = true;
    this.#end.resolve();
  }

  /** Something has happened by which a kill may be timed. */
  happened(moment: Moment): void {
    if (moment === this.moment && --this.#left === 0) void this.#finish();
  }

  async #finish(): Promise<void> {
    for (let turn = 0; turn < this.#turns; turn++) await new Promise(setImmediate);
    this.stop();
  }
}
