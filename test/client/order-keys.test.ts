// Order keys sort between those that they were made between, wherever and however often that is, and stay short.

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { between, isOrderKey } from "../../src/client/order-keys.ts";
import { runs } from "../support/runs.ts";

const ratio = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });

/** Items put into a list one after another: where, and what the random source says. */
const insertions = fc.array(fc.tuple(fc.oneof(fc.constantFrom(0, 0.5, 0.9999), ratio), ratio), {
  maxLength: 200,
  size: "max",
});

/** A source that says these numbers over and over. */
function saying(...numbers: readonly number[]): () => number {
  let at = 0;
  return () => numbers[at++ % numbers.length] as number;
}

const evenly = saying(0.31, 0.77, 0.05, 0.93, 0.5, 0.12, 0.68);

function insertAt(keys: string[], index: number, random: () => number): void {
  keys.splice(index, 0, between(keys[index - 1] ?? null, keys[index] ?? null, random));
}

const longest = (keys: readonly string[]): number => Math.max(...keys.map((key) => key.length));

describe("[C1] a key", () => {
  test("sorts between the two that it was made between, and is an order key itself", () => {
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

  test("is the same each time with the same random source", () => {
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

  test("is written as it is, so that stored lists keep their order", () => {
    const first = between(null, null, () => 0);
    expect(first).toBe("V00");
    expect(between(first, null, () => 0)).toBe("V01");
    expect(between(null, first, () => 0)).toBe("Uzz");
    expect(between(first, "V01", () => 0)).toBe("V00V00");
    expect(between("yzz", null, () => 0)).toBe("z0000");
    expect(between(null, "100", () => 0)).toBe("0zzzz");
  });

  test("differs from one that was made at the same place with another random number", () => {
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

  test("always behind the item before it, in its middle, has short keys", () => {
    const keys = ["V00", "V01"];
    for (let count = 1; count <= 1000; count++) insertAt(keys, count, evenly);
    expect(longest(keys)).toBeLessThanOrEqual(11);
  });

  test("at random places has short keys", () => {
    const keys: string[] = [];
    fc.sample(ratio, { numRuns: 1000, seed: 7 }).forEach((place) =>
      insertAt(keys, Math.floor(place * (keys.length + 1)), evenly),
    );
    expect(keys).toEqual(keys.toSorted());
    expect(longest(keys)).toBeLessThanOrEqual(15);
  });

  test("always between the last two items has keys that grow by less than a character for two items", () => {
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

  test("goes on beyond the outermost numbers", () => {
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

describe("[C1] what is not an order key", () => {
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

  test("is refused, like two keys in the wrong order", () => {
    expect(() => between("V", null)).toThrow(RangeError);
    expect(() => between(null, "")).toThrow(RangeError);
    expect(() => between("V01", "V01")).toThrow(RangeError);
    expect(() => between("V02", "V01")).toThrow(RangeError);
  });
});
