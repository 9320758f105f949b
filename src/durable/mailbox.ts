// The mailbox: turns run one at a time, in the order they came, however long one of them awaits.
// It knows nothing of rooms. A turn that asks for another turn of its own mailbox waits for itself.

import { CollabError } from "../protocol/errors.ts";

/** How many turns may wait: each holds its input in memory, of which an object has 128 MB. */
export const mailboxSize = 1000;

export class Mailbox {
  readonly #waiting: (() => void)[] = [];
  #busy = false;

  /** How many turns wait for the one that runs. */
  get waiting(): number {
    return this.#waiting.length;
  }

  /**
   * Run a turn when all earlier ones have ended; at once, in this very call, when none is running.
   * @returns what the turn returns; if it throws, this rejects, and the next turn runs all the same
   * @throws CollabError `room_overloaded` when too many wait already
   */
  async run<T>(turn: () => T | Promise<T>): Promise<T> {
    if (this.#waiting.length >= mailboxSize) throw new CollabError("room_overloaded");
    if (this.#busy) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    this.#busy = true;
    try {
      return await turn();
    } finally {
      const next = this.#waiting.shift();
      // While a turn is handed over the mailbox stays busy: nobody can slip in between.
      if (next === undefined) this.#busy = false;
      else next();
    }
  }
}
