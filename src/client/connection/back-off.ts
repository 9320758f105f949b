// How long to wait before the next attempt. Clients that were cut off together must not come back together.

const firstWait = 300;
const longestWait = 10_000;
/** An address that cannot be reached at all must not be tried in a tight loop. */
const shortestWait = 50;

/**
 * ms before attempt number `attempt` (from 1): any part of a wait that begins at 0.3 s and doubles up to 10 s.
 * @param random from 0 to 1
 */
export const backOff = (attempt: number, random: number): number =>
  Math.max(
    shortestWait,
    Math.round(Math.min(firstWait * 2 ** (attempt - 1), longestWait) * random),
  );
