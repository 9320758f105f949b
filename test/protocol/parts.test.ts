// Frames in parts (rule N3): each below the limit on the wire, none cut inside a character, and together the frame.

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  isDivided,
  maxPartBytes,
  PartReader,
  partsOf,
  piecesOf,
} from "../../src/protocol/parts.ts";

const bytes = (text: string): number => new TextEncoder().encode(text).length;

function readAll(frames: readonly string[]): string | null {
  const reader = new PartReader();
  let whole: string | null = null;
  for (const frame of frames) {
    expect(bytes(frame)).toBeLessThanOrEqual(maxPartBytes);
    whole = reader.take(JSON.parse(frame) as Parameters<PartReader["take"]>[0]);
  }
  return whole;
}

describe("a frame in parts", () => {
  test.each([
    ["plain text", "x".repeat(1_000_000)],
    ["text that JSON escapes", '"\\\n'.repeat(300_000)],
    ["text that JSON escapes at length", "\u0001".repeat(500_000)],
    ["text of three bytes", "€".repeat(400_000)],
    ["characters of two units", "😀".repeat(300_001)],
    ["characters of two units, shifted by one", `x${"😀".repeat(300_001)}`],
    ["halves of characters", "\ud83d".repeat(300_000)],
  ])("[N3] is below the limit in each, and whole again: %s", (_, text) => {
    const parts = partsOf(piecesOf(text));
    expect(parts.length).toBeGreaterThan(1);
    expect(readAll(parts)).toBe(text);
  });

  test("[N3] is whole again, whatever it is made of", () => {
    const texts = fc
      .array(fc.tuple(fc.string({ unit: "binary", minLength: 1, maxLength: 20 }), fc.nat(20_000)), {
        maxLength: 5,
      })
      .map((runs) => runs.map(([text, times]) => text.repeat(times)).join(""));
    fc.assert(
      fc.property(texts, (text) => {
        if (text !== "") expect(readAll(partsOf(piecesOf(text)))).toBe(text);
      }),
      { numRuns: 60 },
    );
  });

  test("[N3] is divided only if it is longer than the limit", () => {
    expect(isDivided("x".repeat(maxPartBytes))).toBe(false);
    expect(isDivided("x".repeat(maxPartBytes + 1))).toBe(true);
    expect(isDivided("€".repeat(maxPartBytes / 3))).toBe(false);
    expect(isDivided("€".repeat(maxPartBytes / 3 + 1))).toBe(true);
  });

  test("[N3] of which one is missing is no frame", () => {
    const [first, , third] = partsOf(piecesOf("x".repeat(300_000))).map(
      (text) => JSON.parse(text) as Parameters<PartReader["take"]>[0],
    );
    const reader = new PartReader();
    expect(reader.take(first as never)).toBeNull();
    expect(() => reader.take(third as never)).toThrow(RangeError);
  });
});
