// Many patches in one draft have the result of applying them one by one, and their cost depends on what they
// change. Cached sizes outlive drafts, even failed ones, and must never be stale.

import fc from "fast-check";
import { expect, test } from "vitest";
import { CollabError } from "../../src/protocol/errors.ts";
import type { Patch, Sized } from "../../src/protocol/json-patch.ts";
import { applyPatch, PatchDraft } from "../../src/protocol/patch-draft.ts";
import { canonical, deepFreeze, jsonBytes } from "../support/canonical-json.ts";
import { patchCases } from "../support/patch-arbitraries.ts";

const limits = { stateBytes: 2 ** 40, stateDepth: 1000, patchOperations: 10_000 };

/** Cut a patch into patches of a few operations each. */
const cut = (patch: Patch, length: number): Patch[] =>
  Array.from({ length: Math.ceil(patch.length / length) }, (_, index) =>
    patch.slice(index * length, (index + 1) * length),
  );

const sized = (value: Sized["value"]): Sized => ({ value, bytes: jsonBytes(value) });

test("[S10] many patches in one draft have the result of applying them one by one", () => {
  const cases = patchCases({ wild: false, maxLength: 30 });
  fc.assert(
    fc.property(cases, fc.integer({ min: 1, max: 4 }), ({ doc, patch }, length) => {
      const patches = cut(deepFreeze(patch), length);
      const draft = new PatchDraft(sized(deepFreeze(doc)), limits);
      let state = sized(doc);
      for (const one of patches) {
        draft.apply(one);
        state = applyPatch(state, one, limits);
      }
      const after = draft.finish();
      expect(canonical(after.value)).toBe(canonical(state.value));
      expect([after.bytes, state.bytes]).toEqual([jsonBytes(after.value), jsonBytes(after.value)]);
    }),
    { numRuns: 500 },
  );
});

test("[S9] sizes stay exact after patches that fail half-way and are tried again", () => {
  fc.assert(
    fc.property(patchCases({ wild: false, maxLength: 12 }), ({ doc, patch }) => {
      const failing: Patch = [...patch, { op: "remove", path: "/nothing/there" }];
      let state = sized(doc);
      for (let round = 0; round < 2; round++)
        for (let length = 1; length <= failing.length; length++) {
          const step = failing.slice(0, length);
          try {
            const after = applyPatch(state, step, limits);
            expect(after.bytes).toBe(jsonBytes(after.value));
            if (round === 0 && length === patch.length) state = after;
          } catch (error) {
            expect(error).toBeInstanceOf(CollabError);
          }
        }
    }),
    { numRuns: 200 },
  );
});

test("[S1] every patch of a draft must result in an object, not only the last one", () => {
  const draft = new PatchDraft(sized({}), limits);
  expect(() => draft.apply([{ op: "replace", path: "", value: [] }])).toThrow(
    expect.objectContaining({ code: "invalid_state" }),
  );
});

test("a draft changes neither its initial state nor the patches", () => {
  const state = sized(deepFreeze({ a: { n: 1 } }));
  const draft = new PatchDraft(state, limits);
  draft.apply(deepFreeze([{ op: "add", path: "/b", value: { list: [] } }] satisfies Patch));
  draft.apply([{ op: "copy", from: "/b", path: "/c" }]);
  draft.apply([{ op: "add", path: "/b/list/-", value: 1 }]);
  draft.apply([{ op: "replace", path: "/a/n", value: 2 }]);
  expect(draft.finish().value).toEqual({ a: { n: 2 }, b: { list: [1] }, c: { list: [] } });
  expect(state).toEqual({ value: { a: { n: 1 } }, bytes: 13 });
});
