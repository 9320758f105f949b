// Patches with a base over HTTP (rules E1, E2, E5): `?base=`, `?strict=`, `Collab-Dropped`, and the content type
// of the extended patch.

import { describe, expect, test } from "vitest";
import { at, expectJson, expectProblem, send, taggedVersion } from "../support/http.ts";
import { newId } from "../support/rooms.ts";

const standard = "application/json-patch+json";
const extended = "application/vnd.collab-room.patch+json";
const merge = "application/merge-patch+json";

/** A room with a list, at version 1. */
async function room(): Promise<string> {
  const id = newId();
  await send("PUT", at(id), { json: {} });
  await expectJson(
    await send("PUT", at(id, "/state"), { json: { list: ["a", "b", "c"], n: 1, text: "hi" } }),
    200,
  );
  return id;
}

const patch = (id: string, query: string, json: unknown, type = standard): Promise<Response> =>
  send("PATCH", at(id, `/state${query}`), { json, type });

const stateOf = async (id: string): Promise<Record<string, unknown>> =>
  expectJson(await send("GET", at(id, "/state")), 200);

const remove = (index: number) => ({ op: "remove", path: `/list/${index}` });
const replace = (index: number, value: string) => ({
  op: "replace",
  path: `/list/${index}`,
  value,
});

describe("PATCH with a base", () => {
  test.each([standard, extended])(
    "[E1, E2] of %s is rebased, and the response names dropped operations",
    async (type) => {
      const id = await room();
      await expectJson(await patch(id, "", [remove(0)]), 200);
      const operations = [replace(0, "A"), replace(2, "C")];
      const response = await patch(id, "?base=1", operations, type);
      expect(response.headers.get("collab-dropped")).toBe("0");
      expect(taggedVersion(response)).toBe(3);
      expect(await expectJson(response, 200)).toEqual({ version: 3 });
      expect((await stateOf(id))["list"]).toEqual(["b", "C"]);
    },
  );

  test("[E2] has no such header if every operation applies", async () => {
    const id = await room();
    const response = await patch(id, "?base=1&strict=true", [replace(0, "A")]);
    expect(response.headers.has("collab-dropped")).toBe(false);
    await expectJson(response, 200);
  });

  test("[E2] that is strict is refused if a target is gone", async () => {
    const id = await room();
    await expectJson(await patch(id, "", [remove(0)]), 200);
    const response = await patch(id, "?base=1&strict=true", [replace(0, "A"), replace(1, "B")]);
    await expectProblem(response, 409, "target_gone");
    expect((await stateOf(id))["list"]).toEqual(["b", "c"]);
  });

  test("[E1, E8] may name its epoch: a base of another epoch is refused", async () => {
    const id = await room();
    const tag = (await send("GET", at(id, "/state"))).headers.get("etag")?.slice(1, -1) ?? "";
    await expectJson(await patch(id, `?base=${tag}`, [replace(0, "A")]), 200);
    await send("DELETE", at(id, "?purge=true"));
    await send("PUT", at(id), { json: {} });
    await expectJson(await send("PUT", at(id, "/state"), { json: { list: ["x"] } }), 200);
    const response = await patch(id, `?base=${tag}`, [replace(0, "A")]);
    await expectProblem(response, 409, "base_too_old");
    expect((await stateOf(id))["list"]).toEqual(["x"]);
  });

  test.each([
    ["?base=-1", standard],
    ["?base=1.5.2.x", standard],
    ["?base=one", standard],
    ["?base=", standard],
    ["?base=01", standard],
    ["?base=99999999999999999999", standard],
    ["?strict=true", standard],
    ["?base=1&strict=yes", standard],
    ["?base=1&bases=1", standard],
    ["?base=1", merge],
  ])("[E1] refuses %s with %s, and changes nothing", async (query, type) => {
    const id = await room();
    const body = type === merge ? { n: 2 } : [replace(0, "A")];
    await expectProblem(await patch(id, query, body, type), 400, "invalid_request");
    expect(await stateOf(id)).toEqual({ list: ["a", "b", "c"], n: 1, text: "hi" });
  });

  test("[E3] ahead of the room gets 412", async () => {
    const id = await room();
    await expectProblem(await patch(id, "?base=7", [replace(0, "A")]), 412, "version_conflict");
  });
});

describe("the extended patch", () => {
  const operations = [
    { op: "inc", path: "/n", by: 4 },
    { op: "str_ins", path: "/text", pos: 2, str: " there" },
    { op: "str_del", path: "/text", pos: 0, len: 1 },
  ];

  test("[E5] has a content type of its own", async () => {
    const id = await room();
    await expectJson(await patch(id, "", operations, extended), 200);
    expect(await stateOf(id)).toMatchObject({ n: 5, text: "i there" });
  });

  test("[E5] is refused as a JSON Patch, which says where it belongs", async () => {
    const id = await room();
    const response = await patch(id, "", operations);
    const { detail } = await expectProblem(response, 400, "malformed");
    expect(detail).toContain(extended);
    expect(await stateOf(id)).toMatchObject({ n: 1, text: "hi" });
  });

  test("[E5] at a position inside a surrogate pair fails", async () => {
    const id = await room();
    await expectJson(await send("PUT", at(id, "/state"), { json: { text: "😀" } }), 200);
    const inside = [{ op: "str_ins", path: "/text", pos: 1, str: "x" }];
    await expectProblem(await patch(id, "", inside, extended), 409, "patch_failed");
    expect(await stateOf(id)).toEqual({ text: "😀" });
  });
});
