// After each failure the wait before the next attempt doubles, up to five minutes.

import { expect, test } from "vitest";
import { backoff } from "../../src/model/backoff.ts";

test("[S8, D3] the wait starts at one second and doubles", () => {
  expect([1, 2, 3, 4, 5].map(backoff)).toEqual([1000, 2000, 4000, 8000, 16_000]);
});

test("[S8, D3] the wait never exceeds five minutes", () => {
  expect([9, 10, 100, 5000, Number.MAX_SAFE_INTEGER].map(backoff)).toEqual([
    256_000, 300_000, 300_000, 300_000, 300_000,
  ]);
});
