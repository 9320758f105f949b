// Tracks when a room or a user was last active, with few writes. Storage holds a bound that lies up to a tenth of the
// timeout ahead; activity is written only when it passes that bound. A room that wakes knows only the bound and
// treats it as the last activity. A timeout may therefore end up to a tenth late, but never early. (Rule T4; leases of
// users work the same way, rule U7.)

export type ActivityWatermark = {
  /** Epoch ms of the last known activity. */
  readonly at: number;
  /** Epoch ms of the bound in storage: never before `at` while the timeout is running. */
  readonly until: number;
};

/** A watermark at exactly this time, for activity that is written to storage anyway. */
export const exactWatermark = (now: number): ActivityWatermark => ({ at: now, until: now });

/** The watermark of a room that has just woken, from the bound in storage. */
export const watermarkFromStorage = (until: number): ActivityWatermark => ({ at: until, until });

/**
 * Record activity. Write the result to storage if its `until` has changed.
 * @param timeout ms
 * @param waiting whether the timeout is running. If it is not, for example in a room with users, the bound may lag a
 * tenth behind instead: it then only records when the last activity was.
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

/** Epoch ms at which the timeout ends. */
export const deadline = (watermark: ActivityWatermark, timeout: number): number =>
  watermark.at + timeout;
