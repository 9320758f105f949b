// Patching the state over HTTP: the two kinds of patch, which only the content type distinguishes, and their
// errors. The patches themselves are tested in test/protocol.

import { describe, expect, test } from "vitest";
import { at, expectJson, expectProblem, send, taggedVersion } from "../support/http.ts";
import { newId } from "../support/rooms.ts";

const jsonPatch = "application/json-patch+json";
const mergePatch = "application/merge-patch+json";
const extendedPatch = "application/vnd.collab-room.patch+json";
const before = { title: "one", list: [1, 2, 3] };

/** A running room with `before` as its state, at version 1. */
async function room(behaviour = "default"): Promise<string> {
  const id = newId();
  await send("PUT", at(id), { json: { behaviour } });
  await expectJson(await send("PUT", at(id, "/state"), { json: before }), 200);
  return id;
}

const patch = (id: string, type: string, body: BodyInit): Promise<Response> =>
  send("PATCH", at(id, "/state"), { body, type });

async function expectState(id: string, version: number, state: unknown): Promise<void> {
  const response = await send("GET", at(id, "/state"));
  expect(taggedVersion(response)).toBe(version);
  expect(await response.json()).toEqual(state);
}

describe("JSON Patch", () => {
  test("[S5, S3] makes one change of all six operations in one patch", async () => {
    const id = await room();
    const operations = [
      { op: "test", path: "/title", value: "one" },
      { op: "add", path: "/list/-", value: { n: 4 } },
      { op: "replace", path: "/title", value: "two" },
      { op: "copy", from: "/list/0", path: "/first" },
      { op: "move", from: "/list/1", path: "/second" },
      { op: "remove", path: "/list/0" },
    ];
    const response = await patch(id, jsonPatch, JSON.stringify(operations));
    expect(taggedVersion(response)).toBe(2);
    expect(await expectJson(response, 200)).toEqual({ version: 2 });
    await expectState(id, 2, { title: "two", list: [3, { n: 4 }], first: 1, second: 2 });
  });

  test.each([
    ["no operations", []],
    ["a test that passes", [{ op: "test", path: "/list/0", value: 1 }]],
    [
      "a change and its reversal",
      [
        { op: "add", path: "/x", value: 1 },
        { op: "remove", path: "/x" },
      ],
    ],
    ["the present value", [{ op: "replace", path: "/title", value: "one" }]],
  ])("[S3] keeps the version for %s", async (_, operations) => {
    const id = await room();
    const response = await patch(id, jsonPatch, JSON.stringify(operations));
    expect(taggedVersion(response)).toBe(1);
    expect(await expectJson(response, 200)).toEqual({ version: 1 });
    await expectState(id, 1, before);
  });

  test.each<[string, number, string, BodyInit]>([
    ["an object", 400, "malformed", '{"op":"remove","path":"/title"}'],
    ["an unknown operation", 400, "malformed", '[{"op":"delete","path":"/title"}]'],
    ["an inherited operation", 400, "malformed", '[{"__proto__":{"op":"remove"}}]'],
    ["an operation without value", 400, "malformed", '[{"op":"add","path":"/a"}]'],
    ["a path that is not a pointer", 400, "malformed", '[{"op":"remove","path":"title"}]'],
    ["a bad escape", 400, "malformed", '[{"op":"remove","path":"/~2"}]'],
    ["nothing", 400, "malformed", ""],
    ["invalid UTF-8", 400, "malformed", Uint8Array.of(0x5b, 0xff, 0x5d)],
    ["a path to nothing", 409, "patch_failed", '[{"op":"remove","path":"/nothing"}]'],
    ["an index out of range", 409, "patch_failed", '[{"op":"add","path":"/list/9","value":1}]'],
    ["a test that fails", 409, "patch_failed", '[{"op":"test","path":"/title","value":1}]'],
    ["a path to an inherited member", 409, "patch_failed", '[{"op":"remove","path":"/toString"}]'],
    ["an array as the state", 422, "invalid_state", '[{"op":"replace","path":"","value":[]}]'],
    ["65 levels", 413, "too_large", `[{"op":"add","path":"/a","value":${nested(64)}}]`],
    ["1,001 operations", 413, "too_large", operationsOf(1001)],
    ["over 1 MiB of state", 413, "too_large", adding("x".repeat(1024 * 1024))],
  ])("[S5, S2] with %s gets %i %s and changes nothing", async (_, status, code, body) => {
    const id = await room();
    await expectProblem(await patch(id, jsonPatch, body), status, code);
    await expectState(id, 1, before);
  });

  test("[S5] changes nothing if its last operation fails", async () => {
    const id = await room();
    const body = `[{"op":"remove","path":"/title"},{"op":"remove","path":"/title"}]`;
    const { detail } = await expectProblem(await patch(id, jsonPatch, body), 409, "patch_failed");
    expect(detail).toMatch(/^Operation 1: /);
    await expectState(id, 1, before);
  });

  test("[S9] may have 1,000 operations", async () => {
    const id = await room();
    const response = await patch(id, jsonPatch, operationsOf(1000));
    expect(await expectJson(response, 200)).toEqual({ version: 2 });
  });
});

describe("JSON Merge Patch", () => {
  test("[S5, S3] sets members, and removes them with null", async () => {
    const id = await room();
    const response = await patch(
      id,
      mergePatch,
      '{"title":null,"list":[9],"new":{"a":1,"b":null}}',
    );
    expect(taggedVersion(response)).toBe(2);
    expect(await expectJson(response, 200)).toEqual({ version: 2 });
    await expectState(id, 2, { list: [9], new: { a: 1 } });
  });

  test.each(["{}", '{"title":"one"}', '{"nothing":null}', '{"list":[1,2,3.0]}'])(
    "[S3] keeps the version for %s",
    async (body) => {
      const id = await room();
      expect(await expectJson(await patch(id, mergePatch, body), 200)).toEqual({ version: 1 });
      await expectState(id, 1, before);
    },
  );

  test.each<[string, number, string, BodyInit]>([
    ["an array", 400, "malformed", "[]"],
    ["null", 400, "malformed", "null"],
    ["text", 400, "malformed", '"title"'],
    ["nothing", 400, "malformed", ""],
    ["malformed JSON", 400, "malformed", "{title:1}"],
    ["65 levels", 413, "too_large", `{"a":${nested(64)}}`],
    ["150,000 levels", 413, "too_large", `${'{"a":'.repeat(150_000)}1${"}".repeat(150_000)}`],
    ["over 1 MiB of state", 413, "too_large", JSON.stringify({ a: "x".repeat(1024 * 1024 - 9) })],
  ])("[S5, S2] of %s gets %i %s and changes nothing", async (_, status, code, body) => {
    const id = await room();
    await expectProblem(await patch(id, mergePatch, body), status, code);
    await expectState(id, 1, before);
  });

  test("[S9] treats keys with a meaning to JavaScript as plain data", async () => {
    const id = await room();
    await patch(id, mergePatch, '{"__proto__":{"polluted":1},"constructor":{"prototype":{"a":1}}}');
    const text = await (await send("GET", at(id, "/state"))).text();
    expect(text).toContain('"__proto__":{"polluted":1}');
    expect(text).toContain('"constructor":{"prototype":{"a":1}}');
    await patch(id, mergePatch, '{"__proto__":null}');
    expect(await (await send("GET", at(id, "/state"))).text()).not.toContain("__proto__");
    expect({}).not.toHaveProperty("polluted");
  });
});

describe("content types", () => {
  test.each([
    undefined,
    "application/json",
    "text/plain",
    "application/json-patch",
    `${jsonPatch}; charset=latin1`,
    `${mergePatch}, ${jsonPatch}`,
  ])("[S5] such as %s get 415 with the supported types", async (type) => {
    const id = await room();
    const sent = { body: Uint8Array.of(0x5b, 0x5d), ...(type !== undefined && { type }) };
    const response = await send("PATCH", at(id, "/state"), sent);
    const { detail } = await expectProblem(response, 415, "unsupported_media_type");
    expect(detail).toBe(
      `The Content-Type must be ${jsonPatch} or ${mergePatch} or ${extendedPatch} in UTF-8.`,
    );
  });

  test("[S5] decide how a patch is read, in upper or lower case and with a charset", async () => {
    const id = await room();
    await expectJson(await patch(id, "Application/JSON-Patch+JSON; charset=UTF-8", "[]"), 200);
    await expectJson(await patch(id, 'application/merge-patch+json;charset="utf-8"', "{}"), 200);
    await expectProblem(await patch(id, jsonPatch, "{}"), 400, "malformed");
    await expectProblem(await patch(id, mergePatch, "[]"), 400, "malformed");
  });
});

test("[S9] a room applies its own limits, not the largest ones of any behaviour", async () => {
  const id = await room("small");
  const wide = (bytes: number): string => JSON.stringify({ a: "x".repeat(bytes - 8) });
  const put = (body: string) => send("PUT", at(id, "/state"), { body, type: "application/json" });
  await expectProblem(await put(wide(1025)), 413, "too_large");
  await expectJson(await put(wide(1024)), 200);
  await expectProblem(await put('{"a":[[[[]]]]}'), 413, "too_large");
  await expectJson(await put('{"a":[[[]]]}'), 200);
  await expectProblem(await patch(id, jsonPatch, operationsOf(6)), 413, "too_large");
  await expectJson(await patch(id, jsonPatch, operationsOf(5)), 200);
  await expectProblem(await patch(id, mergePatch, wide(1025)), 413, "too_large");
});

/** Arrays in arrays. */
function nested(levels: number): string {
  return "[".repeat(levels) + "]".repeat(levels);
}

function adding(value: unknown): string {
  return JSON.stringify([{ op: "add", path: "/a", value }]);
}

/** A patch with this many operations. */
function operationsOf(count: number): string {
  return JSON.stringify(
    Array.from({ length: count }, (_, value) => ({ op: "add", path: "/n", value })),
  );
}
