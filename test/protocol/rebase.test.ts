// Where a patch lands that was made on an earlier version, case by case (rules E1, E2, E5). Random histories are
// in rebase.property.test.ts.

import { describe, expect, test } from "vitest";
import { PatchRun } from "../../src/protocol/apply-patch.ts";
import type { Effect } from "../../src/protocol/effects.ts";
import { CollabError } from "../../src/protocol/errors.ts";
import type { JsonObject } from "../../src/protocol/json.ts";
import {
  parsePatch,
  type Operation,
  type Patch,
  type Sized,
} from "../../src/protocol/json-patch.ts";
import { defaultLimits } from "../../src/protocol/limits.ts";
import { applyRebased } from "../../src/protocol/rebase.ts";
import { jsonBytes } from "../support/canonical-json.ts";

const sized = (value: JsonObject): Sized => ({ value, bytes: jsonBytes(value) });

const base = (): JsonObject => ({
  list: ["a", "b", "c", "d"].map((name) => ({ name, tags: [1, 2] })),
  other: [{ name: "x" }],
  box: { list: [{ name: "p" }, { name: "q" }], title: "box" },
  text: "hello world",
  n: 1,
});

type Result = { readonly state: JsonObject; readonly dropped: readonly number[] };

/** What becomes of a patch after others have changed the state that it was made on. */
function land(others: readonly unknown[], own: readonly unknown[], strict = false): Result {
  const change = new PatchRun(sized(base()), defaultLimits);
  change.apply(parsePatch(others, defaultLimits));
  const effects = (change.applied ?? []).flatMap(({ effect }): Effect[] =>
    effect ? [effect] : [],
  );
  const run = new PatchRun(sized(structuredClone(change.next.value)), defaultLimits);
  const dropped = applyRebased(run, parsePatch(own, defaultLimits), effects, strict);
  return { state: run.next.value, dropped };
}

const names = ({ state }: Result, list = "list"): string =>
  (state[list] as { name: string }[]).map(({ name }) => name).join("");

const add = (path: string, name = "N"): Operation => ({ op: "add", path, value: { name } });
const remove = (path: string): Operation => ({ op: "remove", path });
const move = (from: string, path: string): Operation => ({ op: "move", from, path });
const rename = (path: string): Operation => ({ op: "replace", path: `${path}/name`, value: "!" });

describe("[E2] an operation on a key that others have removed or set is left out", () => {
  test.each<[string, Operation, Operation]>([
    ["removing it again", remove("/n"), remove("/n")],
    ["replacing it", remove("/n"), { op: "replace", path: "/n", value: 2 }],
    ["adding to it", remove("/n"), { op: "inc", path: "/n", by: 1 }],
    [
      "adding to what is no number any more",
      { op: "replace", path: "/n", value: "one" },
      { op: "inc", path: "/n", by: 1 },
    ],
    ["moving it", remove("/n"), move("/n", "/m")],
    ["removing a member of it", remove("/box"), remove("/box/title")],
  ])("%s", (_, other, own) => {
    const kept: Operation = { op: "add", path: "/kept", value: true };
    const { state, dropped } = land([other], [own, kept]);
    expect({ kept: state["kept"], dropped }).toEqual({ kept: true, dropped: [0] });
  });

  test("while one that nobody has touched refuses the patch", () => {
    expect(() => land([remove("/n")], [remove("/never")])).toThrow(/nothing exists/);
  });
});

describe("an edit of an item", () => {
  test.each<[string, Patch, Patch, string, number[]]>([
    ["behind an insertion", [add("/list/0")], [rename("/list/2")], "Nab!d", []],
    ["before an insertion", [add("/list/3")], [rename("/list/2")], "ab!Nd", []],
    ["behind a removal", [remove("/list/0")], [rename("/list/2")], "b!d", []],
    ["that was removed", [remove("/list/2")], [rename("/list/2")], "abd", [0]],
    ["that was moved", [move("/list/2", "/list/0")], [rename("/list/2")], "!abd", []],
    ["across a move", [move("/list/0", "/list/3")], [rename("/list/2")], "b!da", []],
    [
      "in a list that was replaced",
      [{ op: "replace", path: "/list", value: [{ name: "z" }] }],
      [rename("/list/0")],
      "z",
      [0],
    ],
    [
      "that was replaced",
      [{ op: "replace", path: "/list/2", value: { name: "C" } }],
      [rename("/list/2")],
      "ab!d",
      [],
    ],
    [
      "twice, with an insertion of its own",
      [add("/list/1")],
      [add("/list/0", "M"), rename("/list/2")],
      "MaN!cd",
      [],
    ],
    [
      "of its own, beside an item that was moved",
      [move("/list/2", "/list/3")],
      [remove("/list/3"), add("/list/2", "M"), rename("/list/2")],
      "abc!",
      [],
    ],
    [
      "of its own, appended behind what was moved",
      [move("/list/0", "/list/3")],
      [add("/list/-", "M"), rename("/list/4")],
      "bcda!",
      [],
    ],
    [
      "of its own, after others removed one",
      [remove("/list/1")],
      [add("/list/3", "M"), rename("/list/3")],
      "ac!d",
      [],
    ],
    [
      "that was removed by both",
      [remove("/list/1")],
      [remove("/list/1"), rename("/list/1")],
      "a!d",
      [0],
    ],
  ])("[E1, E2] %s", (_, others, own, expected, dropped) => {
    const result = land(others, own);
    expect([names(result), result.dropped]).toEqual([expected, dropped]);
  });

  test("[E1] follows it into another list", () => {
    const result = land(
      [move("/list/1", "/other/0")],
      [rename("/list/1"), remove("/list/2/tags/0")],
    );
    expect([names(result), names(result, "other"), result.dropped]).toEqual(["acd", "!x", []]);
    expect(result.state["list"]).toMatchObject([{}, { tags: [2] }, {}]);
  });

  test("[E1] follows a list that was given another name", () => {
    const { state, dropped } = land([move("/box", "/crate")], [rename("/box/list/1")]);
    expect(state["crate"]).toMatchObject({ list: [{ name: "p" }, { name: "!" }] });
    expect(dropped).toEqual([]);
  });
});

describe("an insertion", () => {
  test.each<[string, Patch, Patch, string]>([
    [
      "comes after an earlier one at the same index",
      [add("/list/2", "1")],
      [add("/list/2", "2")],
      "ab12cd",
    ],
    ["at the end stays there", [add("/list/-", "1")], [add("/list/-", "2")], "abcd12"],
    [
      "before an item that was removed takes its place",
      [remove("/list/2")],
      [add("/list/2", "2")],
      "ab2d",
    ],
    [
      "does not follow an item that was moved away",
      [move("/list/2", "/list/0")],
      [add("/list/2", "2")],
      "cab2d",
    ],
    [
      "by a move counts after its own removal",
      [add("/list/0", "1")],
      [move("/list/0", "/list/2")],
      "1bcad",
    ],
    [
      "by a move of what others have moved wins",
      [move("/list/0", "/list/3")],
      [move("/list/0", "/list/1")],
      "bacd",
    ],
  ])("[E1] %s", (_, others, own, expected) => {
    expect(names(land(others, own))).toBe(expected);
  });
});

describe("keys of an object", () => {
  test("[E2] have names, so they outlive the exchange of the object; positions in it do not", () => {
    const others: Patch = [
      { op: "replace", path: "/box", value: { list: [{ name: "r" }], title: "new" } },
    ];
    const own: Patch = [
      { op: "replace", path: "/box/title", value: "mine" },
      rename("/box/list/0"),
      { op: "add", path: "/box/list/-", value: { name: "s" } },
    ];
    const { state, dropped } = land(others, own);
    expect(state["box"]).toEqual({ list: [{ name: "r" }, { name: "s" }], title: "mine" });
    expect(dropped).toEqual([1]);
  });

  test("[E2] that were removed are gone for an edit, and not for an addition", () => {
    const own: Patch = [
      { op: "replace", path: "/box/title", value: "mine" },
      { op: "add", path: "/box/colour", value: "red" },
      { op: "add", path: "/n", value: 2 },
    ];
    const { state, dropped } = land([remove("/box"), remove("/n")], own);
    expect([state["box"], state["n"], dropped]).toEqual([undefined, 2, [0, 1]]);
  });

  test("[E1] that look like indexes are not moved", () => {
    const others: Patch = [
      { op: "add", path: "/box/0", value: 1 },
      { op: "add", path: "/box/1", value: 2 },
    ];
    const { state, dropped } = land(others, [
      { op: "add", path: "/box/1", value: 3 },
      remove("/box/0"),
    ]);
    expect([state["box"], dropped]).toMatchObject([{ 1: 3, title: "box" }, []]);
  });
});

describe("a test", () => {
  test("[E2] is moved like any operation", () => {
    const own: Patch = [{ op: "test", path: "/list/1/name", value: "b" }, rename("/list/1")];
    expect(names(land([add("/list/0")], own))).toBe("Na!cd");
  });

  test.each<[string, Patch]>([
    ["fails at another value", [{ op: "replace", path: "/list/1/name", value: "B" }]],
    ["whose target is gone fails", [remove("/list/1")]],
  ])("[E2] that %s refuses the whole patch", (_, others) => {
    const own: Patch = [rename("/list/0"), { op: "test", path: "/list/1/name", value: "b" }];
    expect(() => land(others, own)).toThrow(expect.objectContaining({ code: "patch_failed" }));
  });
});

describe("text", () => {
  const ins = (pos: number, str: string): Operation => ({ op: "str_ins", path: "/text", pos, str });
  const del = (pos: number, len: number): Operation => ({ op: "str_del", path: "/text", pos, len });

  test.each<[string, Patch, Patch, string, number[]]>([
    ["an insertion behind another", [ins(0, "oh, ")], [ins(5, "!")], "oh, hello! world", []],
    ["two insertions at one position", [ins(5, "1")], [ins(5, "2")], "hello12 world", []],
    ["an insertion in what was deleted", [del(3, 5)], [ins(5, "!")], "hel!rld", []],
    ["a deletion around an insertion", [ins(5, "!!")], [del(4, 3)], "hell!!orld", []],
    ["a deletion that overlaps another", [del(3, 5)], [del(5, 4)], "helld", []],
    ["a deletion of what is deleted", [del(3, 5)], [del(4, 2)], "helrld", [0]],
    [
      "two deletions of its own around insertions",
      [ins(2, "A"), ins(9, "B")],
      [del(1, 3), del(4, 3)],
      "hAo wBd",
      [],
    ],
    [
      "a text that was replaced",
      [{ op: "replace", path: "/text", value: "new" }],
      [ins(2, "!")],
      "new",
      [0],
    ],
    [
      "a text that was moved",
      [move("/text", "/t"), move("/t", "/text")],
      [ins(0, "!")],
      "!hello world",
      [],
    ],
  ])("[E1, E5] %s", (_, others, own, expected, dropped) => {
    const { state, dropped: left } = land(others, own);
    expect([state["text"], left]).toEqual([expected, dropped]);
  });

  test("[E5] additions of two people add up", () => {
    const inc: Patch = [{ op: "inc", path: "/n", by: 1 }];
    expect(land(inc, inc).state["n"]).toBe(3);
    expect(land([{ op: "replace", path: "/n", value: 10 }], inc).state["n"]).toBe(11);
  });
});

describe("a strict patch", () => {
  test("[E2] is refused as a whole if a target is gone, and changes nothing", () => {
    let refusal: unknown;
    try {
      land([remove("/list/2")], [rename("/list/0"), rename("/list/2")], true);
    } catch (error) {
      refusal = error;
    }
    expect(refusal).toBeInstanceOf(CollabError);
    expect(refusal).toMatchObject({
      code: "target_gone",
      info: { detail: expect.stringContaining("gone: 1.") },
    });
  });

  test("[E2] whose targets are all there is applied", () => {
    expect(names(land([remove("/list/2")], [rename("/list/3")], true))).toBe("ab!");
  });
});

describe("the work of moving", () => {
  // The last item comes and goes.
  const effects = Array.from({ length: 1000 }, (_, n): Effect => ({
    kind: n % 2 === 0 ? "insert" : "take",
    container: ["list"],
    index: 4,
  }));

  test("[E3] is bounded: a patch that would take too long is refused, and changes nothing", () => {
    const own = Array.from({ length: 60 }, () => move("/list/0", "/list/2"));
    const run = new PatchRun(sized(base()), defaultLimits);
    let steps = 0;
    expect(() => applyRebased(run, own, effects, false, (spent) => (steps = spent))).toThrow(
      expect.objectContaining({ code: "base_too_old" }),
    );
    expect(run.next.value).toEqual(base());
    expect(steps).toBeGreaterThan(200_000);
  });

  test("[E3] is small for what has changed elsewhere, and for one operation", () => {
    const elsewhere = effects.map(
      (effect) => ({ ...effect, container: ["box", "list"] }) as Effect,
    );
    const own = Array.from({ length: 600 }, () => rename("/list/0"));
    let steps = 0;
    const run = new PatchRun(sized(base()), defaultLimits);
    expect(applyRebased(run, own, elsewhere, false, (spent) => (steps = spent))).toEqual([]);
    expect(steps).toBe(0);
    applyRebased(run, [remove("/box/title")], elsewhere, false, (spent) => (steps = spent));
    expect(steps).toBe(1000);
  });

  test("[E3] of texts with many insertions counts their pieces", () => {
    const typed = Array.from({ length: 4000 }, (_, n): Effect => ({
      kind: "textInsert",
      path: ["text"],
      at: 2 * n + 1,
      length: 1,
    }));
    const run = new PatchRun(sized({ text: "x".repeat(20_000) }), defaultLimits);
    const erase: Patch = [{ op: "str_del", path: "/text", pos: 0, len: 10_000 }];
    expect(() => applyRebased(run, erase, typed, false)).toThrow(
      expect.objectContaining({ code: "base_too_old" }),
    );
  });
});
