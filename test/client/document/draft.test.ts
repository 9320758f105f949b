// What a recipe records: each change as the operation that expresses its intent (rule C1).

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Recorder } from "../../../src/client/document/draft.ts";
import {
  deleteText,
  editText,
  increment,
  insertText,
  move,
} from "../../../src/client/document/intents.ts";
import { Tree } from "../../../src/client/document/tree.ts";
import type { JsonObject } from "../../../src/protocol/json.ts";
import { runs } from "../../support/runs.ts";

type Note = { id: number; text: string; done?: boolean };
type State = {
  notes: Note[];
  tags: string[];
  title: string;
  count: number;
  byId: Record<string, { n: number }>;
};

const first = (): State => ({
  notes: [1, 2, 3].map((id) => ({ id, text: `note ${id}` })),
  tags: ["a", "b", "c"],
  title: "Board",
  count: 1,
  byId: { x: { n: 1 } },
});

const copy = <T>(value: T): T => JSON.parse(JSON.stringify(value)) as T;

/** Run a recipe. @returns the operations, and the state after them */
function record(recipe: (draft: State) => void, state: State = first()) {
  const tree = new Tree();
  tree.begin(state as unknown as JsonObject);
  const recorder = new Recorder(tree);
  recipe(recorder.draft as State);
  recorder.close();
  return {
    operations: recorder.recorded.map(({ operation }) => operation),
    state: tree.root as unknown as State,
    revert: () => recorder.revert(),
  };
}

describe("[C1] a list change is recorded as its natural operation", () => {
  test.each<[string, (draft: State) => void, unknown[]]>([
    ["push", ({ tags }) => tags.push("d"), [{ op: "add", path: "/tags/-", value: "d" }]],
    ["unshift", ({ tags }) => tags.unshift("z"), [{ op: "add", path: "/tags/0", value: "z" }]],
    [
      "unshift into an empty list",
      (draft) => {
        draft.tags.length = 0;
        draft.tags.unshift("z");
      },
      [
        { op: "remove", path: "/tags/0" },
        { op: "remove", path: "/tags/0" },
        { op: "remove", path: "/tags/0" },
        { op: "add", path: "/tags/0", value: "z" },
      ],
    ],
    ["shift", ({ tags }) => tags.shift(), [{ op: "remove", path: "/tags/0" }]],
    ["pop", ({ tags }) => tags.pop(), [{ op: "remove", path: "/tags/2" }]],
    [
      "splice",
      ({ tags }) => tags.splice(1, 1, "x", "y"),
      [
        { op: "remove", path: "/tags/1" },
        { op: "add", path: "/tags/1", value: "x" },
        { op: "add", path: "/tags/2", value: "y" },
      ],
    ],
    [
      "splice at the front",
      ({ tags }) => tags.splice(0, 1, "x", "y"),
      [
        { op: "remove", path: "/tags/0" },
        { op: "add", path: "/tags/0", value: "x" },
        { op: "add", path: "/tags/1", value: "y" },
      ],
    ],
    [
      "splice of one of several equal items",
      (draft) => {
        draft.tags = ["same", "same", "same"];
        draft.tags.splice(1, 1);
      },
      [
        { op: "add", path: "/tags", value: ["same", "same", "same"] },
        { op: "remove", path: "/tags/1" },
      ],
    ],
    ["splice from the end", ({ tags }) => tags.splice(-1), [{ op: "remove", path: "/tags/2" }]],
    ["splice of nothing", ({ tags }) => tags.splice(1, 0), []],
    [
      "fill",
      ({ tags }) => tags.fill("x", 1),
      [
        { op: "replace", path: "/tags/1", value: "x" },
        { op: "replace", path: "/tags/2", value: "x" },
      ],
    ],
    [
      "copyWithin",
      ({ tags }) => tags.copyWithin(0, 2),
      [{ op: "replace", path: "/tags/0", value: "c" }],
    ],
    [
      "reverse",
      ({ tags }) => {
        tags.pop();
        tags.reverse();
      },
      [
        { op: "remove", path: "/tags/2" },
        { op: "move", from: "/tags/1", path: "/tags/0" },
      ],
    ],
    [
      "an item assignment",
      ({ tags }) => (tags[1] = "B"),
      [{ op: "replace", path: "/tags/1", value: "B" }],
    ],
    [
      "an item after the last one",
      ({ tags }) => (tags[3] = "d"),
      [{ op: "add", path: "/tags/-", value: "d" }],
    ],
    ["a shorter length", ({ tags }) => (tags.length = 2), [{ op: "remove", path: "/tags/2" }]],
    [
      "a filtered list",
      (draft) => (draft.notes = draft.notes.filter(({ id }) => id !== 2)),
      [{ op: "remove", path: "/notes/1" }],
    ],
    [
      "a sorted list",
      // oxlint-disable-next-line unicorn/no-array-sort -- this call is what the test records
      ({ notes }) => notes.sort((a, b) => (a.id === 1 ? 1 : b.id === 1 ? -1 : a.id - b.id)),
      [{ op: "move", from: "/notes/0", path: "/notes/2" }],
    ],
    [
      "a list with one more item",
      (draft) => (draft.tags = ["a", "b", "x", "c"]),
      [{ op: "add", path: "/tags/2", value: "x" }],
    ],
    [
      "a list of different items",
      (draft) => (draft.tags = ["x"]),
      [{ op: "add", path: "/tags", value: ["x"] }],
    ],
    [
      "move",
      ({ notes }) => move(notes, 2, 0),
      [{ op: "move", from: "/notes/2", path: "/notes/0" }],
    ],
  ])("%s", (_, recipe, expected) => {
    const recorded = record(recipe);
    expect(recorded.operations).toEqual(expected);
    const plain = first();
    if (_ !== "move") recipe(plain);
    else plain.notes.unshift(...plain.notes.splice(2, 1));
    expect(recorded.state).toEqual(plain);
  });

  test("list methods behave as on any array", () => {
    const number = fc.integer({ min: -3, max: 6 });
    const calls = fc.tuple(
      fc.constantFrom("push", "pop", "shift", "unshift", "splice", "sort", "reverse", "fill"),
      fc.array(number, { minLength: 1, maxLength: 4 }),
    );
    fc.assert(
      fc.property(fc.array(number), fc.array(calls, { maxLength: 8 }), (items, all) => {
        const call = (list: number[], [name, input]: (typeof all)[number]): unknown => {
          const compare = [(a: number, b: number) => a - b];
          const method = Reflect.get(list, name) as (...input: unknown[]) => unknown;
          const result = Reflect.apply(method, list, name === "sort" ? compare : input);
          return result === list ? "itself" : result;
        };
        const plain = [...items];
        const { state } = record(
          (draft) => {
            const { list } = draft as unknown as { list: number[] };
            for (const each of all) expect(call(list, each)).toEqual(call(plain, each));
          },
          { ...first(), list: items } as State,
        );
        expect((state as unknown as { list: number[] }).list).toEqual(plain);
      }),
      { numRuns: runs(1000) },
    );
  });

  test.each<[string, (tags: string[]) => unknown]>([
    ["pop", (tags) => tags.pop()],
    ["push", (tags) => tags.push("new")],
    ["splice", (tags) => tags.splice(-1, 1, "new")],
    ["splice of nothing", (tags) => tags.splice(tags.length, 0)],
  ])("%s reads no more of a long list than it changes", (_, change) => {
    let reads = 0;
    const tags = new Proxy(
      Array.from({ length: 1000 }, (_each, at) => `tag ${at}`),
      { get: (target, key, receiver) => (reads++, Reflect.get(target, key, receiver)) },
    );
    record((draft) => void change(draft.tags), { ...first(), tags });
    expect(reads).toBeLessThan(100);
  });

  test.each<[string, unknown[]]>([
    ["from an index", [1]],
    ["from an index before the first", [-9, 1]],
    ["from an index after the last", [9, 1, "x"]],
    ["from a fraction", [1.5, 1.5]],
    ["of more than there are", [1, 9, "x"]],
    ["of a negative count", [1, -1, "x"]],
    ["without arguments", []],
    ["from undefined", [undefined]],
    ["of undefined", [1, undefined, "x"]],
  ])("splice %s behaves as on any array", (_, input) => {
    const splice = ({ tags }: State): string[] =>
      tags.splice(...(input as [number, number, ...string[]]));
    const plain = first();
    const taken = splice(plain);
    expect(record((draft) => expect(splice(draft)).toEqual(taken)).state).toEqual(plain);
  });

  test("items that splice puts back in another order are recorded as moves", () => {
    const { operations } = record(
      ({ notes }) => void notes.splice(1, 2, notes[2] as Note, notes[1] as Note),
    );
    expect(operations).toEqual([{ op: "move", from: "/notes/2", path: "/notes/1" }]);
  });

  test("removing one item of a thousand is recorded as one operation", () => {
    const state = { ...first(), tags: Array.from({ length: 1000 }, (_, at) => `tag ${at}`) };
    expect(record(({ tags }) => void tags.shift(), state).operations).toHaveLength(1);
  });
});

describe("[C1] a long list that is assigned anew", () => {
  const cells = Array.from({ length: 3000 }, (_, at) => at % 7 === 0);
  const notes = Array.from({ length: 2000 }, (_, id) => ({ id, text: "" }));
  const assign = (before: unknown[], next: (list: unknown[]) => unknown[]) =>
    record((draft) => Object.assign(draft, { tags: next(draft.tags) }), {
      ...first(),
      tags: before,
    } as State);

  test.each<[string, unknown[], (list: unknown[]) => unknown[]]>([
    ["with nearly all values changed", cells, (list) => list.map((cell) => !cell)],
    ["with values in another order", cells, (list) => list.toReversed()],
    ["with few of its many items", notes, (list) => list.slice(0, 1)],
    ["with many items in another order", notes, (list) => list.toReversed()],
  ])("%s is replaced as a whole", (_, before, next) => {
    const wanted = copy(next(before));
    const { operations, state } = assign(copy(before), next);
    expect(operations).toEqual([{ op: "add", path: "/tags", value: wanted }]);
    expect(state.tags).toEqual(wanted);
  });

  test.each<[string, unknown[], (list: unknown[]) => unknown[], number]>([
    ["with one changed value", cells, (list) => list.with(1500, "x"), 2],
    ["with one of many equal values changed", cells, (list) => list.with(1500, true), 2],
    ["without its first value", cells, (list) => list.slice(1), 1],
    ["without some of its items", notes, (list) => list.filter((_, at) => at % 10 > 0), 200],
    [
      "with some of its items in another order",
      notes.slice(0, 300),
      (list) => list.toReversed(),
      299,
    ],
  ])("%s keeps the items that it shares with the previous list", (_, before, next, count) => {
    const wanted = copy(next(before));
    const { operations, state } = assign(copy(before), next);
    expect(operations).toHaveLength(count);
    expect(state.tags).toEqual(wanted);
  });
});

describe("[C1] a change of an object", () => {
  test.each<[string, (draft: State) => void, unknown[]]>([
    [
      "sets a member, whether or not it exists",
      (draft) => (draft.title = "Pier"),
      [{ op: "add", path: "/title", value: "Pier" }],
    ],
    ["to the current value records nothing", (draft) => (draft.title = "Board"), []],
    ["removes a member", ({ byId }) => delete byId["x"], [{ op: "remove", path: "/byId/x" }]],
    [
      "to undefined of a missing member records nothing",
      ({ notes }) => Object.assign(notes[0] as Note, { done: undefined }),
      [],
    ],
    [
      "follows an item that has moved",
      ({ notes }) => {
        const [note] = notes;
        notes.unshift({ id: 0, text: "first" });
        if (note) note.done = true;
      },
      [
        { op: "add", path: "/notes/0", value: { id: 0, text: "first" } },
        { op: "add", path: "/notes/1/done", value: true },
      ],
    ],
    [
      "treats a special key as data",
      ({ byId }) => {
        Reflect.set(byId, "__proto__", { n: 2 });
        byId["a/b~c"] = { n: 3 };
      },
      [
        { op: "add", path: "/byId/__proto__", value: { n: 2 } },
        { op: "add", path: "/byId/a~1b~0c", value: { n: 3 } },
      ],
    ],
  ])("%s", (_, recipe, expected) => {
    expect(record(recipe).operations).toEqual(expected);
    expect(Object.getPrototypeOf({})).toBe(Object.prototype);
  });
});

describe("[C1] an intent", () => {
  test("adds to a number", () => {
    expect(record((draft) => increment(draft, "count", 2)).operations).toEqual([
      { op: "inc", path: "/count", by: 2 },
    ]);
  });

  test("inserts into and deletes from a text", () => {
    const { operations, state } = record((draft) => {
      insertText(draft, "title", 5, "!");
      deleteText(draft, "title", 0, 1);
    });
    expect(operations).toEqual([
      { op: "str_ins", path: "/title", pos: 5, str: "!" },
      { op: "str_del", path: "/title", pos: 0, len: 1 },
    ]);
    expect(state.title).toBe("oard!");
  });

  test.each([
    [
      "Board",
      "Bread",
      [
        { op: "str_del", path: "/title", pos: 1, len: 3 },
        { op: "str_ins", path: "/title", pos: 1, str: "rea" },
      ],
    ],
    ["Board", "Boards", [{ op: "str_ins", path: "/title", pos: 5, str: "s" }]],
    ["aaa", "aa", [{ op: "str_del", path: "/title", pos: 2, len: 1 }]],
    [
      "x😀y",
      "x😁y",
      [
        { op: "str_del", path: "/title", pos: 1, len: 2 },
        { op: "str_ins", path: "/title", pos: 1, str: "😁" },
      ],
    ],
    ["same", "same", []],
  ])("turns %j into %j by changing only what differs", (before, after, expected) => {
    const { operations, state } = record((draft) => editText(draft, "title", after), {
      ...first(),
      title: before,
    });
    expect(operations).toEqual(expected);
    expect(state.title).toBe(after);
  });

  test.each<[string, (draft: State) => void, RegExp]>([
    ["a position outside the text", (draft) => insertText(draft, "title", 9, "x"), /5 units/],
    ["an index outside the list", ({ notes }) => move(notes, 0, 3), /3 items/],
    ["a value that is not a draft", () => move([1, 2], 0, 1), /draft that update\(\) gives/],
  ])("refuses %s", (_, recipe, message) => {
    expect(() => record(recipe)).toThrow(message);
  });
});

describe("[C1] a draft", () => {
  test("reads like the state, including the recipe's own changes", () => {
    record((draft) => {
      draft.notes.push({ id: 4, text: "four" });
      expect(draft.notes.map(({ id }) => id)).toEqual([1, 2, 3, 4]);
      expect(draft.notes.at(-1)?.text).toBe("four");
      expect(Object.keys(draft)).toEqual(["notes", "tags", "title", "count", "byId"]);
      expect(JSON.parse(JSON.stringify(draft))).toEqual({
        ...first(),
        notes: [...first().notes, { id: 4, text: "four" }],
      });
      expect(draft.notes.indexOf(draft.notes[1] as Note)).toBe(1);
      expect({ ...draft.byId }).toEqual({ x: { n: 1 } });
    });
  });

  test("copies what is put in, so that later changes to the original have no effect", () => {
    const note = { id: 9, text: "mine" };
    const { state, operations } = record(({ notes }) => void notes.push(note));
    note.text = "changed later";
    expect(state.notes.at(-1)?.text).toBe("mine");
    expect(operations).toEqual([{ op: "add", path: "/notes/-", value: { id: 9, text: "mine" } }]);
  });

  test("returns a copy of a removed item, which can be changed and inserted elsewhere", () => {
    const { state } = record(({ notes }) => {
      const note = notes.shift();
      if (note) notes.push({ ...note, text: "moved" });
    });
    expect(state.notes.map(({ text }) => text)).toEqual(["note 2", "note 3", "moved"]);
  });

  test.each<[string, (draft: State) => void, RegExp]>([
    [
      "a function",
      (draft) => Object.assign(draft, { title: () => {} }),
      /\/title would be a function/,
    ],
    ["a date", (draft) => Object.assign(draft, { title: new Date(0) }), /\/title would be a Date/],
    ["NaN", (draft) => (draft.count = NaN), /\/count would be NaN/],
    [
      "undefined in a list",
      ({ tags }) => tags.push(undefined as never),
      /\/tags\/- would be undefined/,
    ],
    [
      "a cyclic value",
      (draft) => {
        const loop: Record<string, unknown> = {};
        loop["loop"] = loop;
        Object.assign(draft.byId, { x: loop });
      },
      /contains itself/,
    ],
    ["a hole", ({ tags }) => (tags[7] = "x"), /no holes/],
    ["a symbol", (draft) => Object.assign(draft, { [Symbol("s")]: 1 }), /symbols/],
    [
      "a property definition",
      (draft) => Object.defineProperty(draft, "x", { get: () => 1 }),
      /assign/,
    ],
    [
      "a part that is no longer in the state",
      ({ notes }) => {
        const [note] = notes;
        notes.shift();
        if (note) note.text = "x";
      },
      /no longer in the state/,
    ],
  ])("refuses %s", (_, recipe, message) => {
    expect(() => record(recipe)).toThrow(message);
  });

  test("refuses changes after its recipe has ended", () => {
    let kept: State | null = null;
    record((draft) => {
      kept = draft;
    });
    expect(() => kept?.tags.push("late")).toThrow(/only while its recipe runs/);
  });

  test("is reverted completely", () => {
    const { state, revert } = record((draft) => {
      draft.notes.shift();
      draft.title = "other";
      draft.tags.reverse();
      delete draft.byId["x"];
    });
    revert();
    expect(state).toEqual(first());
  });
});
