// When something was last seen alive, kept cheaply: a sign of life is written to storage only when it
// falls after a bound that was written before, and the bound runs a tenth of the timeout ahead.
// A cold room knows the bound alone and takes it for the last sign of life: it may end a wait up to a
// tenth of the timeout late, never early. (Rule T4; leases of users work the same way, rule U7.)

export type Seen = {
  /** Epoch ms of the last sign of life, as far as this instance knows. */
  readonly at: number;
  /** Epoch ms that storage holds: never before `at`. */
  readonly until: number;
};

/** Seen at this moment exactly: for moments that are written anyway. */
export const seenExactly = (now: number): Seen => ({ at: now, until: now });

/** What a cold room makes of the bound it finds in storage. */
export const seenFromStorage = (until: number): Seen => ({ at: until, until });

/** A sign of life. Write the outcome to storage when its `until` is another one than before. */
export function seeAgain(seen: Seen, now: number, timeout: number): Seen {
  const at = Math.max(seen.at, now);
  return { at, until: at <= seen.until ? seen.until : at + Math.floor(timeout / 10) };
}

/** Epoch ms at which the wait for a sign of life ends. */
export const deadline = (seen: Seen, timeout: number): number => seen.at + timeout;
