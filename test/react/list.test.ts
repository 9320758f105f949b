// Lists that several people reorder at once. Items are addressed by key, so that changing positions do not matter.

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Room } from "../../src/client/types.ts";
import { isOrderKey } from "../../src/client/order-keys.ts";
import { arrange, entriesOf, freeKey, readerOf, type Place } from "../../src/react/list.ts";
import { listFunctions } from "../../src/react/use-list.ts";
import type { JsonObject } from "../../src/protocol/json.ts";
import { runs } from "../support/runs.ts";
import { createFakeRoom } from "./support/fake-room.ts";

type Card = { order: string; text: string };
type Board = { cards: Record<string, Card> };

const card = (text: string, order: string): Card => ({ text, order });

function open(cards: JsonObject = {}) {
  const room = createFakeRoom<Board>({ cards });
  const list = listFunctions<Board, Card>(room as Room<Board>, readerOf("/cards"));
  return {
    room,
    ...list,
    keys: () => entriesOf(room.state.cards).map(({ key }) => key),
    texts: () => entriesOf<Card>(room.state.cards).map(({ item }) => item.text),
  };
}

describe("[C9] a list", () => {
  test("has its items in the order of their order keys, and then of their own keys", () => {
    const list = { c: { order: "V01" }, a: { order: "V02" }, b: { order: "V01" } };
    expect(entriesOf(list).map(({ key }) => key)).toEqual(["b", "c", "a"]);
    expect(entriesOf<Card>(list)[0]?.item).toBe(list.b);
  });

  test("puts items without an order key at the end", () => {
    const list = { b: {}, a: { order: 7 }, d: { order: "V01" }, c: "text", e: { order: "" } };
    expect(entriesOf(list).map(({ key }) => key)).toEqual(["d", "a", "b", "c", "e"]);
  });

  test("is empty if the state has no list", () => {
    for (const nothing of [undefined, null, 7, []]) expect(entriesOf(nothing)).toEqual([]);
  });
});

describe("[C9] the functions of a list", () => {
  test("insert at the end, at the front, and next to an item", () => {
    const { insert, texts } = open();
    const { key: b } = insert({ text: "b" });
    insert({ text: "d" });
    insert({ text: "a" }, "first");
    insert({ text: "c" }, { after: b });
    insert({ text: "a2" }, { before: b });
    insert({ text: "e" }, { before: "gone" });
    expect(texts()).toEqual(["a", "a2", "b", "c", "d", "e"]);
  });

  test("insert an item under the caller's key, but only once", () => {
    const { insert, keys } = open();
    expect(insert({ text: "a" }, "last", "card-1").key).toBe("card-1");
    expect(() => insert({ text: "b" }, "last", "card-1")).toThrow(RangeError);
    expect(keys()).toEqual(["card-1"]);
  });

  test("move an item by changing only its order key", () => {
    const { room, move, keys } = open({
      a: card("a", "V01"),
      b: card("b", "V02"),
      c: card("c", "V03"),
    });
    const { a, b } = room.state.cards;
    move("c", { before: "b" });
    expect(keys()).toEqual(["a", "c", "b"]);
    expect(room.state.cards["a"]).toBe(a);
    expect(room.state.cards["b"]).toBe(b);
    move("c", "first");
    move("a", { after: "b" });
    expect(keys()).toEqual(["c", "b", "a"]);
  });

  test("do not change an item that is already in its place", () => {
    const { room, move } = open({ a: card("a", "V01"), b: card("b", "V02") });
    const { state } = room;
    move("a", "first");
    move("a", { before: "b" });
    move("b", { after: "b" });
    move("b", "last");
    expect(room.state).toBe(state);
  });

  test("update and remove an item by its key", () => {
    const { room, update, remove, texts } = open({ a: card("a", "V01"), b: card("b", "V02") });
    update("b", (item) => void (item.text = "B"));
    remove("a");
    expect(texts()).toEqual(["B"]);
    expect(room.state.cards["b"]?.order).toBe("V02");
  });

  test("ignore an item that others have removed", async () => {
    const { room, update, remove, move } = open({ a: card("a", "V01") });
    const { state } = room;
    update("b", (item) => void (item.text = "B"));
    remove("b");
    await move("b", "first").committed;
    expect(room.state).toBe(state);
  });

  test("change the current list, not the one that was rendered", () => {
    const { room, insert, keys } = open({ a: card("a", "V01"), b: card("b", "V05") });
    room.change(({ cards }: Board) => {
      cards["c"] = card("c", "V02");
      cards["a"] = card("a", "V09");
    });
    insert({ text: "d" }, { before: "a" }, "d");
    expect(keys()).toEqual(["c", "b", "d", "a"]);
  });

  test("treat keys such as __proto__ as plain names", () => {
    const { room, insert, move, update, remove, keys, texts } = open(
      JSON.parse('{"toString":{"text":"x","order":"V01"}}') as JsonObject,
    );
    update("constructor", () => expect.fail("There is no such item."));
    insert({ text: "y" }, "first", "valueOf");
    move("toString", "first");
    expect(keys()).toEqual(["toString", "valueOf"]);
    remove("toString");
    expect(texts()).toEqual(["y"]);
    expect(Object.getPrototypeOf(room.state.cards)).toBe(Object.prototype);
    expect(entriesOf(JSON.parse('{"__proto__":{"order":"V01"}}')).map(({ key }) => key)).toEqual([
      "__proto__",
    ]);
    expect(readerOf("/cards/__proto__")({ cards: {} })).toBeUndefined();
  });

  test("throw an error that says what is missing if the state has no list", () => {
    const room = createFakeRoom<Board>({});
    const { insert, remove } = listFunctions<Board, Card>(room as Room<Board>, readerOf("/cards"));
    expect(() => insert({ text: "a" })).toThrow("The state has no list here");
    expect(() => remove("a")).toThrow("The state has no list here");
    expect(() => readerOf("cards")).toThrow(TypeError);
  });
});

describe("[C9] reordering", () => {
  const cases = fc.record({
    orders: fc.array(fc.constantFrom("V00", "V01", "V02", "V05", "zz", "", null), {
      maxLength: 12,
    }),
    from: fc.nat(12),
    to: fc.nat(12),
    isAfter: fc.boolean(),
  });

  test("puts an item in the requested place, whatever the order keys, and keeps the order of the others", () => {
    fc.assert(
      fc.property(cases, ({ orders, from, to, isAfter }) => {
        const list: Record<string, JsonObject> = {};
        for (const [index, order] of orders.entries())
          list[`k${index}`] = order === null ? {} : { order };
        const before = entriesOf(list).map(({ key }) => key);
        const key = before[from] ?? "new";
        const beside = before[to];
        const place: Place =
          beside === undefined
            ? isAfter
              ? "last"
              : "first"
            : isAfter
              ? { after: beside }
              : { before: beside };
        for (const [each, order] of arrange(list, key, place)) {
          expect(isOrderKey(order)).toBe(true);
          list[each] = { ...list[each], order };
        }
        const expected = before.filter((each) => each !== key);
        const at =
          beside === undefined
            ? isAfter
              ? expected.length
              : 0
            : expected.indexOf(beside) + Number(isAfter);
        if (beside === key) expect(entriesOf(list).map((entry) => entry.key)).toEqual(before);
        else
          expect(entriesOf(list).map((entry) => entry.key)).toEqual(expected.toSpliced(at, 0, key));
      }),
      { numRuns: runs(1000) },
    );
  });

  test("changes one order key, unless others are equal or missing", () => {
    const list = {
      a: { order: "V01" },
      b: { order: "V02" },
      c: { order: "V02" },
      d: { order: "V03" },
    };
    expect([...arrange(list, "a", "last").keys()]).toEqual(["a"]);
    expect([...arrange(list, "d", { before: "b" }).keys()]).toEqual(["d"]);
    expect([...arrange(list, "a", { after: "b" }).keys()]).toEqual(["a", "c"]);
  });

  test("picks keys that are not in use", () => {
    const key = freeKey({});
    expect(key).toMatch(/^[0-9a-z]{16}$/);
    expect(freeKey({ [key]: 1 })).not.toBe(key);
  });
});
