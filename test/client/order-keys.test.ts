// An order key sorts between the two keys it was made for, at any place and any number of times, and stays short.

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { between, isOrderKey } from "../../src/client/order-keys.ts";
import { runs } from "../support/runs.ts";

const ratio = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });

/** Items inserted into a list one after another: the place, and the output of the random source. */
const insertions = fc.array(fc.tuple(fc.oneof(fc.constantFrom(0, 0.5, 0.9999), ratio), ratio), {
  maxLength: 200,
  size: "max",
});

/** A random source that repeats these numbers. */
function saying(...numbers: readonly number[]): () => number {
  let at = 0;
  return () => numbers[at++ % numbers.length] as number;
}

const evenly = saying(0.31, 0.77, 0.05, 0.93, 0.5, 0.12, 0.68);

function insertAt(keys: string[], index: number, random: () => number): void {
  keys.splice(index, 0, between(keys[index - 1] ?? null, keys[index] ?? null, random));
}

const longest = (keys: readonly string[]): number => Math.max(...keys.map((key) => key.length));

describe("[C1] an order key", () => {
  test("sorts between the two keys it was made for, and is a valid order key itself", () => {
    fc.assert(
      fc.property(insertions, (all) => {
        const keys: string[] = [];
        for (const [place, random] of all)
          insertAt(keys, Math.floor(place * (keys.length + 1)), () => random);
        expect(keys).toEqual(keys.toSorted());
        expect(new Set(keys).size).toBe(keys.length);
        expect(keys.every(isOrderKey)).toBe(true);
      }),
      { numRuns: runs(500) },
    );
  });

  test("is deterministic for a given random source", () => {
    fc.assert(
      fc.property(insertions, (all) => {
        const [first, second] = [0, 1].map(() => {
          const keys: string[] = [];
          for (const [place, random] of all)
            insertAt(keys, Math.floor(place * (keys.length + 1)), () => random);
          return keys;
        });
        expect(first).toEqual(second);
      }),
      { numRuns: runs(100) },
    );
  });

  test("has a fixed format, so that stored lists keep their order", () => {
    const first = between(null, null, () => 0);
    expect(first).toBe("V00");
    expect(between(first, null, () => 0)).toBe("V01");
    expect(between(null, first, () => 0)).toBe("Uzz");
    expect(between(first, "V01", () => 0)).toBe("V00V00");
    expect(between("yzz", null, () => 0)).toBe("z0000");
    expect(between(null, "100", () => 0)).toBe("0zzzz");
  });

  test("differs from a key made at the same place with another random number", () => {
    const keys = Array.from({ length: 100 }, (_, at) => between("V00", null, () => at / 100));
    expect(new Set(keys).size).toBe(100);
  });
});

describe("[C1] a list that grows", () => {
  test.each([
    ["at its end", (keys: readonly string[]) => keys.length],
    ["at its front", () => 0],
  ])("%s has keys of seven characters after ten thousand items", (_where, indexOf) => {
    const keys: string[] = [];
    for (let count = 0; count < 10_000; count++) insertAt(keys, indexOf(keys), evenly);
    expect(keys).toEqual(keys.toSorted());
    expect(longest(keys)).toBeLessThanOrEqual(7);
  });

  test("has short keys if each item is inserted after the previous one, in the middle", () => {
    const keys = ["V00", "V01"];
    for (let count = 1; count <= 1000; count++) insertAt(keys, count, evenly);
    expect(longest(keys)).toBeLessThanOrEqual(11);
  });

  test("has short keys if items are inserted at random places", () => {
    const keys: string[] = [];
    fc.sample(ratio, { numRuns: 1000, seed: 7 }).forEach((place) =>
      insertAt(keys, Math.floor(place * (keys.length + 1)), evenly),
    );
    expect(keys).toEqual(keys.toSorted());
    expect(longest(keys)).toBeLessThanOrEqual(15);
  });

  test("has keys that grow by less than half a character if items always go between the last two", () => {
    let [low, high] = [between(null, null, evenly), between("V00", null, evenly)].toSorted() as [
      string,
      string,
    ];
    for (let count = 0; count < 1000; count++) {
      const key = between(low, high, evenly);
      if (count % 2 === 0) low = key;
      else high = key;
    }
    expect(low.length).toBeLessThan(500);
  });

  test("still gets new keys beyond the outermost integers", () => {
    const [last, first] = ["zzzzzyzzzzzzz", "0000010000001"];
    expect([last, first].every(isOrderKey)).toBe(true);
    const beyond = between(last, null, () => 0);
    expect(beyond > last).toBe(true);
    expect(between(beyond, null, () => 0) > beyond).toBe(true);
    let front = first;
    for (let count = 0; count < 10; count++) {
      const before = between(null, front, () => 0.999);
      expect(before < front).toBe(true);
      expect(isOrderKey(before)).toBe(true);
      front = before;
    }
  });
});

describe("[C1] a value that is not an order key", () => {
  test("is recognised, whatever it is", () => {
    const outermost = "0000010000000";
    for (const value of ["", "V", "V0", "V000", "V0-", "zz", "V00Ä00", outermost, null, 7, {}])
      expect(isOrderKey(value), String(value)).toBe(false);
    fc.assert(
      fc.property(fc.string(), (text) => {
        if (!isOrderKey(text)) expect(() => between(text, null)).toThrow(RangeError);
        else expect(between(text, null) > text).toBe(true);
      }),
      { numRuns: runs(500) },
    );
  });

  test("is refused, and so are two keys in the wrong order", () => {
    expect(() => between("V", null)).toThrow(RangeError);
    expect(() => between(null, "")).toThrow(RangeError);
    expect(() => between("V01", "V01")).toThrow(RangeError);
    expect(() => between("V02", "V01")).toThrow(RangeError);
  });
});
