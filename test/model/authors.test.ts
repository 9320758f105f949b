// Who has made the changes of a row, as text.

import { describe, expect, test } from "vitest";
import { decodeAuthors, encodeAuthors, type Author } from "../../src/model/authors.ts";
import { createCaller, roomCaller, workerCaller } from "../../src/protocol/caller.ts";

const session = "d9428888-122b-41e1-b85c-61cd3cbb3210";
const bySocket = (id: string): Author => ({
  caller: createCaller({ door: "socket", user: { id, name: "Some Name" }, scopes: [], session }),
});

describe("the authors of a row", () => {
  test.each([
    ["a user on a socket", bySocket("ada"), { door: "socket", user: "ada", session }],
    [
      "an action of theirs",
      { ...bySocket("ada"), action: "go" },
      { door: "socket", user: "ada", session, action: "go" },
    ],
    [
      "a server without a user",
      { caller: createCaller({ door: "http", scopes: [] }) },
      { door: "http" },
    ],
    ["code in the Worker", { caller: workerCaller }, { door: "worker" }],
    [
      "an action that was scheduled",
      { caller: roomCaller, action: "tick" },
      { door: "room", action: "tick" },
    ],
    [
      "an id with anything in it",
      bySocket('"],\u0000\ud800ü__proto__'),
      { door: "socket", user: '"],\u0000\ud800ü__proto__', session },
    ],
  ])("[V1] are read as they were written: %s", (_, author, told) => {
    expect(decodeAuthors(encodeAuthors([author]))).toEqual([{ ...told, changes: 1 }]);
  });

  test("[V1] are counted while they follow each other, and kept in order", () => {
    const [ada, bob] = [bySocket("ada"), bySocket("bob")];
    const told = decodeAuthors(encodeAuthors([ada, ada, bob, ada]));
    expect(told.map(({ user, changes }) => [user, changes])).toEqual([
      ["ada", 2],
      ["bob", 1],
      ["ada", 1],
    ]);
  });

  test("[V1] take little room however many there are, and none of the changes is left out", () => {
    const authors = Array.from({ length: 10_000 }, (_, n) => bySocket(`user-${n % 100}`));
    const text = encodeAuthors(authors);
    expect(text.length).toBeLessThan(3000);
    const told = decodeAuthors(text);
    expect(told).toHaveLength(33);
    expect(told.reduce((sum, { changes }) => sum + changes, 0)).toBe(10_000);
    expect(told.at(-1)).toEqual({ changes: 10_000 - 32 });
  });

  test("[V1] say nothing of a user but the id", () => {
    expect(encodeAuthors([bySocket("ada")])).not.toContain("Some Name");
  });

  test.each(["", "{", "null", "7", "[7]", "[null]"])(
    "[V1] of text that is none are nobody: %s",
    (text) => {
      expect(decodeAuthors(text).filter(({ door }) => door !== undefined)).toEqual([]);
    },
  );
});
