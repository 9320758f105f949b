// The state over HTTP: reading and replacing it, and conditional requests on its version.

import { describe, expect, test } from "vitest";
import { at, expectEmpty, expectJson, expectProblem, send } from "../support/http.ts";
import { newId } from "../support/rooms.ts";

const stateOf = (id: string): string => at(id, "/state");

/** A running room whose state is at version 1. */
async function room(json: object = { title: "one" }): Promise<string> {
  const id = newId();
  await send("PUT", at(id));
  await expectJson(await send("PUT", stateOf(id), { json }), 200);
  return id;
}

describe("reading the state", () => {
  test("[S1, R8] GET returns the state, and its version as ETag", async () => {
    const id = newId();
    await send("PUT", at(id));
    const fresh = await send("GET", stateOf(id));
    expect(fresh.headers.get("etag")).toBe('"0"');
    expect(await expectJson(fresh, 200)).toEqual({});
    await send("PUT", stateOf(id), { json: { n: 1 } });
    const changed = await send("GET", stateOf(id));
    expect(changed.headers.get("etag")).toBe('"1"');
    expect(changed.headers.get("cache-control")).toBe("no-cache");
    expect(await expectJson(changed, 200)).toEqual({ n: 1 });
  });

  test("[S1] HEAD returns the same headers and no body", async () => {
    const id = await room();
    const got = await send("GET", stateOf(id));
    const head = await send("HEAD", stateOf(id));
    expect(Object.fromEntries(head.headers)).toEqual(Object.fromEntries(got.headers));
    await expectEmpty(head, 200);
  });

  test.each(['"1"', 'W/"1"', "*", " * ", '"0", "1"', '"0","1","2"', '"a,b" , W/"1"', '"0", , "1"'])(
    "[S6] If-None-Match: %s gets 304",
    async (tag) => {
      const id = await room();
      for (const method of ["GET", "HEAD"]) {
        const response = await send(method, stateOf(id), { headers: { "if-none-match": tag } });
        expect(response.headers.get("etag")).toBe('"1"');
        expect(response.headers.get("cache-control")).toBe("no-cache");
        expect(response.headers.has("content-type")).toBe(false);
        await expectEmpty(response, 304);
      }
    },
  );

  test.each([
    '"0"',
    '"2"',
    'W/"0", "2"',
    "1",
    '"1',
    '1"',
    '"01"',
    '"1.0"',
    '"+1"',
    '" 1"',
    "'1'",
    'w/"1"',
    'x"1"',
    '"1"x',
    '"**"',
    "",
    "no tag",
    "1".repeat(400),
  ])("[S6] If-None-Match: %s gets the state", async (tag) => {
    const id = await room();
    const response = await send("GET", stateOf(id), { headers: { "if-none-match": tag } });
    expect(await expectJson(response, 200)).toEqual({ title: "one" });
  });

  test("[S6] If-None-Match for an absent room gets 404", async () => {
    const headers = { "if-none-match": "*" };
    await expectProblem(await send("GET", stateOf(newId()), { headers }), 404, "room_not_running");
  });
});

describe("replacing the state", () => {
  test("[S1, S3] PUT returns the new version, in its body and as ETag", async () => {
    const id = await room();
    const response = await send("PUT", stateOf(id), { json: { title: "two" } });
    expect(response.headers.get("etag")).toBe('"2"');
    expect(response.headers.get("cache-control")).toBe("no-store");
    expect(await expectJson(response, 200)).toEqual({ version: 2 });
    expect(await (await send("GET", stateOf(id))).json()).toEqual({ title: "two" });
  });

  test("[S3] PUT of the same JSON in different text keeps the version", async () => {
    const id = await room({ a: 1, b: [1, { c: "é" }] });
    const body = ' { "b" : [ 1.0, {"\\u0063":"\\u00e9"} ], "a" : 10e-1 } ';
    const response = await send("PUT", stateOf(id), { body, type: "application/json" });
    expect(response.headers.get("etag")).toBe('"1"');
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
    expect(after.headers.get("etag")).toBe('"1"');
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

describe("conditional changes", () => {
  const merge = { body: '{"title":"two"}', type: "application/merge-patch+json" };
  const patch = {
    body: '[{"op":"add","path":"/title","value":"two"}]',
    type: "application/json-patch+json",
  };
  const changes = [
    ["PUT", { json: { title: "two" } }],
    ["PATCH", merge],
    ["PATCH", patch],
  ] as const;

  test.each(['"1"', "*", " * ", '"0", "1"', '"0","1"', 'W/"0" , "1"'])(
    "[S6] are made with If-Match: %s at version 1",
    async (tag) => {
      for (const [method, sent] of changes) {
        const id = await room();
        const response = await send(method, stateOf(id), { ...sent, headers: { "if-match": tag } });
        expect(await expectJson(response, 200)).toEqual({ version: 2 });
      }
    },
  );

  test.each(['"0"', '"2"', 'W/"1"', 'W/"1", "2"', '"01"'])(
    "[S6] are refused with If-Match: %s at version 1",
    async (tag) => {
      const id = await room();
      for (const [method, sent] of changes) {
        const response = await send(method, stateOf(id), { ...sent, headers: { "if-match": tag } });
        const { detail } = await expectProblem(response, 412, "version_conflict");
        expect(detail).toBe(
          "The state has version 1, not the expected one. Read it again before you retry.",
        );
      }
      expect(await (await send("GET", stateOf(id))).json()).toEqual({ title: "one" });
    },
  );

  test.each(["1", 'w/"1"', '"1', '1"', 'x"1"', '"1"x', "", ",", "no tag"])(
    "[S6] with If-Match: %s, which has no entity tag, get 400",
    async (tag) => {
      const id = await room();
      for (const [method, sent] of changes) {
        const headers = { "if-match": tag };
        const response = await send(method, stateOf(id), { ...sent, headers });
        const { detail } = await expectProblem(response, 400, "invalid_request");
        expect(detail).toBe('If-Match must be a version in quotes, such as "3".');
      }
      expect(await (await send("GET", stateOf(id))).json()).toEqual({ title: "one" });
    },
  );

  test("[S6] on the same version succeed only once", async () => {
    const id = await room();
    const sent = { ...merge, headers: { "if-match": '"1"' } };
    const both = await Promise.all([
      send("PATCH", stateOf(id), sent),
      send("PUT", stateOf(id), { json: {}, headers: sent.headers }),
    ]);
    expect(both.map(({ status }) => status).toSorted()).toEqual([200, 412]);
  });

  test("[S6] check the condition before the change itself", async () => {
    const id = await room();
    const body = '[{"op":"remove","path":"/nothing"}]';
    const headers = { "if-match": '"5"' };
    const sent = { body, type: patch.type, headers };
    await expectProblem(await send("PATCH", stateOf(id), sent), 412, "version_conflict");
  });

  test("[S6] in an absent room get 404", async () => {
    const sent = { json: {}, headers: { "if-match": "*" } };
    await expectProblem(await send("PUT", stateOf(newId()), sent), 404, "room_not_running");
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
