// A token bucket: limits the sustained rate and allows bursts (rule L1). The time is passed in.

/** Tolerance for sums of fractional tokens, which may be slightly below a whole number. */
const rounding = 1e-6;

export class TokenBucket {
  readonly #rate: number;
  readonly #capacity: number;
  #tokens: number;
  #at: number;

  /**
   * @param rate tokens per second
   * @param capacity the maximum number of tokens that can be taken at once
   * @param now epoch ms
   */
  constructor(rate: number, capacity: number, now: number) {
    this.#rate = rate;
    this.#capacity = capacity;
    this.#tokens = capacity;
    this.#at = now;
  }

  /** Take tokens if they are available. @returns 0, or the ms (at least 1) until they are available */
  tryTake(tokens: number, now: number): number {
    if (!this.has(tokens, now)) return Math.max(1, this.wait(tokens));
    this.take(tokens);
    return 0;
  }

  /** Whether this many tokens are available. */
  has(tokens: number, now: number): boolean {
    this.#fill(now);
    return this.#tokens + rounding >= tokens;
  }

  /** Take tokens even if they are not available yet. Later ones then take longer to become available. */
  take(tokens: number): void {
    this.#tokens -= tokens;
  }

  /** ms until this many tokens are available. */
  wait(tokens: number): number {
    return Math.max(0, Math.ceil(((tokens - this.#tokens) * 1000) / this.#rate));
  }

  #fill(now: number): void {
    if (now <= this.#at) return;
    this.#tokens = Math.min(this.#capacity, this.#tokens + ((now - this.#at) * this.#rate) / 1000);
    this.#at = now;
  }
}
