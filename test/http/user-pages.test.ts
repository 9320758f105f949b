// The users of a room over HTTP, in pages and individually.

import { describe, expect, test } from "vitest";
import { at, expectEmpty, expectJson, expectProblem, send } from "../support/http.ts";
import { newId, rooms } from "../support/rooms.ts";
import { connect } from "../support/socket-client.ts";

type Page = { users: { id: string; seq: number }[]; total: number; cursor?: string };

const get = (id: string, query: Readonly<Record<string, string>> = {}): Promise<Response> =>
  send("GET", at(id, `/users?${new URLSearchParams(query)}`));

const page = async (id: string, query?: Readonly<Record<string, string>>): Promise<Page> =>
  expectJson<Page>(await get(id, query), 200);

const idsOf = ({ users }: Page): string[] => users.map((user) => user.id);

/** A running room with these users. */
async function start(users: readonly string[]): Promise<string> {
  const id = newId();
  for (const user of users) await rooms.room(id).join({ id: user });
  return id;
}

describe("pages of users", () => {
  test("[N2] follow each other by cursor in join order, each with the number of all users", async () => {
    const all = ["zoe", "ada", "bob", "__proto__", "cyd", "é🦊", "eve"];
    const id = await start(all);
    for (const limit of ["1", "3", "6", "7", "8"]) {
      const seen: string[] = [];
      let query: Record<string, string> = { limit };
      for (let pages = Math.ceil(all.length / Number(limit)); pages > 0; pages--) {
        const found = await page(id, query);
        expect(found.total).toBe(all.length);
        expect("cursor" in found).toBe(pages > 1);
        seen.push(...idsOf(found));
        query = { limit, cursor: found.cursor ?? "" };
      }
      expect(seen).toEqual(all);
    }
  });

  test("[N2] have 100 users by default, and at most 1,000", async () => {
    const id = await start(Array.from({ length: 101 }, (_, n) => `user-${n}`));
    const first = await page(id);
    expect(first.users).toHaveLength(100);
    expect(idsOf(await page(id, { cursor: first.cursor ?? "" }))).toEqual(["user-100"]);
    expect((await page(id, { limit: "1000" })).users).toHaveLength(101);
  });

  test("[N2] keep their place while users leave, join and join again", async () => {
    const id = await start(["ada", "bob", "cyd", "dan", "eve"]);
    const { cursor = "" } = await page(id, { limit: "3" });
    // The last user of the page, one before and one after leave. Another one before moves to the end.
    for (const user of ["cyd", "bob", "dan"]) await send("DELETE", at(id, `/users/${user}`));
    await expectJson(await send("POST", at(id, "/users"), { json: { id: "ada" } }), 200);
    await rooms.room(id).join({ id: "fay" });
    expect(await page(id, { limit: "3", cursor })).toMatchObject({
      users: [{ id: "eve" }, { id: "ada" }, { id: "fay" }],
      total: 3,
    });
    for (const user of ["eve", "ada", "fay"]) await send("DELETE", at(id, `/users/${user}`));
    expect(await page(id, { cursor })).toEqual({ users: [], total: 0 });
  });

  test("[N2] are all requested by getUsers of a handle", async () => {
    const all = Array.from({ length: 1001 }, (_, n) => ({ id: `user-${n}` }));
    const id = newId();
    const room = rooms.room(id);
    await room.join({ id: "user-0" });
    for (let rest = all.slice(1); rest.length > 0; rest = rest.slice(100))
      await Promise.all(rest.slice(0, 100).map((user) => room.join(user)));
    const users = await room.getUsers();
    expect(users.map((user) => user.id)).toEqual(all.map((user) => user.id));
  });

  test.each(["0", "-1", "1001", "1.5", "", "ten"])(
    "[N2] with limit=%j are refused, and the problem names it",
    async (limit) => {
      const id = await start(["ada"]);
      const { issues } = await expectProblem(await get(id, { limit }), 400, "invalid_request");
      expect(issues).toEqual([{ path: "limit", message: expect.any(String) }]);
    },
  );

  test.each([
    ["nothing", ""],
    ["what is not base64", "!"],
    ["no number", btoa("ada")],
    ["a place that nobody has", btoa("0")],
    ["a negative place", btoa("-1")],
    ["half a place", btoa("1.5")],
    ["a place beyond all numbers", btoa("9".repeat(17))],
    ["a place that is not encoded", "3"],
  ])("[N2] with a cursor of %s are refused", async (_, cursor) => {
    const id = await start(["ada"]);
    const { detail } = await expectProblem(await get(id, { cursor }), 400, "invalid_request");
    expect(detail).toBe(
      "cursor must be the cursor of an earlier page. Leave it out for the first page.",
    );
  });

  test("[N2] accept no other parameters", async () => {
    const id = await start(["ada"]);
    await expectProblem(await get(id, { offset: "1" }), 400, "invalid_request");
  });

  test("[N2, R4] of an absent room get 404", async () => {
    await expectProblem(await get(newId()), 404, "room_not_running");
  });
});

describe("one user", () => {
  const one = (id: string, user: string): Promise<Response> =>
    send("GET", at(id, `/users/${encodeURIComponent(user)}`));

  test("[N2] has their entry, and no scopes without a session", async () => {
    const id = newId();
    const json = { id: "ada", sessions: "mine", scopes: ["room:admin"] };
    const entry = await expectJson(await send("POST", at(id, "/users"), { json }), 201);
    expect(await expectJson(await one(id, "ada"), 200)).toEqual({ user: entry, sessions: 0 });
    expect(await rooms.room(id).getUser("ada")).toEqual({ user: entry, sessions: 0 });
  });

  test("[N2, A3] has their effective scopes, and those that were set for them", async () => {
    const id = newId();
    const session = await connect(id, { id: "ada" });
    await connect(id, { id: "ada" });
    const { scopes } = session.welcome;
    expect(await expectJson(await one(id, "ada"), 200)).toMatchObject({ sessions: 2, scopes });
    const set = { scopes: ["room:read", "presence:write"] };
    await expectJson(await send("PATCH", at(id, "/users/ada"), { json: set }), 200);
    expect(await expectJson(await one(id, "ada"), 200)).toMatchObject({ sessions: 2, ...set });
    await rooms.room(id).setScopes("ada", []);
    expect(await expectJson(await one(id, "ada"), 200)).toMatchObject({ sessions: 0, scopes: [] });
  });

  test.each(["a/b", "100%", "__proto__", "é日本🦊", "a?b#c"])(
    "[N2] is found at the address %j, which is also the Location of a new one",
    async (user) => {
      const id = newId();
      const response = await send("POST", at(id, "/users"), { json: { id: user } });
      const location = response.headers.get("location") ?? "";
      const { pathname } = new URL(location, `https://rooms.test${at(id, "/users")}`);
      const entry = await expectJson(response, 201);
      expect(await expectJson(await send("GET", pathname), 200)).toMatchObject({ user: entry });
      await expectEmpty(await send("HEAD", pathname), 200);
    },
  );

  test("[N2] who is not in the room, or whose room is absent, gets 404", async () => {
    const id = await start(["ada"]);
    await expectProblem(await one(id, "bob"), 404, "user_not_found");
    await expectProblem(await one(id, "__proto__"), 404, "user_not_found");
    await expectProblem(await one(newId(), "ada"), 404, "room_not_running");
    await expectProblem(await send("GET", at(id, "/users/%ff")), 400, "invalid_request");
  });
});
