// An attachment is read as it was saved. Attachments that another version of the code has saved are ignored.

import { describe, expect, test } from "vitest";
import {
  initialFlow,
  readAttachment,
  type SessionAttachment,
  type SessionState,
} from "../../src/model/session-attachment.ts";

const attachment: SessionAttachment = {
  shape: 2,
  id: "s-1",
  userId: "__proto__",
  scopes: ["room:read"],
  presence: { data: { cursor: { x: 1 } }, at: 5, typingUntil: 5005 },
  sessionCount: 3,
  state: { kind: "joining", resume: { since: 3, epoch: "e" } },
  flow: { sent: 9, acked: 7, marks: [{ n: 8, at: 8, sentAt: 0 }] },
  heardAt: 6,
};

describe("a saved attachment", () => {
  test("[R6] is read as it was saved", () => {
    expect(readAttachment(attachment)).toEqual(attachment);
    expect(readAttachment(structuredClone(attachment))).toEqual(attachment);
    expect(readAttachment(JSON.parse(JSON.stringify(attachment)))).toEqual(attachment);
  });

  test.each<SessionState>([
    { kind: "joining" },
    { kind: "joining", resume: { since: 0, epoch: "e" } },
    { kind: "live" },
    { kind: "restarting" },
    { kind: "ended" },
  ])("[R6] keeps the state $kind", (state) => {
    expect(readAttachment(structuredClone({ ...attachment, state }))?.state).toEqual(state);
  });

  test.each<[string, unknown]>([
    ["nothing", undefined],
    ["null", null],
    ["an empty object", {}],
    ["an array", [attachment]],
    ["text", JSON.stringify(attachment)],
    ["a number", 2],
    ["of an earlier shape", { ...attachment, shape: 1 }],
    ["of a later shape", { ...attachment, shape: 3 }],
    ["of a shape in text", { ...attachment, shape: "2" }],
    ["of no shape", { ...attachment, shape: undefined }],
  ])("[R6] is ignored if it is %s", (_, other) => {
    expect(readAttachment(other)).toBeNull();
  });

  test("[L1] of a new session has nothing to acknowledge", () => {
    expect(initialFlow).toEqual({ sent: 0, acked: 0, marks: [] });
  });
});
