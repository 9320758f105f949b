// The published JSON Patch suite with PATCH of a room's state: every enabled case, over HTTP and with real
// storage.

import { describe, expect, test } from "vitest";
import type { JsonObject } from "collab-room";
import { at, expectJson, send, taggedVersion } from "../support/http.ts";
import { casesBelow, casesOfObjects, suiteSizes } from "../support/json-patch-suite.ts";
import { evict, newId } from "../support/rooms.ts";

const type = "application/json-patch+json";

/** A running room with this state. */
async function roomWith(state: JsonObject): Promise<string> {
  const id = newId();
  await send("PUT", at(id));
  await expectJson(await send("PUT", at(id, "/state"), { json: state }), 200);
  return id;
}

async function read(id: string): Promise<{ state: unknown; version: number }> {
  const response = await send("GET", at(id, "/state"));
  return { state: await expectJson(response, 200), version: taggedVersion(response) };
}

describe("the published suite", () => {
  test("[S5] is complete", () => {
    expect(suiteSizes).toEqual({ "tests.json": 75, "spec_tests.json": 16 });
    expect(casesBelow).toHaveLength(91);
  });

  const patches = [...casesBelow, ...casesOfObjects];

  test.each(patches.flatMap((one) => (one.expected ? [{ ...one, expected: one.expected }] : [])))(
    "[S5] $name",
    async ({ state, patch, expected }) => {
      const id = await roomWith(state);
      const response = await send("PATCH", at(id, "/state"), { json: patch, type });
      const version = taggedVersion(response);
      expect(await expectJson(response, 200)).toEqual({ version });
      expect(await read(id)).toEqual({ state: expected, version });
      await evict(id);
      expect(await read(id)).toEqual({ state: expected, version });
    },
  );

  test.each(patches.filter(({ expected }) => expected === null))(
    "[S5] $name: is refused and changes nothing",
    async ({ state, patch }) => {
      const id = await roomWith(state);
      const before = await read(id);
      const response = await send("PATCH", at(id, "/state"), { json: patch, type });
      const { code } = await response.json<{ code: string }>();
      // An invalid patch is malformed; a patch that does not apply to this state has failed.
      expect([
        [400, "malformed"],
        [409, "patch_failed"],
      ]).toContainEqual([response.status, code]);
      expect(await read(id)).toEqual(before);
    },
  );
});
