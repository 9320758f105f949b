// Activity is recorded exactly in memory and rarely in storage. A room that has lost its memory never ends a
// timeout early, and at most a tenth late.

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  advanceWatermark,
  deadline,
  exactWatermark,
  watermarkFromStorage,
} from "../../src/model/activity-watermark.ts";

const timeout = 1000;

describe("activity while the timeout is running", () => {
  test("[T4] moves the bound a tenth of the timeout ahead when it passes it", () => {
    expect(advanceWatermark(exactWatermark(5000), 5001, timeout)).toEqual({
      at: 5001,
      until: 5101,
    });
  });

  test("[T4] is remembered within the bound and does not move the bound", () => {
    const watermark = advanceWatermark(exactWatermark(5000), 5001, timeout);
    expect(advanceWatermark(watermark, 5101, timeout)).toEqual({ at: 5101, until: 5101 });
    expect(advanceWatermark(watermark, 5102, timeout)).toEqual({ at: 5102, until: 5202 });
  });

  test("[T1] with an earlier time changes nothing", () => {
    expect(advanceWatermark({ at: 5000, until: 5100 }, 4000, timeout)).toEqual({
      at: 5000,
      until: 5100,
    });
  });

  test("[T2] ends one timeout later", () => {
    expect(deadline(advanceWatermark(exactWatermark(5000), 5050, timeout), timeout)).toBe(6050);
  });
});

describe("activity while no timeout is running", () => {
  test("[T4] moves the bound only when it lags a tenth of the timeout behind", () => {
    const watermark = advanceWatermark(exactWatermark(5000), 5100, timeout, false);
    expect(watermark).toEqual({ at: 5100, until: 5000 });
    expect(advanceWatermark(watermark, 5101, timeout, false)).toEqual({ at: 5101, until: 5101 });
  });
});

describe("after a loss of memory", () => {
  test("[T4, R6] the bound counts as the last activity", () => {
    expect(watermarkFromStorage(5100)).toEqual({ at: 5100, until: 5100 });
    expect(deadline(watermarkFromStorage(5100), timeout)).toBe(6100);
  });

  test("[T4, R6] the timeout ends at most a tenth late and never early, whenever the loss occurs", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 100_000 }),
        fc.array(fc.record({ after: fc.nat(30_000), lost: fc.boolean() }), { minLength: 1 }),
        (limit, signs) => {
          let now = 1_000_000;
          let watermark = exactWatermark(now);
          let last = now;
          for (const { after, lost } of signs) {
            if (lost) watermark = watermarkFromStorage(watermark.until);
            now += after;
            last = now;
            watermark = advanceWatermark(watermark, now, limit);
            const cold = deadline(watermarkFromStorage(watermark.until), limit);
            expect(cold).toBeGreaterThanOrEqual(last + limit);
            expect(cold).toBeLessThanOrEqual(last + limit + limit / 10);
          }
        },
      ),
    );
  });

  test("[T4] constant activity is written at most once per tenth of the timeout", () => {
    let watermark = exactWatermark(0);
    let writes = 0;
    for (let now = 1; now <= 10_000; now++) {
      const next = advanceWatermark(watermark, now, timeout);
      if (next.until !== watermark.until) writes++;
      watermark = next;
    }
    expect(writes).toBe(100);
  });
});
