// Limits have the defaults of rule S9 unless a behaviour sets others, and no setting may exceed what the
// platform allows.

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { defaultLimits, resolveLimits, type Limits } from "../../src/protocol/limits.ts";

const MiB = 1024 * 1024;
const caps: Limits = {
  stateBytes: 8 * MiB,
  stateDepth: 256,
  patchOperations: 100_000,
  frameBytes: 8 * MiB,
  messagesPerSecond: 1_000_000,
  bytesPerSecond: 1024 * MiB,
};
const names = Object.keys(caps) as (keyof Limits)[];

test("[S9, L1] the defaults are 1 MiB of state, depth 64, 1,000 operations and frames of 256 KiB", () => {
  const expected = {
    stateBytes: MiB,
    stateDepth: 64,
    patchOperations: 1000,
    frameBytes: MiB / 4,
    messagesPerSecond: 100,
    bytesPerSecond: MiB / 2,
  };
  expect(resolveLimits()).toEqual(expected);
  expect(resolveLimits({})).toEqual(expected);
});

test("[S9] settings up to the caps are used, and the others keep their defaults", () => {
  const settings = fc.record(
    {
      stateBytes: fc.integer({ min: 1, max: caps.stateBytes }),
      stateDepth: fc.integer({ min: 1, max: caps.stateDepth }),
      patchOperations: fc.integer({ min: 1, max: caps.patchOperations }),
      frameBytes: fc.integer({ min: 1, max: caps.frameBytes }),
    },
    { requiredKeys: [] },
  );
  fc.assert(
    fc.property(settings, (given) => {
      expect(resolveLimits(given)).toEqual({ ...defaultLimits, ...given });
    }),
  );
});

describe.each(names)("%s", (name) => {
  test("[S9] may be anything from 1 to its cap", () => {
    expect(resolveLimits({ [name]: 1 })[name]).toBe(1);
    expect(resolveLimits({ [name]: caps[name] })[name]).toBe(caps[name]);
  });

  test.each([0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY, caps[name] + 1, "64", null, 1n])(
    "[S9] is refused with its name, its cap and the value %s",
    (value) => {
      const settings = { [name]: value } as Partial<Limits>;
      const message = `limits.${name} must be a whole number from 1 to ${caps[name]}, got ${value}`;
      expect(() => resolveLimits(settings)).toThrow(new RangeError(message));
    },
  );
});

test.each(["stateByte", "toString", "__proto__"])(
  "[S9] the unknown limit %s is refused",
  (name) => {
    const settings = JSON.parse(`{"${name}":1}`) as Partial<Limits>;
    expect(() => resolveLimits(settings)).toThrow(
      new RangeError(`limits.${name} does not exist: use ${names.join(", ")}`),
    );
  },
);

test("resolving limits does not change the defaults", () => {
  const before = structuredClone(defaultLimits);
  resolveLimits({ stateBytes: 5 });
  expect(defaultLimits).toEqual(before);
});
