// How long to wait before trying again what failed.

/** ms before attempt number `attempts` (from 1): 1 s, doubling, at most 5 minutes. */
export const backoff = (attempts: number): number =>
  Math.min(1000 * 2 ** Math.min(attempts - 1, 20), 300_000);
