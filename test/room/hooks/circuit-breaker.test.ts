// What keeps a hook that hangs from being called, by itself: two time-outs in a row, then one probe at a time.

import { describe, expect, test } from "vitest";
import { CircuitBreaker } from "../../../src/room/hooks/circuit-breaker.ts";

const timeout = 5000;

/** A breaker that has let two calls through, which have timed out at 1,000. */
function open(): CircuitBreaker {
  const breaker = new CircuitBreaker();
  for (let calls = 0; calls < 2; calls++) {
    expect(breaker.allow(1000)).toBe(true);
    breaker.timedOut(1000, timeout);
  }
  return breaker;
}

describe("calls of a hook", () => {
  test("[B6] are made as long as they end in time, however many are under way", () => {
    const breaker = new CircuitBreaker();
    for (let calls = 0; calls < 10; calls++) expect(breaker.allow(1000)).toBe(true);
    breaker.answered();
    expect(breaker.allow(1000)).toBe(true);
  });

  test("[B6] are made after one time-out, and time-outs with an answer between them are not in a row", () => {
    const breaker = new CircuitBreaker();
    for (let times = 0; times < 5; times++) {
      expect(breaker.allow(1000)).toBe(true);
      breaker.timedOut(1000, timeout);
      expect(breaker.allow(1000)).toBe(true);
      breaker.answered();
    }
  });

  test("[B6] are not made after two time-outs in a row, until the time of a call has passed", () => {
    const breaker = open();
    expect([1000, 3000, 5999].map((now) => breaker.allow(now))).toEqual([false, false, false]);
    expect(breaker.allow(6000)).toBe(true);
  });

  test("[B6] are made again once the probe has ended in time; until then it is the only one", () => {
    const breaker = open();
    expect([6000, 6000, 900_000].map((now) => breaker.allow(now))).toEqual([true, false, false]);
    breaker.answered();
    for (let calls = 0; calls < 3; calls++) expect(breaker.allow(6000)).toBe(true);
    // It takes two time-outs again.
    breaker.timedOut(6000, timeout);
    expect(breaker.allow(6000)).toBe(true);
  });

  test("[B6] are probed later each time, to a minute", () => {
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
