// A state that hooks and actions get cannot be changed at any depth, and freezing it again costs only what
// has changed since.

import fc from "fast-check";
import { expect, test } from "vitest";
import type { JsonObject } from "../../src/protocol/json.ts";
import { freezeState } from "../../src/model/freeze.ts";
import { canonical } from "../support/canonical-json.ts";
import { json } from "../support/json-arbitraries.ts";

const isDeeplyFrozen = (value: unknown): boolean =>
  typeof value !== "object" ||
  value === null ||
  (Object.isFrozen(value) && Object.values(value).every(isDeeplyFrozen));

test("[S1] a state is frozen at every depth and stays the same JSON and the same object", () => {
  fc.assert(
    fc.property(json.object, (state) => {
      const before = canonical(state);
      expect(freezeState(state)).toBe(state);
      expect(isDeeplyFrozen(state)).toBe(true);
      expect(canonical(state)).toBe(before);
    }),
  );
});

test("[S1] frozen parts of a state are skipped", () => {
  const kept = Object.freeze(
    Object.defineProperty({}, "unread", { enumerable: true, get: () => expect.unreachable() }),
  ) as JsonObject;
  const state = freezeState({ kept, list: [kept], fresh: {} });
  expect(Object.isFrozen(state["list"])).toBe(true);
  expect(Object.isFrozen(state["fresh"])).toBe(true);
});
