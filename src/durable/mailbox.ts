// The mailbox: turns run one at a time, in the order they came, however long one of them awaits.
// It knows nothing of rooms. A turn that asks for another turn of its own mailbox waits for itself.

import { CollabError } from "../protocol/errors.ts";

/** How many turns may wait, and how many characters of input in all: an object has 128 MB of memory. */
export const mailboxSize = { turns: 1000, characters: 16 * 1024 * 1024 } as const;

export class Mailbox {
  readonly #waiting: (() => void)[] = [];
  #characters = 0;
  #busy = false;

  /** Whether turns wait for the one that runs. */
  get isWaitedFor(): boolean {
    return this.#waiting.length > 0;
  }

  /**
   * Run a turn when all earlier ones have ended; at once, in this very call, when none is running.
   * @param characters of input that the turn holds in memory
   * @param refusable false for what must be done however many wait, such as seeing to a closed socket
   * @returns what the turn returns; if it throws, this rejects, and the next turn runs all the same
   * @throws CollabError `room_overloaded` when too many wait already
   */
  async run<T>(turn: () => T | Promise<T>, characters = 0, refusable = true): Promise<T> {
    if (this.#busy) await this.#wait(characters, refusable);
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

  async #wait(characters: number, refusable: boolean): Promise<void> {
    const isFull =
      this.#waiting.length >= mailboxSize.turns ||
      this.#characters + characters > mailboxSize.characters;
    if (isFull && refusable) throw new CollabError("room_overloaded");
    this.#characters += characters;
    await new Promise<void>((resolve) => this.#waiting.push(resolve));
    this.#characters -= characters;
  }
}
