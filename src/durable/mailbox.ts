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
   * @returns what the turn returns; if it throws, this rejects, and the next turn runs all the same
   * @throws CollabError `room_overloaded` when too many wait already
   */
  async run<T>(turn: () => T | Promise<T>, characters = 0): Promise<T> {
    if (this.#busy) await this.#wait(characters);
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

  async #wait(characters: number): Promise<void> {
    if (
      this.#waiting.length >= mailboxSize.turns ||
      this.#characters + characters > mailboxSize.characters
    )
      throw new CollabError("room_overloaded");
    this.#characters += characters;
    await new Promise<void>((resolve) => this.#waiting.push(resolve));
    this.#characters -= characters;
  }
}
