// A state that hooks and actions get cannot be changed at any depth, and freezing it again costs only what
// has changed since.

import fc from "fast-check";
import { expect, test } from "vitest";
import type { JsonObject } from "../../src/protocol/json.ts";
import { freezeState, narrow, widthOf } from "../../src/model/freeze.ts";
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

test("[S8] a frozen state says how wide its widest object or array is, however little is new in it", () => {
  const wide = (count: number): JsonObject =>
    Object.fromEntries(Array.from({ length: count }, (_, n) => [`k${n}`, n]));
  const deep = freezeState({ a: [{ b: wide(3000) }], c: wide(2000) });
  expect(widthOf(deep)).toBe(3000);
  const list = Array.from({ length: 4000 }, () => 0);
  expect(widthOf(freezeState({ deep, list }))).toBe(4000);
  expect(widthOf(freezeState({ deep, x: {} }))).toBe(3000);
  expect(widthOf(freezeState({ a: deep.a, more: wide(1) }))).toBe(3000);
  expect(widthOf(freezeState({ a: wide(narrow) }))).toBe(0);
  expect(widthOf(freezeState(wide(narrow + 1)))).toBe(narrow + 1);
});
