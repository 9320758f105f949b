// The sample of people by itself: who is in it, for how long, and who gives way.

import { describe, expect, test } from "vitest";
import { maxSample, Sample, stillTime } from "../../src/model/sample.ts";

const everybody = (): boolean => true;

const ids = (from: number, to: number): string[] =>
  Array.from({ length: to - from }, (_, n) => `user-${from + n}`);

const sorted = (users: readonly string[]): string[] => users.toSorted();

function filled(at = 0): Sample {
  const sample = new Sample();
  for (const id of ids(0, maxSample)) sample.markMoved(id, at);
  sample.choose(at, everybody);
  return sample;
}

describe("a sample", () => {
  test("[N1] has the last who were active, if there were more than it holds", () => {
    const sample = new Sample();
    for (const [at, id] of ids(0, 100).entries()) sample.markMoved(id, at);
    expect(sample.choose(100, everybody).toSorted()).toEqual(ids(68, 100).toSorted());
  });

  test("[N1] keeps everybody who was active within 5 s", () => {
    const sample = filled(1000);
    sample.markMoved("late", 1000 + stillTime - 1);
    expect(sorted(sample.choose(1000 + stillTime - 1, everybody))).toEqual(sorted(ids(0, 32)));
  });

  test("[N1] gives the place of whoever was still for longest", () => {
    const sample = filled();
    for (const id of ids(0, 31)) if (id !== "user-5") sample.markMoved(id, 100);
    sample.markMoved("user-31", 50);
    sample.markMoved("late", stillTime + 60);
    sample.markMoved("later", stillTime + 60);
    const chosen = sample.choose(stillTime + 60, everybody);
    expect(chosen).toHaveLength(32);
    expect(ids(0, 32).filter((id) => !chosen.includes(id))).toEqual(["user-5", "user-31"]);
  });

  test("[N1] forgets who got no place: they have to move again", () => {
    const sample = filled();
    sample.markMoved("late", 10);
    expect(sample.hasCandidates).toBe(true);
    sample.choose(10, everybody);
    expect(sample.hasCandidates).toBe(false);
    expect(sorted(sample.choose(stillTime * 2, everybody))).toEqual(sorted(ids(0, 32)));
  });

  test("[N1] has nobody who is not shown", () => {
    const sample = filled();
    sample.markMoved("gone", 10);
    expect(sample.choose(10, (id) => id === "user-3")).toEqual(["user-3"]);
    expect([sample.has("user-3"), sample.has("user-4"), sample.has("gone")]).toEqual([
      true,
      false,
      false,
    ]);
  });
});
