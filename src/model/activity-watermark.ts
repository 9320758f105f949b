// When something was last active, kept cheaply: a sign of life is written to storage only when it falls
// after a bound that was written before, and the bound runs a tenth of the timeout ahead. A room that has
// just woken knows the bound alone and takes it for the last sign of life: it may end a wait up to a tenth
// of the timeout late, never early. (Rule T4; the leases of users work the same way, rule U7.)

export type ActivityWatermark = {
  /** Epoch ms of the last sign of life, as far as this instance knows. */
  readonly at: number;
  /** Epoch ms that storage holds: not before `at` while the wait counts. */
  readonly until: number;
};

/** Active at this moment exactly: for moments that are written in any case. */
export const exactWatermark = (now: number): ActivityWatermark => ({ at: now, until: now });

/** What a room that has just woken makes of the bound it finds in storage. */
export const watermarkFromStorage = (until: number): ActivityWatermark => ({ at: until, until });

/**
 * A sign of life. Write the outcome to storage when its `until` differs from the one before.
 * @param waiting whether the wait for the next sign counts. While it does not (a room with users in it
 * never stops), the bound may lag a tenth behind instead: it then only says when something last happened.
 */
export function advanceWatermark(
  watermark: ActivityWatermark,
  now: number,
  timeout: number,
  waiting = true,
): ActivityWatermark {
  const at = Math.max(watermark.at, now);
  const tenth = Math.floor(timeout / 10);
  if (waiting) return { at, until: at <= watermark.until ? watermark.until : at + tenth };
  return { at, until: at <= watermark.until + tenth ? watermark.until : at };
}

/** Epoch ms at which the wait for a sign of life ends. */
export const deadline = (watermark: ActivityWatermark, timeout: number): number =>
  watermark.at + timeout;
