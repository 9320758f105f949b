// How long to wait before the next attempt after a failure.

/** ms to wait after this many failed attempts: 1 s after the first, then doubling up to 5 minutes. */
export const backoff = (attempts: number): number =>
  Math.min(1000 * 2 ** Math.min(attempts - 1, 20), 300_000);
