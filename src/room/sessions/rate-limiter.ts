// How much a session may send (rule L1), and how many mistakes it may make (rule W3).

import type { Limits } from "../../protocol/limits.ts";
import { TokenBucket } from "../../model/token-bucket.ts";

export class RateLimiter {
  readonly #messages: TokenBucket;
  readonly #bytes: TokenBucket;
  /** Messages beyond the rate that are answered before the session is closed. */
  readonly #excess: TokenBucket;
  /** Bytes beyond the rate that are tolerated before the session is closed. */
  readonly #excessBytes: TokenBucket;
  /** Bad frames that are answered before the session is closed. */
  readonly #mistakes: TokenBucket;

  constructor({ messagesPerSecond, bytesPerSecond, frameBytes }: Limits, now: number) {
    this.#messages = new TokenBucket(messagesPerSecond, 2 * messagesPerSecond, now);
    this.#bytes = new TokenBucket(bytesPerSecond, Math.max(2 * bytesPerSecond, frameBytes), now);
    this.#excess = new TokenBucket(4 * messagesPerSecond, 10 * messagesPerSecond, now);
    const burst = Math.max(10 * bytesPerSecond, 10 * frameBytes);
    this.#excessBytes = new TokenBucket(4 * bytesPerSecond, burst, now);
    this.#mistakes = new TokenBucket(0.1, 10, now);
  }

  /** Admit a frame of this size. @returns ms until it would be admitted, 0 if it is */
  admitBytes(bytes: number, now: number): number {
    return this.#bytes.tryTake(bytes, now);
  }

  /** Admit a message. @returns ms until it would be admitted, 0 if it is */
  admitMessage(now: number): number {
    return this.#messages.tryTake(1, now);
  }

  /** A message has cost as much as this many more: the session must wait for them. */
  charge(messages: number): void {
    this.#messages.take(messages);
  }

  /** Count a message beyond the rate. @returns false if there have been too many */
  tolerateExcess(now: number): boolean {
    return this.#excess.tryTake(1, now) === 0;
  }

  /** Count a frame beyond the byte rate. @returns false if there have been too many bytes */
  tolerateExcessBytes(bytes: number, now: number): boolean {
    return this.#excessBytes.tryTake(bytes, now) === 0;
  }

  /** Count a bad frame. @returns false if there have been too many */
  tolerateMistake(now: number): boolean {
    return this.#mistakes.tryTake(1, now) === 0;
  }
}
