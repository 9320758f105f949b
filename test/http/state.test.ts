// The state over HTTP: reading and replacing it. Conditional changes are in conditions.test.ts.

import { describe, expect, test } from "vitest";
import {
  at,
  expectEmpty,
  expectJson,
  expectProblem,
  send,
  taggedVersion,
} from "../support/http.ts";
import { newId } from "../support/rooms.ts";

const stateOf = (id: string): string => at(id, "/state");

/** A running room whose state is at version 1. */
async function room(json: object = { title: "one" }): Promise<string> {
  const id = newId();
  await send("PUT", at(id));
  await expectJson(await send("PUT", stateOf(id), { json }), 200);
  return id;
}

/** Entity tags of a room: `E` stands for its epoch. */
async function tagsOf(id: string, tags: string): Promise<string> {
  const { epoch } = await expectJson(await send("GET", at(id)), 200);
  return tags.replaceAll("E", String(epoch));
}

describe("reading the state", () => {
  test("[S1, E8] GET returns the state, and its epoch and version as ETag", async () => {
    const id = newId();
    const { epoch } = await expectJson(await send("PUT", at(id)), 201);
    const fresh = await send("GET", stateOf(id));
    expect(fresh.headers.get("etag")).toBe(`"${epoch}.0"`);
    expect(await expectJson(fresh, 200)).toEqual({});
    await send("PUT", stateOf(id), { json: { n: 1 } });
    const changed = await send("GET", stateOf(id));
    expect(changed.headers.get("etag")).toBe(`"${epoch}.1"`);
    expect(await expectJson(changed, 200)).toEqual({ n: 1 });
  });

  test("[S1] HEAD returns the same headers and no body", async () => {
    const id = await room();
    const headers = { "cf-ray": "same" }; // the id of a request, which is in the headers too
    const got = await send("GET", stateOf(id), { headers });
    const head = await send("HEAD", stateOf(id), { headers });
    expect(Object.fromEntries(head.headers)).toEqual(Object.fromEntries(got.headers));
    await expectEmpty(head, 200);
  });

  test.each([
    '"E.1"',
    'W/"E.1"',
    "*",
    " * ",
    '"E.0", "E.1"',
    '"E.0","E.1","E.2"',
    '"a,b" , W/"E.1"',
    '"E.0", , "E.1"',
    ',"E.1" ,',
  ])("[S6, E8] If-None-Match: %s gets 304", async (tags) => {
    const id = await room();
    const headers = { "if-none-match": await tagsOf(id, tags) };
    for (const method of ["GET", "HEAD"]) {
      const response = await send(method, stateOf(id), { headers });
      expect(taggedVersion(response)).toBe(1);
      expect(response.headers.has("content-type")).toBe(false);
      await expectEmpty(response, 304);
    }
  });

  test.each([
    '"E.0"',
    '"E.2"',
    'W/"E.0", "E.2"',
    '"1"',
    '"other.1"',
    '"E"',
    '".1"',
    "E.1",
    '"E.1',
    'E.1"',
    '"E.01"',
    '"E.1.0"',
    '"E.+1"',
    '" E.1"',
    '"E.1 "',
    "'E.1'",
    'w/"E.1"',
    'W/ "E.1"',
    'x"E.1"',
    '"E.1"x',
    '"E.1" "E.1"',
    '"**"',
    '"*"',
    "",
    "no tag",
    "1".repeat(400),
  ])("[S6, E8] If-None-Match: %s gets the state", async (tags) => {
    const id = await room();
    const headers = { "if-none-match": await tagsOf(id, tags) };
    const response = await send("GET", stateOf(id), { headers });
    expect(await expectJson(response, 200)).toEqual({ title: "one" });
  });

  test("[S6] If-None-Match for an absent room gets 404", async () => {
    const headers = { "if-none-match": "*" };
    await expectProblem(await send("GET", stateOf(newId()), { headers }), 404, "room_not_running");
  });
});

describe("replacing the state", () => {
  test("[S1, S3, E8] PUT returns the new version, in its body and as ETag", async () => {
    const id = await room();
    const response = await send("PUT", stateOf(id), { json: { title: "two" } });
    expect(taggedVersion(response)).toBe(2);
    expect(response.headers.get("cache-control")).toBe("no-store");
    expect(await expectJson(response, 200)).toEqual({ version: 2 });
    expect(await (await send("GET", stateOf(id))).json()).toEqual({ title: "two" });
  });

  test("[S3] PUT of the same JSON in different text keeps the version", async () => {
    const id = await room({ a: 1, b: [1, { c: "é" }] });
    const body = ' { "b" : [ 1.0, {"\\u0063":"\\u00e9"} ], "a" : 10e-1 } ';
    const response = await send("PUT", stateOf(id), { body, type: "application/json" });
    expect(taggedVersion(response)).toBe(1);
    expect(await expectJson(response, 200)).toEqual({ version: 1 });
  });

  test("[S9] PUT treats keys with a meaning to JavaScript as plain data", async () => {
    const id = await room();
    const body = '{"__proto__":{"polluted":1},"constructor":{"prototype":2},"toString":3}';
    await send("PUT", stateOf(id), { body, type: "application/json" });
    const text = await (await send("GET", stateOf(id))).text();
    expect(JSON.parse(text)).toEqual(JSON.parse(body));
    expect(text).toContain('"__proto__":{"polluted":1}');
    expect({}).not.toHaveProperty("polluted");
  });

  test("[S1] PUT keeps strings exactly, even lone surrogates", async () => {
    const id = await room();
    const body = '{"text":"\\ud800 \\u0000 é 🦊 \\u2028","empty":{"":""}}';
    await send("PUT", stateOf(id), { body, type: "application/json" });
    expect(await (await send("GET", stateOf(id))).json()).toEqual(JSON.parse(body));
  });

  test.each<[string, number, string, BodyInit, string?]>([
    ["nothing", 415, "unsupported_media_type", ""],
    ["no content type", 415, "unsupported_media_type", Uint8Array.of(0x7b, 0x7d)],
    ["an empty body", 400, "malformed", "", "application/json"],
    ["only a byte order mark", 400, "malformed", "\ufeff", "application/json"],
    ["malformed JSON", 400, "malformed", "{'a':1}", "application/json"],
    ["incomplete JSON", 400, "malformed", '{"a":', "application/json"],
    ["a number that is not JSON", 400, "malformed", '{"a":NaN}', "application/json"],
    ["invalid UTF-8", 400, "malformed", Uint8Array.of(0x7b, 0xc0, 0x7d), "application/json"],
    ["an array", 400, "malformed", "[]", "application/json"],
    ["null", 400, "malformed", "null", "application/json"],
    ["a number", 400, "malformed", "42", "application/json"],
    ["65 levels", 413, "too_large", deep(64), "application/json"],
    ["500,000 levels", 413, "too_large", deep(500_000), "application/json"],
    ["over 1 MiB", 413, "too_large", wide(1024 * 1024 + 1), "application/json"],
    ["a JSON patch", 415, "unsupported_media_type", "[]", "application/json-patch+json"],
    ["text/json", 415, "unsupported_media_type", "{}", "text/json"],
    ["a prefix of the type", 415, "unsupported_media_type", "{}", "application/jsonx"],
    ["two types", 415, "unsupported_media_type", "{}", "application/json, text/plain"],
    ["UTF-16", 415, "unsupported_media_type", "{}", "application/json; charset=utf-16"],
    ["an unnamed charset", 415, "unsupported_media_type", "{}", "application/json;charset="],
  ])("[S2] PUT of %s gets %i %s and changes nothing", async (_, status, code, body, type) => {
    const id = await room();
    const sent = type === undefined ? { body } : { body, type };
    const { detail } = await expectProblem(await send("PUT", stateOf(id), sent), status, code);
    if (status === 415) expect(detail).toBe("The Content-Type must be application/json in UTF-8.");
    const after = await send("GET", stateOf(id));
    expect(taggedVersion(after)).toBe(1);
    expect(await after.json()).toEqual({ title: "one" });
  });

  test("[S9] PUT accepts a state of exactly 1 MiB, and one of exactly 64 levels", async () => {
    const id = await room();
    for (const [body, version] of [
      [wide(1024 * 1024), 2],
      [deep(63), 3],
    ] as const) {
      const response = await send("PUT", stateOf(id), { body, type: "application/json" });
      expect(await expectJson(response, 200)).toEqual({ version });
      expect(await (await send("GET", stateOf(id))).text()).toBe(body);
    }
  });

  test.each([
    "application/json",
    "APPLICATION/JSON",
    "application/json;charset=utf-8",
    "application/json ; charset=UTF-8",
    'application/json; charset="utf-8"',
    "application/json; v=1; charset=utf-8",
  ])("[S1] PUT accepts the content type %s", async (type) => {
    const id = await room();
    await expectJson(await send("PUT", stateOf(id), { body: "\ufeff{}", type }), 200);
  });
});

/** An object with a value of this many levels. */
function deep(levels: number): string {
  return `{"a":${"[".repeat(levels)}${"]".repeat(levels)}}`;
}

/** An object of this many bytes. */
function wide(bytes: number): string {
  return JSON.stringify({ a: "x".repeat(bytes - 8) });
}
