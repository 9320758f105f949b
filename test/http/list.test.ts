// The list of running rooms over HTTP: its pages, its prefix, and the queries that are refused. The
// directory itself is tested in test/cloudflare/directory.test.ts.

import { describe, expect, test } from "vitest";
import { at, expectEmpty, expectJson, expectProblem, send } from "../support/http.ts";
import { newId } from "../support/rooms.ts";

type Page = { rooms: { id: string }[]; total: number; cursor?: string };

const list = (query: Record<string, string | number> = {}): Promise<Response> =>
  send("GET", `/rooms?${new URLSearchParams(Object.entries(query).map(([k, v]) => [k, `${v}`]))}`);

const page = async (query: Record<string, string | number>): Promise<Page> =>
  expectJson<Page>(await list(query), 200);

/** Start rooms whose ids have a unique prefix. @returns the prefix */
async function start(endings: readonly string[]): Promise<string> {
  const prefix = newId("list/");
  for (const ending of endings) await expectJson(await send("PUT", at(prefix + ending)), 201);
  return prefix;
}

describe("pages", () => {
  test("[D1] list the id, behaviour, number of users and creation time of a room", async () => {
    const id = newId();
    const started = await send("PUT", at(id), { json: { behaviour: "brief" } });
    const { createdAt } = await expectJson(started, 201);
    const response = await list({ prefix: id });
    expect(response.headers.get("cache-control")).toBe("no-store");
    expect(await expectJson(response, 200)).toEqual({
      rooms: [{ id, behaviour: "brief", users: 0, createdAt }],
      total: 1,
    });
  });

  test("[D1] count a user who starts a room by joining immediately", async () => {
    const id = newId();
    await send("POST", at(id, "/users"), { json: { id: "ada" } });
    expect((await page({ prefix: id })).rooms).toMatchObject([{ id, users: 1 }]);
  });

  test("[D1] follow each other by cursor in code point order", async () => {
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

  test("[D1] have no cursor if they end with the last room", async () => {
    const prefix = await start(["a", "b"]);
    expect(await page({ prefix, limit: 2 })).not.toHaveProperty("cursor");
    expect(await page({ prefix, limit: 1 })).toHaveProperty("cursor");
  });

  test("[D1] have the total of the rooms that the prefix selects, on every page", async () => {
    const prefix = await start(["a", "ab", "abc", "b"]);
    const { cursor = "", total } = await page({ prefix, limit: 3 });
    expect(total).toBe(4);
    expect((await page({ prefix, limit: 3, cursor })).total).toBe(4);
    expect((await page({ prefix: `${prefix}ab` })).total).toBe(2);
    expect((await page({ prefix: `${prefix}nothing` })).total).toBe(0);
    expect((await page({ limit: 1 })).total).toBeGreaterThanOrEqual(4);
    await send("DELETE", at(`${prefix}a`));
    expect((await page({ prefix })).total).toBe(3);
  });

  test("[D1] have a cursor that works even after its room has stopped", async () => {
    const prefix = await start(["a", "b", "c"]);
    const { cursor = "" } = await page({ prefix, limit: 2 });
    await send("DELETE", at(`${prefix}b`));
    expect((await page({ prefix, cursor })).rooms.map(({ id }) => id)).toEqual([`${prefix}c`]);
  });

  test("[D1] match a prefix literally, without patterns or case folding", async () => {
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

  test("[D1] return only headers for HEAD", async () => {
    await expectEmpty(await send("HEAD", "/rooms?limit=1"), 200);
  });

  test("[D1] refuse an unknown parameter by name", async () => {
    const response = await send("GET", "/rooms?limti=1");
    const { issues } = await expectProblem(response, 400, "invalid_request");
    expect(issues).toEqual([{ path: "", message: expect.stringContaining("limti") }]);
  });
});

describe("queries", () => {
  test.each(["1", "1000"])("[D1] with limit=%s are accepted", async (limit) => {
    await expectJson(await list({ limit }), 200);
  });

  test.each(["0", "-1", "1001", "1.5", "", " ", "ten", "NaN", "Infinity", "1e9", "1,2"])(
    "[D1] with limit=%j are refused, and the problem names it",
    async (limit) => {
      const { issues } = await expectProblem(await list({ limit }), 400, "invalid_request");
      expect(issues).toEqual([{ path: "limit", message: expect.any(String) }]);
    },
  );

  test.each([
    ["nothing", ""],
    ["invalid base64", "!!!"],
    ["half of a character", btoa("\u00f0\u009f")],
    ["bytes that are not UTF-8", "_____w"],
    ["a control character", btoa("a\u0000")],
    ["an id that is too long", btoa("a".repeat(257))],
    ["an id that is not encoded", "room-1"],
  ])("[D1] with a cursor of %s are refused", async (_, cursor) => {
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
  ])("[D1] such as ?%s, which is not percent-encoded UTF-8, are refused", async (query) => {
    await expectProblem(await send("GET", `/rooms?${query}`), 400, "invalid_request");
  });
});
