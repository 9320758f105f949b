// A duration that a caller chooses is a whole number of milliseconds, from 1 to a year.

import { expect, test } from "vitest";
import { CollabError } from "../../src/protocol/errors.ts";
import { checkDuration, maxDuration } from "../../src/model/duration.ts";

test.each([1, 60_000, maxDuration])("[T2, U7] %d ms is accepted", (ms) => {
  expect(() => checkDuration("ttl", ms)).not.toThrow();
});

const bad: unknown[] = [
  0,
  -1,
  1.5,
  maxDuration + 1,
  Number.NaN,
  Infinity,
  "1000",
  null,
  undefined,
  [5],
  1n,
];

test.each(bad)("[T2, U7] %s is refused, and the error names the option", (ms) => {
  const check = (): void => checkDuration("ttl", ms as number);
  expect(check).toThrow(CollabError);
  expect(check).toThrow(
    expect.objectContaining({
      code: "invalid_request",
      message: expect.stringMatching(
        /^ttl must be a whole number of milliseconds from 1 to 31536000000, got .+\.$/,
      ),
    }),
  );
});
