// Users over HTTP: joining, listing and leaving, and every way in which a join can be refused.

import { describe, expect, test } from "vitest";
import { callsOf, hang, setScript } from "../fixtures/scripts.ts";
import { at, expectEmpty, expectJson, expectProblem, send } from "../support/http.ts";
import { newId, nothingStored, stored } from "../support/rooms.ts";

const time = expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
const users = (id: string): string => at(id, "/users");

/** A running room of a behaviour. */
async function start(behaviour: string): Promise<string> {
  const id = newId();
  await expectJson(await send("PUT", at(id), { json: { behaviour } }), 201);
  return id;
}

const idsIn = async (id: string): Promise<unknown[]> => {
  const list = await expectJson<{ users: { id: string }[] }>(await send("GET", users(id)), 200);
  return list.users.map((user) => user.id);
};

describe("joining", () => {
  test("[U2, R3] POST starts an absent room and returns the entry with 201", async () => {
    const id = newId();
    const json = { id: "ada", name: "Ada", tags: ["a", null, { deep: 1.5 }] };
    const response = await send("POST", users(id), { json });
    expect(response.headers.get("cache-control")).toBe("no-store");
    const entry = await expectJson(response, 201);
    expect(entry).toEqual({ ...json, joinedAt: time, seq: expect.any(Number), meta: {} });
    expect(await expectJson(await send("GET", users(id)), 200)).toEqual({
      users: [entry],
      total: 1,
    });
    const info = await expectJson(await send("GET", at(id)), 200);
    expect(info).toMatchObject({ behaviour: "default", users: 1 });
  });

  test("[U2] the meta from onJoin is part of the entry", async () => {
    const id = await start("scripted");
    setScript(id, { onJoin: (room, user) => ({ ok: { room: room.id, role: `${user.id}-role` } }) });
    const entry = await expectJson(await send("POST", users(id), { json: { id: "ada" } }), 201);
    expect(entry).toEqual({
      id: "ada",
      joinedAt: time,
      seq: expect.any(Number),
      meta: { room: id, role: "ada-role" },
    });
  });

  test("[U2, A5] a client cannot set its own meta or joinedAt", async () => {
    const id = newId();
    const json = { id: "ada", meta: { role: "owner" }, joinedAt: "1815-12-10T00:00:00.000Z" };
    const entry = await expectJson(await send("POST", users(id), { json }), 201);
    expect(entry["meta"]).toEqual({});
    expect(entry["joinedAt"]).not.toBe(json.joinedAt);
  });

  test("[U1, S9] keys with a meaning to JavaScript are plain data", async () => {
    const id = newId();
    const body = '{"id":"ada","__proto__":{"admin":true},"constructor":{"prototype":1}}';
    const response = await send("POST", users(id), { body, type: "application/json" });
    expect(await response.text()).toMatch(
      /^\{"id":"ada","__proto__":\{"admin":true\},"constructor":\{"prototype":1\},"joinedAt":/,
    );
    expect(await (await send("GET", users(id))).text()).toContain('"__proto__":{"admin":true}');
  });

  test("[U3, U5] joining again replaces the entry and moves it to the end of the list", async () => {
    const id = await start("scripted");
    await send("POST", users(id), { json: { id: "ada", name: "Ada" } });
    await send("POST", users(id), { json: { id: "bob" } });
    const again = await send("POST", users(id), { json: { id: "ada", mood: "new" } });
    expect(again.headers.get("location")).toBeNull();
    await expectJson(again, 200);
    const list = await expectJson(await send("GET", users(id)), 200);
    expect(list).toEqual({
      users: [
        { id: "bob", joinedAt: time, seq: expect.any(Number), meta: {} },
        { id: "ada", mood: "new", joinedAt: time, seq: expect.any(Number), meta: {} },
      ],
      total: 2,
    });
  });

  test("[U7] ttl is not a field of the entry", async () => {
    const id = newId();
    const json = { id: "ada", ttl: 60_000, name: "Ada" };
    const entry = await expectJson(await send("POST", users(id), { json }), 201);
    expect(entry).toEqual({
      id: "ada",
      name: "Ada",
      joinedAt: time,
      seq: expect.any(Number),
      meta: {},
    });
  });

  const wide = (bytes: number): string => {
    const json = { id: "ada", fill: "" };
    return JSON.stringify({ ...json, fill: "x".repeat(bytes - JSON.stringify(json).length) });
  };

  test("[U1] a user may have 4,096 bytes, not counting white space and ttl", async () => {
    const body = wide(4096).replace("{", `{${" ".repeat(4000)}"ttl":60000,`);
    const response = await send("POST", users(newId()), { body, type: "application/json" });
    await expectJson(response, 201);
  });

  test.each([
    ["no id", '{"name":"Ada"}'],
    ["an inherited id", '{"__proto__":{"id":"ada"}}'],
    ["an empty id", '{"id":""}'],
    ["a number for an id", '{"id":5}'],
    ["null for an id", '{"id":null}'],
    ["an id of 129 characters", JSON.stringify({ id: "a".repeat(129) })],
    ["an id that is not valid Unicode", '{"id":"\\ud800"}'],
    ["the id .", '{"id":"."}'],
    ["the id ..", '{"id":".."}'],
    ["an invisible character in the id", '{"id":"ada\\u200b"}'],
    ["a control of the writing direction in the id", '{"id":"\\u202eada"}'],
    ["4,097 bytes", wide(4097)],
    ["4,097 bytes in other letters", JSON.stringify({ id: "ada", fill: "é".repeat(2040) })],
    ["17 levels", `{"id":"ada","deep":${"[".repeat(16)}${"]".repeat(16)}}`],
    ["thousands of levels", `{"id":"ada","deep":${"[".repeat(8000)}${"]".repeat(8000)}}`],
    ["a ttl of 0", '{"id":"ada","ttl":0}'],
    ["a ttl of text", '{"id":"ada","ttl":"60000"}'],
    ["a ttl of half a millisecond", '{"id":"ada","ttl":0.5}'],
    ["a ttl over a year", `{"id":"ada","ttl":${366 * 24 * 3_600_000}}`],
    ["an array", '[{"id":"ada"}]'],
    ["text", '"ada"'],
    ["null", "null"],
  ])("[U1, R4] a user with %s is invalid and starts no room", async (_, body) => {
    const id = newId();
    const response = await send("POST", users(id), { body, type: "application/json" });
    const { detail, issues } = await expectProblem(response, 400, "invalid_user");
    expect(detail ?? issues?.[0]?.message).toMatch(/./);
    expect(await stored(id)).toEqual(nothingStored);
  });

  test.each<[string, number, string, BodyInit, string?]>([
    ["nothing", 415, "unsupported_media_type", ""],
    ["an empty body", 400, "malformed", "", "application/json"],
    ["malformed JSON", 400, "malformed", "{id:1}", "application/json"],
    ["two values", 400, "malformed", '{"id":"a"}{"id":"b"}', "application/json"],
    ["invalid UTF-8", 400, "malformed", Uint8Array.of(0x22, 0xc3, 0x22), "application/json"],
    ["over 16 KiB", 413, "too_large", `${" ".repeat(16_384)}{}`, "application/json"],
    ["text", 415, "unsupported_media_type", '{"id":"ada"}', "text/plain"],
  ])("[U1] a join with %s gets %i %s", async (_, status, code, body, type) => {
    const id = newId();
    const sent = type === undefined ? { body } : { body, type };
    await expectProblem(await send("POST", users(id), sent), status, code);
    expect(await stored(id)).toEqual(nothingStored);
  });

  test("[U2] a refused join gets 403 with the reason from onJoin and changes nothing", async () => {
    const id = await start("scripted");
    setScript(id, { onJoin: () => ({ error: "members_only" }) });
    const before = await (await send("GET", at(id))).text();
    const response = await send("POST", users(id), { json: { id: "eve" } });
    expect((await expectProblem(response, 403, "join_refused")).reason).toBe("members_only");
    expect(await (await send("GET", at(id))).text()).toBe(before);
  });

  test("[U2, A6] a hook that throws gets 500 with nothing but the id of the log entry", async () => {
    const id = await start("scripted");
    setScript(id, {
      onJoin: () => {
        throw new Error("secret: the users table is gone");
      },
    });
    const response = await send("POST", users(id), { json: { id: "ada" } });
    const problem = await expectProblem(response, 500, "hook_failed");
    expect(Object.keys(problem)).toEqual(["instance"]);
    expect(await idsIn(id)).toEqual([]);
  });

  test("[R1, U2] a hook that hangs gets 504, and the room keeps working", async () => {
    const id = await start("scripted");
    setScript(id, { onJoin: hang });
    const response = await send("POST", users(id), { json: { id: "ada" } });
    expect(response.headers.get("retry-after")).toBe("1");
    await expectProblem(response, 504, "call_timeout");
    expect(await idsIn(id)).toEqual([]);
  });

  test("[U9] a full room gets 409, but a user in the room may join again", async () => {
    const id = await start("small");
    for (const user of ["ada", "bob"])
      await expectJson(await send("POST", users(id), { json: { id: user } }), 201);
    const response = await send("POST", users(id), { json: { id: "eve" } });
    await expectProblem(response, 409, "room_full");
    expect(callsOf(id)).not.toContainEqual({ hook: "onJoin", user: "eve" });
    await expectJson(await send("POST", users(id), { json: { id: "ada" } }), 200);
    expect(await idsIn(id)).toEqual(["bob", "ada"]);
  });
});

describe("leaving", () => {
  test("[U4] DELETE removes a user with 204, and doing it twice does no harm", async () => {
    const id = await start("scripted");
    for (const user of ["ada", "bob"]) await send("POST", users(id), { json: { id: user } });
    for (const _ of ["once", "again"])
      await expectEmpty(await send("DELETE", `${users(id)}/ada`), 204);
    expect(await idsIn(id)).toEqual(["bob"]);
    expect(callsOf(id).filter(({ hook }) => hook === "onLeave")).toEqual([
      { hook: "onLeave", user: "ada" },
    ]);
  });

  test("[R4] leaving an absent room gets 204 and leaves nothing behind", async () => {
    const id = newId();
    await expectEmpty(await send("DELETE", `${users(id)}/ada`), 204);
    expect(await stored(id)).toEqual(nothingStored);
  });

  test.each([
    "a/b",
    "../ada",
    "ada@example.org",
    "100%",
    "%2F",
    "a?b#c",
    " ",
    "\u0000\n",
    "é日本🦊",
    "__proto__",
    "\\",
    "a".repeat(128),
  ])("[U1, U4] a user id may be %j", async (user) => {
    const id = newId();
    await expectJson(await send("POST", users(id), { json: { id: "other" } }), 201);
    await expectJson(await send("POST", users(id), { json: { id: user } }), 201);
    await expectEmpty(await send("DELETE", `${users(id)}/${encodeURIComponent(user)}`), 204);
    expect(await idsIn(id)).toEqual(["other"]);
  });

  test.each(["%zz", "%ff", "a%", "%ED%A0%80"])(
    "[U4] the user id %s is not valid percent-encoding",
    async (user) => {
      const id = await start("scripted");
      const response = await send("DELETE", `${users(id)}/${user}`);
      const { detail } = await expectProblem(response, 400, "invalid_request");
      expect(detail).toContain("userId");
    },
  );
});
