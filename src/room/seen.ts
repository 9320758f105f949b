// When something was last seen alive, kept cheaply: a sign of life is written to storage only when it
// falls after a bound that was written before, and the bound runs a tenth of the timeout ahead.
// A cold room knows the bound alone and takes it for the last sign of life: it may end a wait up to a
// tenth of the timeout late, never early. (Rule T4; leases of users work the same way, rule U7.)

export type Seen = {
  /** Epoch ms of the last sign of life, as far as this instance knows. */
  readonly at: number;
  /** Epoch ms that storage holds: not before `at` while the wait counts. */
  readonly until: number;
};

/** Seen at this moment exactly: for moments that are written anyway. */
export const seenExactly = (now: number): Seen => ({ at: now, until: now });

/** What a cold room makes of the bound it finds in storage. */
export const seenFromStorage = (until: number): Seen => ({ at: until, until });

/**
 * A sign of life. Write the outcome to storage when its `until` is another one than before.
 * @param waiting whether the wait for the next sign counts. While it does not (a room with users in it
 * never stops), the bound may lag a tenth behind instead: it then only says when something was last seen.
 */
export function seeAgain(seen: Seen, now: number, timeout: number, waiting = true): Seen {
  const at = Math.max(seen.at, now);
  const tenth = Math.floor(timeout / 10);
  if (waiting) return { at, until: at <= seen.until ? seen.until : at + tenth };
  return { at, until: at <= seen.until + tenth ? seen.until : at };
}

/** Epoch ms at which the wait for a sign of life ends. */
export const deadline = (seen: Seen, timeout: number): number => seen.at + timeout;
