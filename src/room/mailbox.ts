// The mailbox: turns run one at a time, in the order they arrived, however long one of them awaits.
// It knows nothing of rooms. A turn that asks for another turn of its own mailbox waits for itself.

import { CollabError } from "../protocol/errors.ts";

/** How many turns may wait, and how many characters of input they may hold: an object has 128 MB. */
export const mailboxSize = { turns: 1000, characters: 16 * 1024 * 1024 } as const;

export class Mailbox {
  readonly #waiting: (() => void)[] = [];
  #characters = 0;
  #busy = false;

  /** Whether turns wait for the one that runs. */
  get hasWaiting(): boolean {
    return this.#waiting.length > 0;
  }

  /**
   * Run a turn once all earlier ones have ended; synchronously, when none is running.
   * @param characters of input that the turn holds in memory
   * @param refusable false for work that must happen however many turns wait, such as a closed socket
   * @returns what the turn returns. If the turn throws, this rejects and the next turn still runs.
   * @throws CollabError `room_overloaded` when too many turns wait already
   */
  async run<T>(turn: () => T | Promise<T>, characters = 0, refusable = true): Promise<T> {
    if (this.#busy) await this.#wait(characters, refusable);
    this.#busy = true;
    try {
      return await turn();
    } finally {
      const next = this.#waiting.shift();
      // While a turn is handed over the mailbox stays busy, so that nothing can jump the queue.
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
