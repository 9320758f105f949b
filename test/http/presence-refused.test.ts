// Presence that is refused, over HTTP: each mistake in a body has its problem, only users of running rooms
// have presence, and a refusal changes nothing.

import { beforeEach, expect, test } from "vitest";
import { useFakeDate } from "../support/fake-date.ts";
import { at, expectEmpty, expectProblem, send, type Sent } from "../support/http.ts";
import { hold, join, online, putPresence, seen } from "../support/presence.ts";
import { newId, nothingStored, stored } from "../support/rooms.ts";

useFakeDate();

/** A room that Ada is in. */
let id: string;
beforeEach(async () => {
  id = newId();
  await join(id, { id: "ada" });
});

const wide = (bytes: number): object => ({ fill: "x".repeat(bytes - '{"fill":""}'.length) });

test("[P1] presence may have 2,048 bytes, not counting white space", async () => {
  const body = `{"data":${JSON.stringify(wide(2048))}${" ".repeat(5000)}}`;
  await expectEmpty(await putPresence(id, { body, type: "application/json" }), 204);
  expect(await seen(id)).toMatchObject({ ada: wide(2048) });
});

test.each<[string, object]>([
  ["2,049 bytes", wide(2049)],
  ["2,049 bytes in other letters", { fill: `${"é".repeat(1018)}xx` }],
  ["17 levels", { deep: JSON.parse("[".repeat(16) + "]".repeat(16)) }],
  ["an idleSince of its own", { idleSince: "2026-01-01T00:00:00.000Z" }],
  ["idleSince, though null", { idleSince: null }],
  ["a number for typing", { typing: 1 }],
  ["text for typing", { typing: "yes" }],
  ["an unknown status", { status: "busy" }],
  ["a status that only the room sets", { status: "away" }],
  ["a boolean for a status", { status: true }],
  ["a number for a name", { name: 7 }],
  ["an object for a color", { color: { r: 1 } }],
  ["an array for an avatarUrl", { avatarUrl: ["a.png"] }],
])("[P1, P4] presence with %s is invalid_presence, and the held one stays", async (_, data) => {
  await hold(id, { mood: "calm" });
  const before = await stored(id);
  const { detail } = await expectProblem(
    await putPresence(id, { json: { data } }),
    400,
    "invalid_presence",
  );
  expect(detail).toMatch(/Presence|idleSince|typing|status|name|color|avatarUrl/);
  expect(await stored(id)).toEqual(before);
  expect(await seen(id)).toEqual({ ada: { ...online, mood: "calm" } });
});

test.each<[string, number, string, Sent]>([
  ["no data", 400, "invalid_request", { json: {} }],
  ["null for data", 400, "invalid_request", { json: { data: null } }],
  ["an array for data", 400, "invalid_request", { json: { data: [] } }],
  ["text for data", 400, "invalid_request", { json: { data: "calm" } }],
  ["inherited data", 400, "invalid_request", { body: '{"__proto__":{"data":{}}}' }],
  ["members beside data", 400, "invalid_request", { json: { data: {}, name: "Ada" } }],
  ["a ttl of 0", 400, "invalid_request", { json: { data: {}, ttl: 0 } }],
  ["a ttl below 0", 400, "invalid_request", { json: { data: {}, ttl: -1 } }],
  ["a ttl of half a millisecond", 400, "invalid_request", { json: { data: {}, ttl: 0.5 } }],
  ["a ttl of text", 400, "invalid_request", { json: { data: {}, ttl: "1000" } }],
  ["a ttl over a year", 400, "invalid_request", { json: { data: {}, ttl: 31_536_000_001 } }],
  ["an array", 400, "invalid_request", { json: [] }],
  ["nothing", 400, "malformed", { body: "", type: "application/json" }],
  ["malformed JSON", 400, "malformed", { body: "{data:{}}" }],
  ["invalid UTF-8", 400, "malformed", { body: Uint8Array.of(0xff) }],
  ["over 8 KiB", 413, "too_large", { body: `${" ".repeat(8192)}{}` }],
  ["text", 415, "unsupported_media_type", { body: '{"data":{}}', type: "text/plain" }],
])("[P4] a body with %s gets %i %s, and nothing is held", async (_, status, code, sent) => {
  const type = sent.type ?? "application/json";
  await expectProblem(await putPresence(id, { ...sent, type }), status, code);
  expect(await seen(id)).toEqual({});
});

test.each(["bob", "ADA", "ada ", "toString", "__proto__"])(
  "[P4] presence of %j, who is not in the room, gets 404",
  async (userId) => {
    const before = await stored(id);
    const refused = await putPresence(id, { json: { data: {} } }, userId);
    await expectProblem(refused, 404, "user_not_found");
    expect(await stored(id)).toEqual(before);
  },
);

test.each(["%zz", "%ff", "a%", "%ED%A0%80"])(
  "[P4] the user id %s is not valid percent-encoding",
  async (userId) => {
    const refused = await send("PUT", at(id, `/presence/${userId}`), { json: { data: {} } });
    expect((await expectProblem(refused, 400, "invalid_request")).detail).toContain("userId");
  },
);

test("[R4] an absent room has no presence, and the request leaves nothing behind", async () => {
  const absent = newId();
  await expectProblem(await send("GET", at(absent, "/presence")), 404, "room_not_running");
  await expectProblem(await putPresence(absent, { json: { data: {} } }), 404, "room_not_running");
  expect(await stored(absent)).toEqual(nothingStored);
});
