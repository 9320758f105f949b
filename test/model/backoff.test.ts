// After each failure the wait before the next attempt doubles, up to five minutes.

import { expect, test } from "vitest";
import { backoff } from "../../src/model/backoff.ts";

test("[S8, D3] the wait starts at one second and doubles", () => {
  expect([1, 2, 3, 4, 5].map((attempts) => backoff(attempts, 0))).toEqual([
    1000, 2000, 4000, 8000, 16_000,
  ]);
});

test("[S8, D3] the wait never exceeds five minutes", () => {
  expect(
    [9, 10, 100, 5000, Number.MAX_SAFE_INTEGER].map((attempts) => backoff(attempts, 0)),
  ).toEqual([256_000, 300_000, 300_000, 300_000, 300_000]);
});

test("[S8, D3] the wait is shorter by a random part of up to a quarter: not all try at once", () => {
  expect([0, 0.5, 1].map((random) => backoff(3, random))).toEqual([4000, 3500, 3000]);
});
