// Makes virtual time pass: one event after another, and after each everything that promises make of it. Only one run is
// under way at a time. It knows nothing of rooms.

import type { VirtualClock } from "./clock.ts";
import type { Outside } from "./outside.ts";
import { turn } from "./turns.ts";

/** ms of real time that code outside gets while virtual time passes, before it counts as hanging. */
const hangPatience = 100;
/** ms of real time that a client gets to load what keeps its edits, and for each thing that it keeps. */
const keepPatience = 10_000;
/** Turns of the event loop in which nothing may come before a net counts as at rest. */
const restTurns = 3;
/** How much of what is still running an error names. */
const maxNamed = 8;

type RunnerOptions = {
  readonly clock: VirtualClock;
  readonly outside: Outside;
  readonly seed: number;
  /** Events after which a run gives up. */
  readonly maxEvents: number;
  /** ms of real time that code outside gets before a run gives up. */
  readonly patience: number;
};

export class Runner {
  readonly #options: RunnerOptions;
  readonly #clock: VirtualClock;
  readonly #outside: Outside;
  #last: Promise<unknown> = Promise.resolve();

  constructor(options: RunnerOptions) {
    this.#options = options;
    this.#clock = options.clock;
    this.#outside = options.outside;
  }

  /**
   * Run until nothing is under way.
   * @throws Error (rejects) if that does not come about
   */
  settle(): Promise<void> {
    return this.#alone(async () => {
      await this.#run("it is still busy");
      const { pending } = this.#outside;
      if (pending.length > 0)
        throw new Error(
          `settle: ${named(pending)} has not answered for ${this.#options.patience} ms of real time. If the test holds it back on purpose, let time pass by advance(ms) instead; 0 will do.`,
        );
    });
  }

  /** Let so many ms pass. */
  advance(ms: number): Promise<void> {
    return this.#alone(async () => {
      const end = this.#clock.now() + Math.ceil(ms);
      let stoodSince = { at: this.#clock.now(), events: 0 };
      for (;;) {
        await this.#drain(hangPatience);
        const next = this.#clock.next(end);
        if (next === null) break;
        stoodSince =
          next.at > stoodSince.at
            ? { at: next.at, events: 0 }
            : { ...stoodSince, events: stoodSince.events + 1 };
        if (stoodSince.events > this.#options.maxEvents)
          throw this.#restless(
            `after ${stoodSince.events} events at the same time it is still busy`,
          );
        next.run();
      }
      this.#clock.reach(end);
    });
  }

  /**
   * Run until an answer has come, or nothing is under way any more: then it takes more time to pass.
   * @returns the answer, once it comes
   */
  async drive<T>(answer: Promise<T>): Promise<T> {
    const isThere = settledOf(answer);
    await this.#alone(() => this.#run("a call has no reply", isThere));
    return answer;
  }

  /** Work of a client that takes real time: a run waits for it. */
  during<T>(work: Promise<T>): Promise<T> {
    return this.#outside.track("what a client keeps", Infinity, () => work, keepPatience);
  }

  /**
   * Take one event after another until nothing is under way.
   * @param trouble what to say if there is no end to it
   * @param isEnough ends it earlier
   */
  async #run(trouble: string, isEnough?: () => boolean): Promise<void> {
    for (let events = 0; await this.#comesNext(isEnough); events++) {
      if (events >= this.#options.maxEvents)
        throw this.#restless(`after ${events} events ${trouble}`);
      this.#clock.next()?.run();
    }
  }

  /** One run after another. */
  #alone<T>(run: () => Promise<T>): Promise<T> {
    const next = this.#last.then(run, run);
    this.#last = next.catch(() => {});
    return next;
  }

  /** Let everything happen that needs no virtual time. */
  async #drain(patience: number, isEnough = (): boolean => false): Promise<void> {
    const { added } = this.#clock;
    // Work that is added for later can wait.
    const isDisturbed = (): boolean =>
      isEnough() || (this.#clock.added > added && this.#clock.isDue);
    do await turn();
    while (!isDisturbed() && (await this.#outside.wait(patience, isDisturbed)));
  }

  /**
   * Let everything happen that needs no virtual time, and see whether something is under way by the clock.
   * @param isEnough ends the run
   */
  async #comesNext(isEnough = (): boolean => false): Promise<boolean> {
    await this.#drain(hangPatience, isEnough);
    const isOver = (): boolean => isEnough() || this.#clock.hasUnderWay;
    for (let turns = 0; turns < restTurns && !isOver(); turns++) await turn();
    while (!isOver() && (await this.#outside.wait(this.#options.patience, isOver)));
    return !isEnough() && this.#clock.hasUnderWay;
  }

  #restless(trouble: string): Error {
    const running = [...this.#clock.underWay.map(({ what }) => what), ...this.#outside.pending];
    return new Error(
      `The net does not settle: ${trouble} (seed ${this.#options.seed}, at ${new Date(this.#clock.now()).toISOString()}). Still running: ${named(running) || "nothing with a name"}. Does a listener answer each event with another one?`,
    );
  }
}

/** @returns a function that says whether the promise has an outcome by now */
export function settledOf(promise: Promise<unknown>): () => boolean {
  let isSettled = false;
  const settle = (): void => {
    isSettled = true;
  };
  promise.then(settle, settle);
  return () => isSettled;
}

function named(all: readonly string[]): string {
  const more = all.length - maxNamed;
  return all.slice(0, maxNamed).join("; ") + (more > 0 ? `; and ${more} more` : "");
}
