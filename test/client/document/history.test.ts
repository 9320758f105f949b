// Undo and redo (rule C6): they revert the user's own edits, and nobody else's.

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Operation } from "../../../src/protocol/json-patch.ts";
import type { JsonObject } from "../../../src/protocol/json.ts";
import { firstState, intents, operationFor } from "../../support/tagged-lists.ts";
import { runs } from "../../support/runs.ts";
import { ModelRoom, type ModelClient } from "../support/model-room.ts";

const copy = <T>(value: T): T => JSON.parse(JSON.stringify(value)) as T;

const start = (): JsonObject => ({
  notes: [
    { id: 1, text: "one" },
    { id: 2, text: "two" },
  ],
  title: "Board",
  count: 0,
});

/**
 * Ada edits, then Bob edits, then Ada undoes her edit. @returns the state that both then see, and the results of undo
 */
function undoAfter(own: Operation[], others: Operation[]) {
  const room = new ModelRoom(start());
  const [ada, bob] = [room.join(), room.join()];
  for (const each of own) ada.edit(copy(each));
  room.settle();
  for (const each of others) bob.edit(copy(each));
  room.settle();
  let skipped = 0;
  let undone = false;
  for (const _ of own) {
    const result = ada.history.undo();
    skipped += result.skipped;
    undone ||= result.undone;
  }
  room.settle();
  expect(bob.state).toEqual(ada.state);
  return { state: ada.state, skipped, undone };
}

const set = (path: string, value: string | number): Operation => ({ op: "add", path, value });

describe("[C6] undo reverts an edit", () => {
  test.each<[string, Operation[], Operation[], JsonObject]>([
    ["by restoring a value", [set("/title", "Pier")], [], {}],
    ["by removing what was added", [set("/color", "red")], [], {}],
    ["by adding what was removed", [{ op: "remove", path: "/title" }], [], {}],
    ["in a list", [{ op: "remove", path: "/notes/0" }], [], {}],
    ["of a move", [{ op: "move", from: "/notes/0", path: "/notes/1" }], [], {}],
    [
      "by subtracting what was added to a number, and no more",
      [{ op: "inc", path: "/count", by: 2 }],
      [{ op: "inc", path: "/count", by: 5 }],
      { count: 5 },
    ],
    [
      "of a fraction added to a number, to exactly the previous number",
      [set("/count", 0.1), { op: "inc", path: "/count", by: 0.2 }],
      [],
      {},
    ],
    [
      "of an increment that a large number could not represent",
      [set("/count", 1e16), { op: "inc", path: "/count", by: 1 }],
      [],
      {},
    ],
    [
      "of an increment so large that the number lost its fraction",
      [set("/count", 0.1), { op: "inc", path: "/count", by: 1e17 }],
      [],
      {},
    ],
    ["of an item that was replaced", [{ op: "replace", path: "/notes/0", value: "one" }], [], {}],
    [
      "in a text, and keeps what others have typed",
      [{ op: "str_ins", path: "/title", pos: 5, str: "!!" }],
      [{ op: "str_ins", path: "/title", pos: 6, str: "?" }],
      { title: "Board?" },
    ],
    [
      "at the item's current position",
      [set("/notes/1/text", "mine")],
      [{ op: "add", path: "/notes/0", value: { id: 0, text: "zero" } }],
      {
        notes: [
          { id: 0, text: "zero" },
          { id: 1, text: "one" },
          { id: 2, text: "two" },
        ],
      },
    ],
    [
      "of several edits, one after the other",
      [set("/title", "a"), set("/title", "b"), { op: "remove", path: "/title" }],
      [],
      {},
    ],
  ])("%s", (_, own, others, changed) => {
    expect(undoAfter(own, others)).toEqual({
      state: { ...start(), ...changed },
      skipped: 0,
      undone: true,
    });
  });
});

describe("[C6] undo leaves alone, and counts as skipped,", () => {
  test.each<[string, Operation[], Operation[], JsonObject]>([
    [
      "a value that somebody else has set since",
      [set("/title", "mine")],
      [set("/title", "Bob's")],
      { title: "Bob's" },
    ],
    [
      "the user's addition to a number that somebody else has set since",
      [{ op: "inc", path: "/count", by: 5 }],
      [set("/count", 100)],
      { count: 100 },
    ],
    [
      "the user's own item if somebody else has edited it since",
      [{ op: "add", path: "/notes/2", value: { id: 3, text: "three" } }],
      [set("/notes/2/text", "Bob's")],
      { notes: [...(start()["notes"] as JsonObject[]), { id: 3, text: "Bob's" }] },
    ],
    [
      "a value in an item that somebody else has removed",
      [set("/notes/1/text", "mine")],
      [{ op: "remove", path: "/notes/1" }],
      { notes: [{ id: 1, text: "one" }] },
    ],
    [
      "a key that somebody else has set again",
      [{ op: "remove", path: "/title" }],
      [set("/title", "Bob's")],
      { title: "Bob's" },
    ],
    [
      "a text that somebody else has replaced",
      [{ op: "str_ins", path: "/title", pos: 0, str: "A " }],
      [set("/title", "Bob's")],
      { title: "Bob's" },
    ],
  ])("%s", (_, own, others, changed) => {
    expect(undoAfter(own, others)).toEqual({
      state: { ...start(), ...changed },
      skipped: 1,
      undone: false,
    });
  });
});

describe("[C6] the history", () => {
  const alone = (): { room: ModelRoom; ada: ModelClient } => {
    const room = new ModelRoom(start());
    return { room, ada: room.join() };
  };

  test("redoes what was undone, until there is a new edit", () => {
    const { ada } = alone();
    ada.edit(set("/title", "a"));
    ada.edit(set("/title", "b"));
    ada.history.undo();
    ada.history.undo();
    expect(ada.state["title"]).toBe("Board");
    ada.history.redo();
    expect(ada.state["title"]).toBe("a");
    expect(ada.history.canRedo).toBe(true);
    ada.edit(set("/title", "c"));
    expect(ada.history.canRedo).toBe(false);
    expect(ada.history.redo()).toEqual({ undone: false, skipped: 0 });
  });

  test("undoes the edits between pause and resume together", () => {
    const { ada } = alone();
    ada.edit(set("/title", "before"));
    ada.history.pause();
    for (const x of [1, 2, 3]) ada.edit(set("/count", x));
    ada.history.resume();
    ada.edit(set("/title", "after"));
    ada.history.undo();
    expect(ada.state).toMatchObject({ title: "before", count: 3 });
    ada.history.undo();
    expect(ada.state).toMatchObject({ title: "before", count: 0 });
    ada.history.redo();
    expect(ada.state).toMatchObject({ count: 3 });
  });

  test("undoes a step of more operations than the room accepts in one message", () => {
    const { room, ada } = alone();
    const before = copy(ada.state);
    ada.history.pause();
    for (let n = 0; n < 1200; n++) ada.edit(set(`/key ${n}`, n));
    ada.history.resume();
    const after = copy(ada.state);
    room.settle();
    expect(ada.history.undo()).toEqual({ undone: true, skipped: 0 });
    const sizes = ada.replica.edits.map(({ operations }) => operations.length);
    expect(Math.max(...sizes)).toBeLessThanOrEqual(1000);
    room.settle();
    expect(room.document.value).toEqual(before);
    expect(ada.history.canUndo).toBe(false);
    ada.history.redo();
    room.settle();
    expect(room.document.value).toEqual(after);
  });

  test("undoes a step that does not fit into one message", () => {
    const { room, ada } = alone();
    const texts = Array.from({ length: 8 }, (_, n) => set(`/key ${n}`, "x".repeat(40_000)));
    for (const each of texts) {
      ada.edit(each);
      room.settle();
    }
    const before = copy(ada.state);
    ada.history.pause();
    for (const { path } of texts) ada.edit({ op: "remove", path });
    ada.history.resume();
    room.settle();
    expect(ada.history.undo()).toEqual({ undone: true, skipped: 0 });
    room.settle();
    expect(room.document.value).toEqual(before);
  });

  test.each<[string, (n: number) => Operation[], JsonObject]>([
    ["a value", (n) => [set("/count", n)], { count: 0 }],
    ["a growing number", () => [{ op: "inc", path: "/count", by: 2 }], { count: 0 }],
    [
      "values of several items in turn",
      (n) => [set("/notes/0/x", n), { op: "replace", path: "/notes/1", value: { x: n } }],
      {},
    ],
  ])("undoes a drag of %s with one operation for each value", (_, move, changed) => {
    const { room, ada } = alone();
    ada.history.pause();
    for (let n = 1; n <= 600; n++) for (const each of move(n)) ada.edit(each);
    ada.history.resume();
    const moved = copy(ada.state);
    room.settle();
    ada.history.undo();
    const sent = ada.replica.edits.flatMap(({ operations }) => operations);
    expect(sent).toHaveLength(move(0).length);
    expect(ada.state).toEqual({ ...start(), ...changed });
    ada.history.redo();
    expect(ada.state).toEqual(moved);
  });

  test("restores the value that somebody else set in the middle of a drag", () => {
    const { room, ada } = alone();
    const bob = room.join();
    ada.history.pause();
    ada.edit(set("/count", 1));
    room.settle();
    bob.edit(set("/count", 100));
    room.settle();
    ada.edit(set("/count", 2));
    ada.edit(set("/count", 3));
    ada.history.undo();
    expect(ada.state["count"]).toBe(100);
  });

  test("undoes a drag to its start, although the room refused a part of it", () => {
    const { room, ada } = alone();
    ada.history.pause();
    ada.edit(set("/count", 1));
    room.settle();
    room.refuse = true;
    ada.edit(set("/count", 1000));
    ada.sendAll();
    room.commit();
    ada.edit(set("/count", 2));
    room.refuse = false;
    room.settle();
    expect({ count: ada.state["count"], refusals: ada.refusals }).toEqual({
      count: 2,
      refusals: ["invalid_state"],
    });
    expect(ada.history.undo()).toEqual({ undone: true, skipped: 0 });
    expect(ada.state["count"]).toBe(0);
  });

  test("undoes increments without those that the room refused", () => {
    const { room, ada } = alone();
    const grow: Operation = { op: "inc", path: "/count", by: 2 };
    ada.history.pause();
    ada.edit(grow);
    room.settle();
    room.refuse = true;
    ada.edit(grow);
    ada.sendAll();
    room.commit();
    ada.edit(grow);
    room.refuse = false;
    room.settle();
    expect(ada.state["count"]).toBe(4);
    ada.history.undo();
    expect(ada.state["count"]).toBe(0);
  });

  test("keeps steps separate if a parent value was replaced in between", () => {
    const { ada } = alone();
    ada.history.pause();
    ada.edit(set("/notes/0/x", 5));
    ada.edit({ op: "replace", path: "/notes/0", value: { x: 5, y: 1 } });
    ada.edit(set("/notes/0/x", 6));
    expect(ada.history.undo()).toEqual({ undone: true, skipped: 0 });
    expect(ada.state).toEqual(start());
  });

  test("keeps steps separate if items moved in between", () => {
    const { ada } = alone();
    ada.edit(set("/notes/0/x", 1));
    ada.edit(set("/notes/1/x", 1));
    const before = copy(ada.state);
    ada.history.pause();
    ada.edit(set("/notes/1/x", 2));
    ada.edit({ op: "move", from: "/notes/0", path: "/notes/1" });
    ada.edit(set("/notes/0/x", 3));
    ada.edit(set("/notes/1/x", 2));
    expect(ada.history.undo()).toEqual({ undone: true, skipped: 0 });
    expect(ada.state).toEqual(before);
  });

  test("undoes the user's increments together, and keeps those of others", () => {
    const { room, ada } = alone();
    const bob = room.join();
    ada.history.pause();
    for (let n = 0; n < 3; n++) ada.edit({ op: "inc", path: "/count", by: 2 });
    room.settle();
    bob.edit({ op: "inc", path: "/count", by: 100 });
    room.settle();
    expect(ada.history.undo()).toEqual({ undone: true, skipped: 0 });
    room.settle();
    expect(room.document.value["count"]).toBe(100);
  });

  test("does not record edits that it was told to ignore", () => {
    const { ada } = alone();
    ada.history.ignore(() => ada.edit(set("/title", "ignored")));
    expect(ada.history.canUndo).toBe(false);
  });

  test("keeps at most a hundred steps", () => {
    const { ada } = alone();
    for (let n = 1; n <= 150; n++) ada.edit(set("/count", n));
    let steps = 0;
    while (ada.history.undo().undone) steps++;
    expect({ steps, count: ada.state["count"] }).toEqual({ steps: 100, count: 50 });
  });

  test("forgets an edit that the room has refused", () => {
    const { room, ada } = alone();
    room.refuse = true;
    ada.edit(set("/title", "refused"));
    room.settle();
    expect(ada.state["title"]).toBe("Board");
    expect(ada.history.canUndo).toBe(false);
  });

  test("still undoes an edit inside an item whose removal the room refused", () => {
    const { room, ada } = alone();
    ada.edit({ op: "str_ins", path: "/notes/1/text", pos: 0, str: "mine: " });
    room.settle();
    room.refuse = true;
    ada.edit({ op: "remove", path: "/notes/1" });
    room.settle();
    room.refuse = false;
    expect(ada.history.undo()).toEqual({ undone: true, skipped: 0 });
    expect(ada.state).toEqual(start());
  });

  test("stays small while others change the state", () => {
    const { room, ada } = alone();
    const bob = room.join();
    ada.edit({ op: "add", path: "/notes/2", value: { id: 3, text: "mine" } });
    room.settle();
    for (let n = 0; n < 3000; n++)
      bob.edit({
        op: n % 2 === 0 ? "add" : "remove",
        path: "/notes/0",
        value: { id: -n, text: "" },
      } as Operation);
    room.settle();
    expect(ada.history.undo()).toEqual({ undone: true, skipped: 0 });
    expect(ada.state).toEqual(start());
    expect(ada.history.size).toBeLessThan(1200);
  });

  test("redoes a value that was set twice and undone before the room received it", () => {
    const room = new ModelRoom({ deep: { list: [0] } });
    const ada = room.join();
    for (const list of [[1], [2]]) ada.edit({ op: "replace", path: "/deep", value: { list } });
    ada.history.undo();
    room.settle();
    expect(ada.history.redo()).toEqual({ undone: true, skipped: 0 });
    expect(ada.state).toEqual({ deep: { list: [2] } });
  });

  test("returns to the same state after as many redos as undos, whatever was edited", () => {
    fc.assert(
      fc.property(
        fc.array(intents({ minLength: 1, maxLength: 1 }), { minLength: 1, maxLength: 25 }),
        fc.nat(25),
        (all, back) => {
          const room = new ModelRoom(firstState());
          const ada = room.join();
          const states: JsonObject[] = [copy(ada.state)];
          for (const [intent] of all) {
            const operation = intent && operationFor(ada.state, intent);
            if (!operation || (operation.op === "move" && operation.from === operation.path))
              continue;
            ada.edit(copy(operation));
            states.push(copy(ada.state));
            if (intent.from % 3 === 0) room.settle();
          }
          const count = Math.min(back, states.length - 1);
          for (let n = 1; n <= count; n++) {
            expect(ada.history.undo().skipped).toBe(0);
            expect(ada.state).toEqual(states[states.length - 1 - n]);
          }
          room.settle();
          for (let n = 0; n < count; n++) ada.history.redo();
          expect(ada.state).toEqual(states.at(-1));
        },
      ),
      { numRuns: runs(2000) },
    );
  });
});
