// A token bucket allows its rate and a burst on top, never more, and returns how long to wait for tokens that
// are not available yet.

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { TokenBucket } from "../../src/model/token-bucket.ts";

const start = 1_000_000;

/** Take tokens if they are available. */
function take(bucket: TokenBucket, tokens: number, now: number): boolean {
  const available = bucket.has(tokens, now);
  if (available) bucket.take(tokens);
  return available;
}

describe("a token bucket", () => {
  test("[L1] is full at first: its whole capacity can be taken at once, and no more", () => {
    const bucket = new TokenBucket(10, 20, start);
    expect(bucket.has(21, start)).toBe(false);
    expect(take(bucket, 20, start)).toBe(true);
    expect(take(bucket, 1, start)).toBe(false);
    expect(take(bucket, 0, start)).toBe(true);
  });

  test("[L1] fills at its rate", () => {
    const bucket = new TokenBucket(10, 20, start);
    take(bucket, 20, start);
    expect(bucket.has(1, start + 99)).toBe(false);
    expect(bucket.has(1, start + 100)).toBe(true);
    expect(bucket.has(10, start + 999)).toBe(false);
    expect(bucket.has(10, start + 1000)).toBe(true);
  });

  test("[L1] never holds more than its capacity", () => {
    const bucket = new TokenBucket(10, 20, start);
    expect(bucket.has(20, start + 3_600_000)).toBe(true);
    expect(bucket.has(20.5, start + 7_200_000)).toBe(false);
  });

  test("[L1] is filled neither by checks nor by time that goes backwards", () => {
    const bucket = new TokenBucket(10, 20, start);
    take(bucket, 20, start);
    for (let look = 0; look < 1000; look++) expect(bucket.has(1, start + 99)).toBe(false);
    expect(bucket.has(1, start - 10_000)).toBe(false);
    expect(bucket.has(1, start + 99)).toBe(false);
    expect(bucket.has(1, start + 100)).toBe(true);
  });

  test("[L1] gives available tokens, and returns how long to wait for others", () => {
    const bucket = new TokenBucket(10, 20, start);
    expect(bucket.tryTake(15, start)).toBe(0);
    expect(bucket.tryTake(6, start)).toBe(100);
    expect(bucket.tryTake(5, start)).toBe(0); // the refusal took nothing
    expect(bucket.tryTake(1, start + 50)).toBe(50);
    expect(bucket.tryTake(1, start + 100)).toBe(0);
  });

  test("[L1] may fill at less than one token per second", () => {
    const bucket = new TokenBucket(0.1, 10, start);
    take(bucket, 10, start);
    expect(bucket.wait(1)).toBe(10_000);
    expect(bucket.has(1, start + 9999)).toBe(false);
    expect(bucket.has(1, start + 10_000)).toBe(true);
  });
});

const rates = fc.oneof(fc.integer({ min: 1, max: 1_000_000 }), fc.constantFrom(0.1, 0.5, 3));

const asked = fc.array(
  fc.record({ after: fc.nat(3000), tokens: fc.oneof(fc.constant(1), fc.nat(5000)) }),
  { minLength: 1, maxLength: 50, size: "max" },
);

test("[L1] in any period no more is taken than the capacity plus the rate times its length", () => {
  fc.assert(
    fc.property(rates, fc.integer({ min: 1, max: 10_000 }), asked, (rate, capacity, wanted) => {
      const bucket = new TokenBucket(rate, capacity, start);
      let now = start;
      const taken: { at: number; tokens: number }[] = [];
      for (const { after, tokens } of wanted) {
        now += after;
        if (take(bucket, tokens, now)) taken.push({ at: now, tokens });
      }
      for (const [first, { at }] of taken.entries()) {
        let sum = 0;
        for (const each of taken.slice(first)) {
          sum += each.tokens;
          expect(sum).toBeLessThanOrEqual(capacity + ((each.at - at) * rate) / 1000 + 1e-6);
        }
      }
    }),
  );
});

test("[L1] tokens are available after the returned wait, to the millisecond", () => {
  fc.assert(
    fc.property(rates, fc.integer({ min: 1, max: 10_000 }), asked, (rate, capacity, wanted) => {
      const bucket = new TokenBucket(rate, capacity, start);
      let now = start;
      for (const { after, tokens } of wanted) {
        now += after;
        if (tokens > capacity || take(bucket, tokens, now)) continue;
        const wait = bucket.wait(tokens);
        expect(wait).toBeGreaterThan(0);
        // Tokens are fractions: rounding may add or remove a millisecond.
        expect(bucket.has(tokens, now + wait - 2)).toBe(false);
        now += wait + 1;
        expect(take(bucket, tokens, now)).toBe(true);
      }
    }),
  );
});

test("[L1] there is no wait for available tokens", () => {
  const bucket = new TokenBucket(10, 20, start);
  expect([bucket.wait(0), bucket.wait(20)]).toEqual([0, 0]);
});
