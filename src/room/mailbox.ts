// The mailbox: turns run one at a time, in the order they arrived, however long one of them takes. It knows nothing
// about rooms. A turn that waits for another turn of its own mailbox deadlocks.

import { CollabError } from "../protocol/errors.ts";
import { MemoryTimer } from "./memory-timer.ts";
import type { RoomPorts } from "./ports.ts";

/** How many turns may wait, and how many characters of input they may hold. An object has 128 MB of memory. */
export const mailboxSize = { turns: 1000, characters: 16 * 1024 * 1024 } as const;

export type TurnOptions = {
  /** Characters of input that the turn holds in memory while it waits. */
  readonly characters?: number;
  /** ms after which a turn that is still waiting is refused; omitted for a turn that must run in any case. */
  readonly waitLimit?: number;
};

/** ms between two log lines about refused turns. */
const logInterval = 60_000;

type Waiting = {
  readonly characters: number;
  /** Epoch ms. */
  readonly expiresAt: number;
  start(): void;
  refuse(error: CollabError): void;
};

export class Mailbox {
  readonly #ports: Pick<RoomPorts, "now" | "later" | "background" | "log">;
  readonly #expiry: MemoryTimer;
  #waiting: Waiting[] = [];
  #characters = 0;
  #busy = false;
  /** How many turns were refused since the last log line about them, and its time (epoch ms). */
  #refused = { count: 0, loggedAt: -Infinity };

  constructor(ports: Pick<RoomPorts, "now" | "later" | "background" | "log">) {
    this.#ports = ports;
    this.#expiry = new MemoryTimer(ports);
  }

  /** Whether a turn is running. */
  get isBusy(): boolean {
    return this.#busy;
  }

  /** How many turns are waiting. */
  get waiting(): number {
    return this.#waiting.length;
  }

  /** Whether turns are waiting. */
  get hasWaiting(): boolean {
    return this.#waiting.length > 0;
  }

  /**
   * Run a turn once all earlier ones have ended; synchronously if none is running.
   * @returns what the turn returns. If the turn throws, this rejects, and the next turn still runs.
   * @throws CollabError `room_overloaded` if too many turns are waiting, `room_busy` if this one has waited too
   * long; in both cases it has not run
   */
  async run<T>(turn: () => T | Promise<T>, options: TurnOptions = {}): Promise<T> {
    if (this.#busy) await this.#wait(options);
    this.#busy = true;
    try {
      return await turn();
    } finally {
      const next = this.#waiting.shift();
      // During the handover to the next turn the mailbox stays busy, so that nothing can jump the queue.
      if (next === undefined) this.#busy = false;
      else next.start();
    }
  }

  async #wait({ characters = 0, waitLimit }: TurnOptions): Promise<void> {
    const isFull =
      this.#waiting.length >= mailboxSize.turns ||
      this.#characters + characters > mailboxSize.characters;
    if (isFull && waitLimit !== undefined) throw this.#refusal("room_overloaded");
    this.#characters += characters;
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const expiresAt = this.#ports.now() + (waitLimit ?? Infinity);
    this.#waiting.push({ characters, expiresAt, start: resolve, refuse: reject });
    if (waitLimit !== undefined) this.#expiry.armAtLatest(expiresAt, () => this.#expire());
    try {
      await promise;
    } finally {
      this.#characters -= characters;
      if (this.#waiting.length === 0) this.#expiry.cancel();
    }
  }

  /** Refuse the turns that have waited too long. */
  #expire(): void {
    const now = this.#ports.now();
    const [expired, waiting] = [
      this.#waiting.filter(({ expiresAt }) => expiresAt <= now),
      this.#waiting.filter(({ expiresAt }) => expiresAt > now),
    ];
    this.#waiting = waiting;
    for (const { refuse } of expired) refuse(this.#refusal("room_busy"));
    const next = waiting.reduce((at, { expiresAt }) => Math.min(at, expiresAt), Infinity);
    if (next < Infinity) this.#expiry.armAtLatest(next, () => this.#expire());
  }

  /** Refuse a turn. The first refusal is logged at once; after that, the number of refusals once a minute. */
  #refusal(code: "room_overloaded" | "room_busy"): CollabError {
    const now = this.#ports.now();
    const { count, loggedAt } = this.#refused;
    const refused = count + 1;
    this.#refused = { count: refused, loggedAt };
    if (now - loggedAt >= logInterval) {
      this.#ports.log("turns_refused", { code, refused });
      this.#refused = { count: 0, loggedAt: now };
    }
    return new CollabError(code);
  }
}
