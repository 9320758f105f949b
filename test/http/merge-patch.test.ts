// The appendix of RFC 7396 with PATCH of a room's state: every case, over HTTP and with real storage.

import { describe, expect, test } from "vitest";
import { at, expectJson, expectProblem, send } from "../support/http.ts";
import { mergeAppendix, mergesBelow, mergesOfObjects } from "../support/merge-patch.ts";
import { evict, newId } from "../support/rooms.ts";

const type = "application/merge-patch+json";

describe("RFC 7396, appendix A", () => {
  test("[S5] is complete", () => {
    expect(mergeAppendix).toHaveLength(15);
  });

  test.each([...mergesOfObjects, ...mergesBelow])(
    "[S5] $before merged with $merge is $after",
    async ({ before, merge, after }) => {
      const id = newId();
      await send("PUT", at(id));
      await expectJson(await send("PUT", at(id, "/state"), { json: before }), 200);
      await expectJson(await send("PATCH", at(id, "/state"), { json: merge, type }), 200);
      expect(await expectJson(await send("GET", at(id, "/state")), 200)).toEqual(after);
      await evict(id);
      expect(await expectJson(await send("GET", at(id, "/state")), 200)).toEqual(after);
    },
  );

  const noObjects = mergeAppendix.filter(
    ({ merge }) => typeof merge !== "object" || merge === null || Array.isArray(merge),
  );

  test.each(noObjects)(
    "[S1] $merge is malformed, because it is not an object",
    async ({ merge }) => {
      const id = newId();
      await send("PUT", at(id));
      const response = await send("PATCH", at(id, "/state"), { json: merge, type });
      await expectProblem(response, 400, "malformed");
    },
  );
});
