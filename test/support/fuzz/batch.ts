// Many runs of the fuzz, some of them at a time, and how to repeat one that has failed.

import { afterAll, expect, test } from "vitest";
import { faults } from "./faults.ts";
import { Run } from "./run.ts";
import type { Tally } from "./room.ts";

/** Runs at a time: a room that waits leaves the machine to the others. */
const atOnce = 10;
const runsInTest = 20;

/** Set these to repeat a seed, or to try more of them. Vite passes on to workerd what begins like this. */
const seedWanted = Number(process.env["VITE_FUZZ_SEED"] ?? Number.NaN);
const seedsWanted = Number(process.env["VITE_FUZZ_SEEDS"] ?? Number.NaN);

/** What must have happened in all runs together: else they prove less than they say. */
const meets: readonly string[] = [
  "resumed",
  "sent again",
  "key sent again",
  "shared window",
  "snapshot",
  "evict hibernate",
  "evict close",
  "crash",
  "patch_failed",
  "version_conflict",
  "action_refused",
  "commit_failed",
  ...faults,
];

export type Batch = {
  /** Name of the test, rules first. */
  readonly name: string;
  readonly behaviour: string;
  /** Path of the test file. */
  readonly file: string;
  readonly seeds: number;
};

/** Define tests that run this many seeds, other ones each time. */
export function fuzz({ name, behaviour, file, seeds }: Batch): void {
  const tally: Tally = new Map();
  const repeated = Number.isInteger(seedWanted);
  const first = repeated ? seedWanted : 1 + Math.floor(Math.random() * 1e8);
  const count = Number.isInteger(seedsWanted) ? seedsWanted : seeds;

  for (let done = 0; done < count; done += runsInTest) {
    const from = first + done;
    const until = Math.min(from + runsInTest, first + count);
    // What meets what is not in the seed: one that is repeated is tried as often as a batch has runs.
    const batch = Array.from({ length: until - from }, (_, n) => (repeated ? from : from + n));
    const title = repeated ? `seed ${from}` : `seeds ${from} to ${until - 1}`;
    test(`${name}: ${title}`, { timeout: 120_000 }, async () => {
      const failures: string[] = [];
      const waiting = [...batch];
      const work = async (): Promise<void> => {
        for (let seed = waiting.shift(); seed !== undefined; seed = waiting.shift()) {
          const problems = await new Run(seed, behaviour, tally).play();
          if (problems.length === 0) continue;
          const repeat = `VITE_FUZZ_SEED=${seed} npx vitest run ${file}`;
          failures.push(`seed ${seed}, again by ${repeat}\n${problems.join("\n")}`);
        }
      };
      await Promise.all(Array.from({ length: atOnce }, work));
      if (failures.length > 0) throw new Error(failures.slice(0, 3).join("\n\n"));
    });
    if (repeated) break;
  }

  afterAll(() => {
    if (repeated || count < seeds || tally.get("runs") !== count) return;
    expect(meets.filter((what) => !tally.has(what))).toEqual([]);
  });
}
