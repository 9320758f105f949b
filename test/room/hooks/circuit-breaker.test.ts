// The circuit breaker of a hook that hangs, by itself: it opens after two timeouts in a row, and then allows one probe
// at a time.

import { describe, expect, test } from "vitest";
import { CircuitBreaker } from "../../../src/room/hooks/circuit-breaker.ts";

const timeout = 5000;

/** A breaker that opened at 1,000, after two calls that timed out. */
function open(): CircuitBreaker {
  const breaker = new CircuitBreaker();
  for (let calls = 0; calls < 2; calls++) {
    expect(breaker.allow(1000)).toBe(true);
    breaker.timedOut(1000, timeout);
  }
  return breaker;
}

describe("calls of a hook", () => {
  test("[B6] are made as long as they end in time, however many are in progress", () => {
    const breaker = new CircuitBreaker();
    for (let calls = 0; calls < 10; calls++) expect(breaker.allow(1000)).toBe(true);
    breaker.answered();
    expect(breaker.allow(1000)).toBe(true);
  });

  test("[B6] are made after a single timeout, and an answer resets the count", () => {
    const breaker = new CircuitBreaker();
    for (let times = 0; times < 5; times++) {
      expect(breaker.allow(1000)).toBe(true);
      breaker.timedOut(1000, timeout);
      expect(breaker.allow(1000)).toBe(true);
      breaker.answered();
    }
  });

  test("[B6] are blocked after two timeouts in a row, for the duration of a call", () => {
    const breaker = open();
    expect([1000, 3000, 5999].map((now) => breaker.allow(now))).toEqual([false, false, false]);
    expect(breaker.allow(6000)).toBe(true);
  });

  test("[B6] resume once a probe has ended in time, and until then the probe is the only call", () => {
    const breaker = open();
    expect([6000, 6000, 900_000].map((now) => breaker.allow(now))).toEqual([true, false, false]);
    breaker.answered();
    for (let calls = 0; calls < 3; calls++) expect(breaker.allow(6000)).toBe(true);
    // The breaker opens only after two timeouts again.
    breaker.timedOut(6000, timeout);
    expect(breaker.allow(6000)).toBe(true);
  });

  test("[B6] are probed at growing intervals, up to a minute", () => {
    const breaker = open();
    const delays: number[] = [];
    for (let now = 1000; delays.length < 7;) {
      const delay = [5000, 10_000, 20_000, 40_000, 60_000].find((ms) => breaker.allow(now + ms));
      if (delay === undefined) return expect.unreachable();
      delays.push(delay);
      now += delay;
      breaker.timedOut(now, timeout);
    }
    expect(delays).toEqual([5000, 10_000, 20_000, 40_000, 60_000, 60_000, 60_000]);
  });
});
