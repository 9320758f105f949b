// What is kept beside a socket is read as it was written, and what another version of the program has
// kept is not taken for it.

import { describe, expect, test } from "vitest";
import { noFlow, readKept, type KeptSession } from "../../src/model/session-attachment.ts";

const kept: KeptSession = {
  shape: 1,
  id: "s-1",
  userId: "__proto__",
  scopes: ["room:read"],
  presence: { data: { cursor: { x: 1 } }, at: 5, typingUntil: 5005 },
  welcomed: false,
  resume: { since: 3, epoch: "e" },
  flow: { sent: 9, acked: 7, marks: [8] },
};

describe("what was kept of a session", () => {
  test("[R6] is read as it was kept", () => {
    expect(readKept(kept)).toEqual(kept);
    expect(readKept(structuredClone(kept))).toEqual(kept);
    expect(readKept(JSON.parse(JSON.stringify(kept)))).toEqual(kept);
  });

  test.each<[string, unknown]>([
    ["nothing", undefined],
    ["null", null],
    ["an empty object", {}],
    ["an array", [kept]],
    ["text", JSON.stringify(kept)],
    ["a number", 1],
    ["of an earlier shape", { ...kept, shape: 0 }],
    ["of a later shape", { ...kept, shape: 2 }],
    ["of a shape in text", { ...kept, shape: "1" }],
    ["of no shape", { ...kept, shape: undefined }],
  ])("[R6] is not read when it is %s", (_, other) => {
    expect(readKept(other)).toBeNull();
  });

  test("[L1] a reader who has been sent nothing is behind by nothing", () => {
    expect(noFlow).toEqual({ sent: 0, acked: 0, marks: [] });
  });
});
