// The entry for clients of others: what it has, and the example of docs/PROTOCOL.md, done with nothing else.

import { expect, test } from "vitest";
import * as protocol from "collab-room/protocol";
import type { Effect, JsonObject, Patch, PatchLimits, Sized } from "collab-room/protocol";

const { applyRebased, defaultLimits, measure, PatchRun } = protocol;
const limits: PatchLimits = defaultLimits;

test("the entry has exactly these names", () => {
  expect(Object.keys(protocol).toSorted()).toEqual([
    "CollabError",
    "PartReader",
    "PatchRun",
    "allScopes",
    "allows",
    "applyPatch",
    "applyRebased",
    "checkRoomId",
    "closeCodeOf",
    "defaultLimits",
    "diff",
    "diffMerge",
    "errorTable",
    "maxFrameMessages",
    "maxPresenceBytes",
    "maxRoomIdBytes",
    "maxUserBytes",
    "maxUserIdLength",
    "maxUserSessions",
    "maxWatchedBytes",
    "maxWatchedUsers",
    "measure",
    "mergePatch",
    "parsePatch",
    "protocolVersion",
    "subprotocol",
  ]);
});

const sized = (value: JsonObject): Sized => ({
  value,
  bytes: measure(value, limits.stateDepth).bytes,
});

/** Apply the patch of a change. @returns the state after it, and what it has done to positions */
function applied(state: Sized, patch: Patch): { next: Sized; effects: readonly Effect[] } {
  const run = new PatchRun(state, limits);
  run.apply(patch);
  return { next: run.next, effects: run.steps.flatMap(({ effect }) => effect ?? []) };
}

test("[E1, E2] a client can keep its patch where it was meant, as the room does", () => {
  const base = sized({ notes: [{ text: "milk" }, { text: "eggs" }, { text: "tea" }] });
  const own: Patch = [
    { op: "str_ins", path: "/notes/2/text", pos: 3, str: "!" },
    { op: "remove", path: "/notes/0" },
  ];
  const v42 = applied(base, [{ op: "add", path: "/notes/0", value: { text: "salt" } }]);
  const v43 = applied(v42.next, [{ op: "remove", path: "/notes/1" }]);
  const run = new PatchRun(v43.next, limits);
  const dropped = applyRebased(run, own, [...v42.effects, ...v43.effects], false);
  expect(dropped).toEqual([1]);
  expect(run.next.value).toEqual({ notes: [{ text: "salt" }, { text: "eggs" }, { text: "tea!" }] });
});
