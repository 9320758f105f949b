// Rule E6, over random histories: no edit lands on another item than the one it was made on, a client that moves
// its patch change by change predicts what the room makes of it at once, and squashing changes nothing of that.

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { PatchRun } from "../../src/protocol/apply-patch.ts";
import type { JsonObject } from "../../src/protocol/json.ts";
import type { Operation, Patch, Sized } from "../../src/protocol/json-patch.ts";
import { defaultLimits } from "../../src/protocol/limits.ts";
import { effectOf, movesOf, type Effect } from "../../src/protocol/effects.ts";
import { applyRebased } from "../../src/protocol/rebase.ts";
import { squash } from "../../src/protocol/squash.ts";
import { jsonBytes } from "../support/canonical-json.ts";
import { plainPatched } from "../support/plain-patch.ts";
import { firstState, intents, misplaced, patchFor, type Intent } from "../support/tagged-lists.ts";

const sized = (value: JsonObject): Sized => ({ value, bytes: jsonBytes(value) });
const copy = <T>(value: T): T => JSON.parse(JSON.stringify(value)) as T;
const plain = (state: JsonObject, operation: Operation): JsonObject =>
  plainPatched(state, [operation]) as JsonObject;

/** A change as the room has made it: the state after it, its patch and its effects. */
type Made = {
  readonly state: JsonObject;
  readonly patch: Patch;
  readonly effects: readonly (Effect | null)[];
};

function made(state: JsonObject, patch: Patch): Made {
  const run = new PatchRun(sized(copy(state)), defaultLimits);
  run.apply(copy(patch));
  const applied = run.applied ?? [];
  return {
    state: copy(run.next.value),
    patch: copy(applied.map(({ operation }) => operation)),
    effects: applied.map(({ effect }) => effect),
  };
}

/** Changes that follow each other, each of one person who sees the present state. */
function history(state: JsonObject, wanted: readonly (readonly Intent[])[]): readonly Made[] {
  const all: Made[] = [];
  for (const each of wanted) {
    const before = all.at(-1)?.state ?? state;
    all.push(made(before, patchFor(before, each, plain)));
  }
  return all;
}

const effectsOf = (changes: readonly Pick<Made, "effects">[]): readonly Effect[] =>
  changes.flatMap(({ effects }) => effects.flatMap((effect) => effect ?? []));

type Outcome = { readonly state: JsonObject; readonly dropped: readonly number[] };

function rebased(state: JsonObject, patch: Patch, effects: readonly Effect[]): Outcome {
  const run = new PatchRun(sized(copy(state)), defaultLimits);
  const dropped = applyRebased(run, copy(patch), effects, false);
  return { state: run.next.value, dropped };
}

const cases = fc.record({
  others: fc.array(intents({ minLength: 1, maxLength: 3 }), { maxLength: 6 }),
  own: intents({ minLength: 1, maxLength: 4 }),
});

/** 10,000 histories, with a seed of this run; `SEED` repeats one. */
const seed = Number(process.env["SEED"] ?? Date.now() % 2 ** 31);
const options = { numRuns: 10_000, seed };

describe(`10,000 random histories, SEED=${seed}`, () => {
  test("[E1, E2, E6] no edit lands on another item than the one it was made on", () => {
    let [lost, placed] = [0, 0];
    fc.assert(
      fc.property(cases, ({ others, own }) => {
        const base = firstState();
        const changes = history(base, others);
        const patch = patchFor(base, own, plain);
        const { state, dropped } = rebased(
          changes.at(-1)?.state ?? base,
          patch,
          effectsOf(changes),
        );
        expect(misplaced(state)).toEqual([]);
        lost += dropped.length;
        placed += patch.length - dropped.length;
      }),
      options,
    );
    // Not by dropping everything.
    expect(placed).toBeGreaterThan(3 * lost);
  });

  test("[E6] without a history, a patch with a base is the patch", () => {
    fc.assert(
      fc.property(intents({ maxLength: 6 }), (own) => {
        const base = firstState();
        const patch = patchFor(base, own, plain);
        expect(rebased(base, patch, [])).toEqual({ state: made(base, patch).state, dropped: [] });
      }),
      { ...options, numRuns: 1000 },
    );
  });

  test("[E4, E6] the effects that the journal keeps are those of the change", () => {
    fc.assert(
      fc.property(fc.array(intents({ maxLength: 4 }), { maxLength: 4 }), (wanted) => {
        for (const { patch, effects } of history(firstState(), wanted)) {
          const moves = movesOf(effects) ?? "";
          expect(patch.map((operation, at) => effectOf(operation, Number(moves[at] ?? 0)))).toEqual(
            effects,
          );
        }
      }),
      { ...options, numRuns: 2000 },
    );
  });

  test("[E6] squashing the changes of a window changes nothing of where a patch lands", () => {
    fc.assert(
      fc.property(cases, ({ others, own }) => {
        const base = firstState();
        const changes = history(base, others);
        const patch = patchFor(base, own, plain);
        const end = changes.at(-1)?.state ?? base;
        const operations = changes.flatMap((change) =>
          change.patch.map(({ op, path }, at) => ({
            op,
            path,
            effect: change.effects[at] ?? null,
          })),
        );
        const squashed = effectsOf([{ effects: squash(operations).map(({ effect }) => effect) }]);
        expect(rebased(end, patch, squashed)).toEqual(rebased(end, patch, effectsOf(changes)));
      }),
      options,
    );
  });
});
