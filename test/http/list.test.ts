// The list of running rooms over HTTP: its pages, its prefix, and what is refused as a query. What the
// directory itself does is tested in test/durable/directory.test.ts.

import { describe, expect, test } from "vitest";
import { at, expectEmpty, expectJson, expectProblem, send } from "../support/http.ts";
import { newId } from "../support/rooms.ts";

type Page = { rooms: { id: string }[]; total: number; cursor?: string };

const list = (query: Record<string, string | number> = {}): Promise<Response> =>
  send("GET", `/rooms?${new URLSearchParams(Object.entries(query).map(([k, v]) => [k, `${v}`]))}`);

const page = async (query: Record<string, string | number>): Promise<Page> =>
  expectJson<Page>(await list(query), 200);

/** Running rooms whose ids begin with what no other room's id does. */
async function start(endings: readonly string[]): Promise<string> {
  const prefix = newId("list/");
  for (const ending of endings) await expectJson(await send("PUT", at(prefix + ending)), 201);
  return prefix;
}

describe("pages", () => {
  test("[D1] a listed room has an id, a behaviour, users and a time of creation", async () => {
    const id = newId();
    const started = await send("PUT", at(id), { json: { behaviour: "brief" } });
    const { createdAt } = await expectJson(started, 201);
    const response = await list({ prefix: id });
    expect(response.headers.get("cache-control")).toBe("no-store");
    expect(await expectJson(response, 200)).toEqual({
      rooms: [{ id, behaviour: "brief", users: 0, createdAt }],
      total: expect.any(Number),
    });
  });

  test("[D1] a user who starts a room by joining is counted at once", async () => {
    const id = newId();
    await send("POST", at(id, "/users"), { json: { id: "ada" } });
    expect((await page({ prefix: id })).rooms).toMatchObject([{ id, users: 1 }]);
  });

  test("[D1] pages follow each other by cursor, in code point order, to the last one", async () => {
    // An emoji comes after U+FF5E in code points, but before it in UTF-16 units.
    const endings = ["", "!", "A", "a", "aa", "b", "é", "～", "🦊", "🦊🦊"];
    const prefix = await start(endings.toReversed());
    for (const limit of [1, 3, 5, 9]) {
      const seen: string[] = [];
      let query: { prefix: string; limit: number; cursor?: string } = { prefix, limit };
      for (let pages = Math.ceil(endings.length / limit); pages > 0; pages--) {
        const { rooms, cursor } = await page(query);
        seen.push(...rooms.map(({ id }) => id.slice(prefix.length)));
        expect(cursor === undefined).toBe(pages === 1);
        if (cursor !== undefined) query = { prefix, limit, cursor };
      }
      expect(seen).toEqual(endings);
    }
  });

  test("[D1] a page that ends with the last room has no cursor", async () => {
    const prefix = await start(["a", "b"]);
    expect(await page({ prefix, limit: 2 })).not.toHaveProperty("cursor");
    expect(await page({ prefix, limit: 1 })).toHaveProperty("cursor");
  });

  test("[D1] total counts every running room, whatever the page shows", async () => {
    const prefix = await start(["a", "b", "c"]);
    const { total } = await page({ prefix, limit: 1 });
    expect(total).toBeGreaterThanOrEqual(3);
    expect((await page({ prefix: `${prefix}nothing` })).total).toBe(total);
    await send("DELETE", at(`${prefix}a`));
    expect((await page({ prefix })).total).toBe(total - 1);
  });

  test("[D1] a cursor is good for going on though its room has stopped", async () => {
    const prefix = await start(["a", "b", "c"]);
    const { cursor = "" } = await page({ prefix, limit: 2 });
    await send("DELETE", at(`${prefix}b`));
    expect((await page({ prefix, cursor })).rooms.map(({ id }) => id)).toEqual([`${prefix}c`]);
  });

  test("[D1] a prefix is taken letter by letter: no pattern, no folding of case", async () => {
    const prefix = await start(["a%b", "a_b", "axb", "A*b", "a", "a\u0301", "ä"]);
    const found = async (ending: string): Promise<string[]> =>
      (await page({ prefix: prefix + ending })).rooms.map(({ id }) => id.slice(prefix.length));
    expect(await found("a%")).toEqual(["a%b"]);
    expect(await found("a_")).toEqual(["a_b"]);
    expect(await found("A")).toEqual(["A*b"]);
    expect(await found("*")).toEqual([]);
    expect(await found("a")).toEqual(["a", "a%b", "a_b", "axb", "a\u0301"]);
    expect(await found("ä")).toEqual(["ä"]);
  });

  test("[D1] HEAD gives the headers alone", async () => {
    await expectEmpty(await send("HEAD", "/rooms?limit=1"), 200);
  });

  test("[D1] a parameter that is unknown is refused, and named", async () => {
    const response = await send("GET", "/rooms?limti=1");
    const { issues } = await expectProblem(response, 400, "invalid_request");
    expect(issues).toEqual([{ path: "", message: expect.stringContaining("limti") }]);
  });
});

describe("queries", () => {
  test.each(["1", "1000"])("[D1] limit=%s is taken", async (limit) => {
    await expectJson(await list({ limit }), 200);
  });

  test.each(["0", "-1", "1001", "1.5", "", " ", "ten", "NaN", "Infinity", "1e9", "1,2"])(
    "[D1] limit=%j is refused, and named",
    async (limit) => {
      const { issues } = await expectProblem(await list({ limit }), 400, "invalid_request");
      expect(issues).toEqual([{ path: "limit", message: expect.any(String) }]);
    },
  );

  test.each([
    ["nothing", ""],
    ["what is no base64", "!!!"],
    ["half of a character", btoa("\u00f0\u009f")],
    ["bytes that are no UTF-8", "_____w"],
    ["a control character", btoa("a\u0000")],
    ["an id that is too long", btoa("a".repeat(257))],
    ["an id as it is", "room-1"],
  ])("[D1] a cursor of %s is refused", async (_, cursor) => {
    const { detail } = await expectProblem(await list({ cursor }), 400, "invalid_request");
    expect(detail).toBe(
      "cursor must be the cursor of an earlier page. Leave it out for the first page.",
    );
  });

  test.each([
    "prefix=%ff",
    "prefix=%zz",
    "prefix=a%",
    "prefix=%ED%A0%80",
    "cursor=%C0%80",
    "limit=5&x=%f0",
  ])("[D1] ?%s is no percent-encoded UTF-8, and refused", async (query) => {
    await expectProblem(await send("GET", `/rooms?${query}`), 400, "invalid_request");
  });
});
