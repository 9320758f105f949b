// An attachment is read as it was saved. Attachments that another version of the code has saved are ignored.

import { serialize } from "node:v8";
import { describe, expect, test } from "vitest";
import { jsonBytes } from "../support/canonical-json.ts";
import { maxPresenceBytes, maxWatchedBytes, maxWatchedUsers } from "../../src/protocol/limits.ts";
import { allScopes } from "../../src/protocol/scopes.ts";
import {
  initialFlow,
  pack,
  readAttachment,
  unpack,
  type SessionAttachment,
  type SessionState,
} from "../../src/model/session-attachment.ts";

const attachment: SessionAttachment = {
  shape: 3,
  id: "s-1",
  userId: "__proto__",
  scopes: ["room:read"],
  presence: pack({ data: { cursor: { x: 1 } }, at: 5, typingUntil: 5005 }),
  sessionCount: 3,
  state: { kind: "joining", resume: { since: 3, epoch: "e" } },
  flow: { sent: 9, acked: 7, marks: [{ n: 8, at: 8, sentAt: 0 }] },
  openedAt: 4,
  heardAt: 6,
};

describe("a saved attachment", () => {
  test("[R6] is read as it was saved", () => {
    expect(readAttachment(attachment)).toEqual(attachment);
    expect(readAttachment(structuredClone(attachment))).toEqual(attachment);
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
    ["of an earlier shape", { ...attachment, shape: 2 }],
    ["of a later shape", { ...attachment, shape: 4 }],
    ["of a shape in text", { ...attachment, shape: "3" }],
    ["of no shape", { ...attachment, shape: undefined }],
    ["without presence", { ...attachment, presence: undefined }],
    ["of presence that is not packed", { ...attachment, presence: { data: {}, at: 0 } }],
    ["of presence that is no JSON", { ...attachment, presence: new Uint8Array([123]) }],
    ["of presence that is no object", { ...attachment, presence: pack([]) }],
    ["of watched users that are no list", { ...attachment, watched: pack({}) }],
  ])("[R6] is ignored if it is %s", (_, other) => {
    expect(readAttachment(other)).toBeNull();
  });

  test("[N1] has the users that are watched, whatever their ids are", () => {
    const userIds = ["ada", "__proto__", "京都", "😀", "a b"];
    const stored = structuredClone({ ...attachment, watched: pack(userIds) });
    expect(unpack(readAttachment(stored)?.watched as Uint8Array)).toEqual(userIds);
  });

  test.each<[string, string, unknown[]]>([
    ["numbers", "x", Array.from({ length: 505 }, () => 0.5)],
    ["text beyond Latin-1", "京", ["京".padEnd(2000, "x")]],
    ["zeros with a sign", "x", Array.from({ length: 1000 }, () => -0)],
    ["lists in lists", "é", Array.from({ length: 675 }, () => [])],
  ])(
    "[N1, P2] fits beside a socket with all that it may have, and presence of %s",
    (_, id, data) => {
      const cursor = { cursor: data as number[] };
      expect(jsonBytes(cursor)).toBeLessThanOrEqual(maxPresenceBytes);
      const userIds = Array.from({ length: maxWatchedUsers }, (__, n) => `${n}`.padEnd(124, "x"));
      const watched = pack(userIds);
      expect(watched.length).toBeGreaterThan(maxWatchedBytes - 100);
      const time = 1_800_000_000_000.5;
      const mark = { n: 2 ** 48 - 1, at: time, sentAt: time };
      const largest: SessionAttachment = {
        shape: 3,
        id: crypto.randomUUID(),
        userId: id.repeat(128),
        scopes: allScopes,
        presence: pack({ data: cursor, at: time, typingUntil: time }),
        sessionCount: 32,
        state: { kind: "joining", resume: { since: 2 ** 53 - 1, epoch: crypto.randomUUID() } },
        flow: { sent: time, acked: time, marks: Array.from({ length: 32 }, () => mark) },
        openedAt: time,
        heardAt: time,
        probe: mark.n,
        isSampled: true,
        watched,
      };
      expect(serialize(largest).byteLength).toBeLessThan(16_384);
    },
  );

  test("[L1] of a new session has nothing to acknowledge", () => {
    expect(initialFlow).toEqual({ sent: 0, acked: 0, marks: [] });
  });
});
