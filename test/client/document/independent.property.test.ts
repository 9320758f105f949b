// Which edits may be sent while others have no reply yet (rules C4, C7). The result is the same as after a check
// against every effect of those others, at the cost of a check of the nearby ones.

import fc from "fast-check";
import { describe, expect, test, vi } from "vitest";
import { MovingOperation } from "../../../src/client/document/moving-operation.ts";
import type { PendingEdit } from "../../../src/client/document/pending-edit.ts";
import { inverseOf, type Effect } from "../../../src/protocol/effects.ts";
import type { Operation } from "../../../src/protocol/json-patch.ts";
import { effectAfter, mayMove } from "../../../src/protocol/moves.ts";
import { firstState, intents, operationFor } from "../../support/tagged-lists.ts";
import { runs } from "../../support/runs.ts";
import { ModelRoom, type ModelClient } from "../support/model-room.ts";

/** The effects that remain after an operation that is applied on top of them. */
const after = (effects: readonly Effect[], own: Effect): Effect[] =>
  effects.flatMap((each) => (mayMove(each, own) ? effectAfter(each, own) : each));

/** The same decision, made by checking every effect. */
function independentOf(
  edits: readonly PendingEdit[],
  unanswered: ReadonlySet<PendingEdit>,
  isInOrder: boolean,
): PendingEdit[] {
  const independent: PendingEdit[] = [];
  let undone: Effect[] = [];
  for (const edit of edits) {
    let isIndependent = true;
    let own: Effect[] = [];
    for (const operation of edit.operations) {
      // An edit's own effect matters only if the edit is unanswered anyway.
      if (undone.some((effect) => operation.isMovedBy(effect))) isIndependent = false;
      const { effect } = operation;
      if (effect === null) continue;
      undone = after(undone, effect);
      own = [...after(own, effect), inverseOf(effect)];
    }
    if (isIndependent) independent.push(edit);
    const isOut = unanswered.has(edit);
    if (!isIndependent && !isOut && isInOrder) break;
    if (!isIndependent || isOut) undone = [...undone, ...own];
  }
  return independent;
}

const offline = (): ModelClient => {
  const client = new ModelRoom(firstState()).join();
  client.line = null;
  return client;
};

describe("[C4] edits that do not depend on unanswered edits", () => {
  test.each([true, false])("are found, whatever was edited (in order: %s)", (isInOrder) => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(intents({ minLength: 1, maxLength: 3 }), fc.nat(3)), { maxLength: 14 }),
        (all) => {
          const ada = offline();
          const unanswered = new Set<PendingEdit>();
          for (const [wanted, chance] of all) {
            const count = ada.replica.edits.length;
            ada.editAll(wanted.map((intent) => (state) => operationFor(state, intent)));
            const [edit] = ada.replica.edits.slice(count);
            if (edit && chance === 0) unanswered.add(edit);
          }
          const found = ada.replica.independentOf(unanswered, isInOrder);
          const wanted = independentOf(ada.replica.edits, unanswered, isInOrder);
          // Edits without a reply are not compared.
          const asked = (edit: PendingEdit): boolean => !unanswered.has(edit);
          expect([...found].filter(asked)).toEqual(wanted.filter(asked));
        },
      ),
      { numRuns: runs(3000) },
    );
  });

  test("do not include edits in items that moved to the former index of unanswered edits", () => {
    const ada = offline();
    const type = (at: number): Operation => ({
      op: "str_ins",
      path: `/a/${at}/text`,
      pos: 0,
      str: "x",
    });
    ada.edit(type(0));
    ada.edit(type(1));
    const unanswered = new Set(ada.replica.edits);
    ada.edit({ op: "add", path: "/a/0", value: "new" });
    ada.edit(type(3));
    for (const at of [1, 2]) ada.edit(type(at));
    const [, , inserted, other] = ada.replica.edits;
    const found = ada.replica.independentOf(unanswered, false);
    expect([...found].filter((edit) => !unanswered.has(edit))).toEqual([inserted, other]);
  });

  test.each<[string, (n: number) => Operation]>([
    ["values of one object", (n) => ({ op: "add", path: `/map/key ${n}`, value: n })],
    ["items appended to one list", (n) => ({ op: "add", path: "/a/-", value: n })],
    ["one value", (n) => ({ op: "add", path: "/count", value: n })],
  ])("are found in linear time: %s", (_, operation) => {
    const ada = offline();
    for (let n = 0; n < 500; n++) ada.edit(operation(n));
    const looks = vi.spyOn(MovingOperation.prototype, "isMovedBy");
    ada.replica.independentOf(new Set(ada.replica.edits), true);
    expect(looks.mock.calls.length).toBeLessThan(2000);
  });
});
