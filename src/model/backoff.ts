// Exponential backoff: how long to wait before the next attempt after a failure.

/** The longest wait, in ms. */
export const maxBackoff = 300_000;

/**
 * ms to wait after `attempts` failures (from 1): 1 s, doubling, at most 5 minutes, minus a random part of up to a
 * quarter. Without the random part, rooms that failed together would all retry at the same moment.
 * @param random from 0 to 1
 */
export const backoff = (attempts: number, random: number): number =>
  Math.round(Math.min(1000 * 2 ** Math.min(attempts - 1, 20), maxBackoff) * (1 - random / 4));
