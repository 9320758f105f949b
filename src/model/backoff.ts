// How long to wait before the next attempt after a failure.

/** The longest wait, in ms. */
export const maxBackoff = 300_000;

/**
 * ms before attempt number `attempts` (from 1): 1 s, doubling, at most 5 minutes, less a random part of up to
 * a quarter. Without it, rooms that failed together would all try again in the same millisecond.
 * @param random from 0 to 1
 */
export const backoff = (attempts: number, random: number): number =>
  Math.round(Math.min(1000 * 2 ** Math.min(attempts - 1, 20), maxBackoff) * (1 - random / 4));
