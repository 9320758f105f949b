// A socket's attachment must fit on the platform too, with presence and a watch list at their limits, and everything
// else that a session has.

import { expect, test } from "vitest";
import { maxWatchedUsers } from "../../src/protocol/limits.ts";
import { hibernate, newId, rooms } from "../support/rooms.ts";
import { expectFailed, expectOk } from "../support/session.ts";
import { connect } from "../support/socket-client.ts";

test("[A3, P2, N1, R6] a session with an attachment of the maximum size keeps its scopes and presence while the room sleeps", async () => {
  const id = newId();
  const room = await rooms.joinOrCreateRoom(id, { behaviour: "scripted" });
  const ada = await connect(id, { id: "ada" });
  const others = Array.from({ length: maxWatchedUsers }, (_, n) => `${n}`.padEnd(124, "x"));
  expectOk(await ada.watch(...others));
  // Negative zero has two bytes as JSON, and nine in the platform's own encoding.
  const zeros = `[${Array.from({ length: 1000 }, () => "-0").join(",")}]`;
  ada.sendRaw(`{"type":"presence","data":{"cursor":${zeros}},"ref":1}`);
  await ada.until(({ presence }) => Array.isArray(presence["ada"]?.["cursor"]));
  await room.setScopes("ada", ["room:read", "presence:write"]);
  await ada.next("scopes");
  await hibernate(id);
  expectFailed(await ada.merge({ a: 1 }), "forbidden");
  expect((await room.getPresence())["ada"]?.["cursor"]).toHaveLength(1000);
});
