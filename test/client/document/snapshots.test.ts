// The frozen state that applications see: unchanged parts remain the same objects (rule C3).

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Recorder } from "../../../src/client/document/draft.ts";
import { Tree } from "../../../src/client/document/tree.ts";
import type { JsonObject } from "../../../src/protocol/json.ts";
import { firstState, intents, operationFor } from "../../support/tagged-lists.ts";
import { runs } from "../../support/runs.ts";

type State = { a: { id: number; in: { n: number } }[]; b: { x: number } };

function begin(state: State) {
  const tree = new Tree();
  tree.begin(state as unknown as JsonObject);
  const shown = (): State => tree.snapshot() as unknown as State;
  const change = (recipe: (draft: State) => void): Recorder => {
    const recorder = new Recorder(tree);
    recipe(recorder.draft as State);
    return recorder;
  };
  return { shown, change };
}

const state = (): State => ({ a: [1, 2, 3].map((id) => ({ id, in: { n: id } })), b: { x: 1 } });

describe("[C3] a snapshot", () => {
  test("is the same object until something changes", () => {
    const { shown, change } = begin(state());
    const before = shown();
    expect(shown()).toBe(before);
    change((draft) => (draft.b.x = 2));
    expect(shown()).not.toBe(before);
    expect(before.b.x).toBe(1);
  });

  test("shares unchanged parts, even in lists whose items have shifted", () => {
    const { shown, change } = begin(state());
    const before = shown();
    change(({ a }) => {
      a.shift();
      (a[0] as State["a"][0]).in.n = 9;
    });
    const after = shown();
    expect(after.a[1]).toBe(before.a[2]);
    expect(after.a[0]).not.toBe(before.a[1]);
    expect(after.b).toBe(before.b);
  });

  test("is the same object after a change that was reverted before anybody saw it", () => {
    const { shown, change } = begin(state());
    const before = shown();
    const recorder = change(({ a, b }) => {
      a.splice(1, 1);
      a.push({ id: 4, in: { n: 4 } });
      b.x = 5;
    });
    recorder.revert();
    expect(shown()).toBe(before);
  });

  test("keeps unchanged parts the same objects after a change that was seen and then reverted", () => {
    const { shown, change } = begin(state());
    const [first] = shown().a;
    const recorder = change(({ b }) => (b.x = 5));
    shown();
    recorder.revert();
    expect(shown().a[0]).toBe(first);
    expect(shown().b).toEqual({ x: 1 });
  });

  test("is deeply frozen", () => {
    const { shown } = begin(state());
    expect(() => (shown().a[0] as State["a"][0]).in.n++).toThrow(TypeError);
    expect(() => shown().a.push({ id: 5, in: { n: 5 } })).toThrow(TypeError);
  });

  test("treats keys such as __proto__ as data", () => {
    const tree = new Tree();
    tree.begin(JSON.parse('{"o":{"__proto__":{"x":1}}}') as JsonObject);
    tree.snapshot();
    tree.apply({ op: "add", path: "/o/k", value: 1 });
    expect(JSON.stringify(tree.snapshot())).toBe('{"o":{"__proto__":{"x":1},"k":1}}');
  });

  test("always equals the state, whatever was changed and reverted", () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(intents({ minLength: 1, maxLength: 1 }), fc.nat(3)), { maxLength: 40 }),
        (all) => {
          const tree = new Tree();
          tree.begin(firstState());
          const applied: ReturnType<Tree["apply"]>[] = [];
          for (const [[intent], what] of all) {
            const operation = intent && operationFor(tree.root as JsonObject, intent);
            if (what > 0 && operation) applied.push(tree.apply(operation));
            else {
              const last = applied.pop();
              if (last) tree.revert(last);
            }
            if (what < 3) expect(tree.snapshot()).toEqual(tree.root);
          }
          expect(tree.snapshot()).toEqual(tree.root);
        },
      ),
      { numRuns: runs(1000) },
    );
  });
});
