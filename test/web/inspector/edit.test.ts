// What an edit of the inspector sends: a patch that does what was shown, on the state that it was shown on, and nothing on
// any other.

import { applyPatch, measure, parsePatch, type JsonObject } from "collab-room/protocol";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { stepsOf, type Edit } from "../../../web/src/inspector/state/edit.ts";
import {
  find,
  isOpen,
  rowsOf,
  toggled,
  valueAt,
  withOpen,
} from "../../../web/src/inspector/state/rows.ts";

const limits = { stateBytes: Infinity, stateDepth: Infinity, patchOperations: Infinity };
const state = { title: "Bridge", tags: ["a", "b"], deep: { "a/b~c": { n: 1 } } };

function after(edit: Edit, on: JsonObject): JsonObject {
  const value = structuredClone(on);
  const { patch } = stepsOf(edit, structuredClone(on));
  const sent = parsePatch(JSON.parse(JSON.stringify(patch)), limits, "extended");
  return applyPatch({ value, bytes: measure(value, Infinity).bytes }, sent, limits).value;
}

describe("an edit", () => {
  test("changes, adds and removes what it names", () => {
    expect(after({ kind: "change", pointer: "/title", value: 7 }, state)).toMatchObject({
      title: 7,
    });
    expect(after({ kind: "add", pointer: "/tags/2", value: null }, state)).toMatchObject({
      tags: ["a", "b", null],
    });
    const removed = after({ kind: "remove", pointer: "/deep/a~1b~0c" }, state);
    expect(removed).toMatchObject({ deep: {} });
  });

  test("takes any JSON to any other, at the root as well", () => {
    const object = fc.dictionary(fc.string(), fc.jsonValue());
    fc.assert(
      fc.property(object, object, (before, next) => {
        const from = JSON.parse(JSON.stringify(before)) as JsonObject;
        const to = JSON.parse(JSON.stringify(next)) as JsonObject;
        expect(after({ kind: "change", pointer: "", value: to }, from)).toEqual(to);
      }),
    );
  });

  test.for([
    { kind: "change", pointer: "/title", value: "Pier" },
    { kind: "change", pointer: "/tags", value: ["b"] },
    { kind: "remove", pointer: "/title" },
  ] as const)("is refused once somebody has changed what it takes away: $kind $pointer", (edit) => {
    const { patch } = stepsOf(edit, state);
    const other = { ...structuredClone(state), title: "Theirs", tags: ["c", "d"] };
    const sized = { value: other, bytes: measure(other, Infinity).bytes };
    expect(() => applyPatch(sized, patch, limits)).toThrow();
    expect(other).toEqual({ ...state, title: "Theirs", tags: ["c", "d"] });
  });

  test("shows what goes and what comes", () => {
    expect(
      stepsOf({ kind: "change", pointer: "/title", value: "Pier" }, state).differences,
    ).toEqual([{ pointer: "/title", before: "Bridge", after: "Pier" }]);
    expect(stepsOf({ kind: "change", pointer: "/title", value: "Bridge" }, state)).toEqual({
      patch: [],
      differences: [],
    });
  });
});

describe("the rows of a state", () => {
  const none = { all: false, but: new Set<string>() };

  test("are those that are open", () => {
    expect(rowsOf(state, none).map(({ name }) => name)).toEqual(["title", "tags", "deep"]);
    const opened = withOpen(none, "/deep/a~1b~0c/n");
    expect(rowsOf(state, opened).map(({ pointer }) => pointer)).toEqual([
      "/title",
      "/tags",
      "/deep",
      "/deep/a~1b~0c",
      "/deep/a~1b~0c/n",
    ]);
    expect(isOpen(toggled({ all: true, but: new Set() }, "/tags"), "/tags")).toBe(false);
  });

  test("have the members of objects alone, whatever their names are", () => {
    const strange = JSON.parse('{"__proto__":{"toString":1}}') as JsonObject;
    const pointers = rowsOf(strange, { all: true, but: new Set() }).map(({ pointer }) => pointer);
    expect(pointers).toEqual(["/__proto__", "/__proto__/toString"]);
    expect(valueAt(strange, "/__proto__/toString")).toBe(1);
    expect(valueAt({}, "/__proto__")).toBeUndefined();
    expect(valueAt({ list: [1] }, "/list/length")).toBeUndefined();
  });

  test("are found by name and by value", () => {
    expect(find(state, "BRIDGE", 10)).toEqual(["/title"]);
    expect(find(state, "n", 10)).toEqual(["/deep/a~1b~0c/n"]);
    expect(find(state, "a", 1)).toHaveLength(1);
  });
});
