// How long a client waits before it reconnects.

import { expect, test } from "vitest";
import { backOff } from "../../../src/client/connection/back-off.ts";

test("[C5] the maximum wait starts at 0.3 s, doubles with each attempt, and is capped at 10 s", () => {
  const waits = [1, 2, 3, 4, 5, 6, 7, 1000, 5000].map((attempt) => backOff(attempt, 1));
  expect(waits).toEqual([300, 600, 1200, 2400, 4800, 9600, 10_000, 10_000, 10_000]);
});

test("[C5] the wait is a random share of the maximum, but never so short that attempts loop", () => {
  expect(backOff(3, 0.5)).toBe(600);
  expect(backOff(7, 0.1)).toBe(1000);
  expect(backOff(1, 0.3333)).toBe(100);
  expect(backOff(7, 0)).toBe(50);
});
