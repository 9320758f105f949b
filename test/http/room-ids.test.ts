// Room ids in paths: valid ones reach a room, and invalid ones are refused before any object is called.

import { env } from "cloudflare:workers";
import { CollabError } from "collab-room";
import { expect, test } from "vitest";
import { collab } from "../fixtures/worker.ts";
import { expectJson, expectProblem, send, untouchable, type Sent } from "../support/http.ts";
import { failureCode, newId, rooms } from "../support/rooms.ts";

const { asked, objects } = untouchable();

test.each([
  ["a space", "two words"],
  ["slashes", "a/b/../c//"],
  ["characters with a meaning in URLs", "a?b=c&d#e%20;f:@+$,!'()*~"],
  ["a percent sign that looks like an escape", "100%2F"],
  ["a backslash", "a\\..\\b"],
  ["dots", "..."],
  ["a NUL-like escape in plain text", "%00"],
  ["letters of many scripts", "é日本語עברית"],
  ["emoji", "🦊👍🏽❤️🇪🇺"],
  ["the first character after the control characters", "\u00a0"],
  ["the last character of all", "\u{10ffff}"],
  ["a name that the API uses", "users"],
  ["a name that objects inherit", "__proto__"],
  ["256 bytes of ASCII", "a".repeat(256)],
  ["256 bytes of emoji", "🦊".repeat(64)],
])("[R2] a room id may have %s", async (_, name) => {
  // The fixture's storage outlives a test, so ids are made unique unless they must be exact.
  const id = name.length < 100 ? `${name}${newId("")}` : name;
  const path = `/rooms/${encodeURIComponent(id)}`;
  expect(await expectJson(await send("PUT", path), 201)).toMatchObject({ id });
  expect(await expectJson(await send("GET", path), 200)).toMatchObject({ id });
  await expectJson(await send("POST", `${path}/users`, { json: { id: "ada" } }), 201);
  expect(await rooms.room(id).getUsers()).toMatchObject([{ id: "ada" }]);
  const { rooms: listed } = await rooms.listRooms({ prefix: id });
  expect(listed.map((entry) => entry.id)).toEqual([id]);
  await send("DELETE", path);
});

test("[R2] a room id is the same however its characters are escaped", async () => {
  const id = newId("Same");
  const { epoch } = await expectJson(await send("PUT", `/rooms/${id}`), 201);
  const escaped = Array.from(id, (c) => `%${c.charCodeAt(0).toString(16)}`).join("");
  expect(await expectJson(await send("GET", `/rooms/${escaped}`), 200)).toMatchObject({
    id,
    epoch,
  });
  const upper = escaped.replaceAll(/%../g, (escape) => escape.toUpperCase());
  expect(await expectJson(await send("GET", `/rooms/${upper}`), 200)).toMatchObject({ id, epoch });
});

const badIds: [string, string][] = [
  ["257 bytes of ASCII", "a".repeat(257)],
  ["65 emoji, 260 bytes", encodeURIComponent("🦊".repeat(65))],
  ["129 letters of two bytes", encodeURIComponent("é".repeat(129))],
  ["100,000 bytes", "a".repeat(100_000)],
  ["NUL", "a%00b"],
  ["a line break", "a%0Ab"],
  ["a tab", "%09"],
  ["DEL", "%7F"],
  ["a C1 control character", "%C2%85"],
  ["an escape without hexadecimal digits", "%zz"],
  ["an incomplete escape", "a%2"],
  ["a lone percent sign", "100%"],
  ["a byte that is not UTF-8", "%ff"],
  ["an overlong escape of a slash", "%C0%AF"],
  ["half of a character", "%F0%9F"],
  ["a surrogate as bytes", "%ED%A0%80"],
  ["a zero-width space", "a%E2%80%8Bb"],
  ["a zero-width joiner", "%E2%80%8D"],
  ["a byte order mark", "%EF%BB%BFa"],
  ["a control of the writing direction", "abc%E2%80%AEfed"],
  ["an Arabic letter mark", "%D8%9C"],
];
const routes: [string, string, Sent?][] = [
  ["PUT", ""],
  ["GET", ""],
  ["DELETE", ""],
  ["GET", "/users"],
  ["DELETE", "/users/ada"],
  ["GET", "/state"],
  ["POST", "/actions/rename", { json: {} }],
  ["POST", "/touch", { json: {} }],
];

test.each(badIds)("[R2] a room id must not have %s", async (_, encoded) => {
  for (const [method, rest, sent] of routes)
    await expectProblem(
      await send(method, `/rooms/${encoded}${rest}`, { ...sent, env: objects }),
      400,
      "invalid_room_id",
    );
  await expectProblem(
    await send("PUT", `/rooms/${encoded}/state`, { json: {}, env: objects }),
    400,
    "invalid_room_id",
  );
  await expectProblem(
    await send("POST", `/rooms/${encoded}/users`, { json: { id: "ada" }, env: objects }),
    400,
    "invalid_room_id",
  );
  expect(asked).not.toHaveBeenCalled();
});

test("[R2] a path with an empty room id gets 404", async () => {
  await expectProblem(await send("PUT", "/rooms/"), 404, "not_found");
  await expectProblem(await send("GET", "/rooms//state"), 404, "not_found");
});

test.each([
  ["a lone high surrogate", "\ud800"],
  ["a lone low surrogate", "a\udc00b"],
  ["surrogates the wrong way round", "\udc00\ud800"],
  ["nothing", ""],
  ["a control character", "\u0000"],
  ["257 bytes", `${"é".repeat(128)}a`],
  ["one dot, which no URL can name", "."],
  ["two dots, which no URL can name", ".."],
  ["an invisible character", "a\u200bb"],
])("[R2] every call of the public API refuses a room id with %s", async (_, id) => {
  expect(() => rooms.room(id)).toThrow(CollabError);
  const calls = [rooms.joinOrCreateRoom(id), rooms.getRoom(id), rooms.leaveRoom(id, "ada")];
  for (const call of calls) expect(await failureCode(call)).toBe("invalid_room_id");
});

test("[R2] a room id must be a string", async () => {
  for (const id of [undefined, null, 5, {}, ["a"]] as unknown as string[])
    expect(await failureCode(collab.rooms(env).joinOrCreateRoom(id))).toBe("invalid_room_id");
});
