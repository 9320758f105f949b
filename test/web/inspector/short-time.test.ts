// Times in the rows of the timeline, of a room that may have run for days.

import { expect, test } from "vitest";
import { shortTime } from "../../../web/src/inspector/common/short-time.ts";

const now = new Date(2026, 10, 28, 0, 30).getTime();
const at = (...parts: [number, number, number]): string =>
  new Date(2026, 10, ...parts).toISOString();

test("a time of today has its seconds", () => {
  expect(shortTime(at(28, 0, 5), now)).toBe("00:05:00");
});

test("a time of another day has that day, however short it is ago", () => {
  expect(shortTime(at(27, 23, 59), now)).toBe("Nov 27, 23:59");
});
