// How fast the client may send: a little slower than the room takes it, so that nothing is refused for its rate.

/** The part of the room's rate that is used: others of the session's messages count, too. */
const share = 0.8;

export class Pace {
  readonly #now: () => number;
  #rate = { messages: 0, bytes: 0 };
  #left = { messages: 0, bytes: 0 };
  #at = 0;

  constructor(now: () => number) {
    this.#now = now;
  }

  /** Begin on a new session. */
  begin(messagesPerSecond: number, bytesPerSecond: number): void {
    this.#rate = { messages: messagesPerSecond * share, bytes: bytesPerSecond * share };
    this.#left = { ...this.#rate };
    this.#at = this.#now();
  }

  /** Nothing may be sent for so long. */
  stop(ms: number): void {
    this.#refill();
    this.#left.messages = Math.min(this.#left.messages, (-ms / 1000) * this.#rate.messages);
  }

  /** ms until something may be sent; 0 for now. */
  get wait(): number {
    this.#refill();
    const { messages, bytes } = this.#left;
    return Math.ceil(
      Math.max(0, (1 - messages) / this.#rate.messages, -bytes / this.#rate.bytes) * 1000,
    );
  }

  spend(bytes: number): void {
    this.#left.messages -= 1;
    this.#left.bytes -= bytes;
  }

  #refill(): void {
    const now = this.#now();
    const seconds = Math.max(0, now - this.#at) / 1000;
    this.#at = now;
    for (const each of ["messages", "bytes"] as const)
      this.#left[each] = Math.min(this.#rate[each], this.#left[each] + seconds * this.#rate[each]);
  }
}
