// The replica of the test clients follows messages as docs/PROTOCOL.md describes, here with the golden
// frames, and it detects every violation of the protocol.

import { describe, expect, test } from "vitest";
import type { RoomMessage } from "../../src/protocol/messages.ts";
import { goldenFrames } from "../support/frames.ts";
import { Replica } from "../support/replica.ts";

const frames = new Map(goldenFrames("room").map(({ name, json }) => [name, json]));
const golden = (name: string): RoomMessage => frames.get(`room/${name}`) as unknown as RoomMessage;

function replicaOf(...names: string[]): Replica {
  const replica = new Replica();
  for (const name of names) replica.take(golden(name), known);
  return replica;
}

/** What a client knows at version 41 of the golden room. */
const known = {
  epoch: "9a0c4f1e-5d0b-4c53-8f0a-2f6f0c1f8b11",
  version: 41,
  state: { title: "Sketch", owner: "ada", tags: [] },
};

describe("a client that follows the messages", () => {
  test("[W1] gets everything from the welcome", () => {
    const { version, state, users, presence, scopes } = replicaOf("welcome");
    expect({ version, state }).toEqual({ version: 41, state: known.state });
    expect(users.map(({ id }) => id)).toEqual(["ada"]);
    expect(presence).toMatchObject({ ada: { status: "online" } });
    expect(scopes).toEqual(["room:read", "room:write", "presence:write"]);
  });

  test("[W1] continues from its state when it is resumed", () => {
    const { version, state } = replicaOf("welcome-resumed");
    expect({ version, state }).toEqual({ version: 43, state: { title: "Bridge", tags: [] } });
  });

  test("[W2] has the new state after a change", () => {
    const { version, state } = replicaOf("welcome", "change");
    expect({ version, state }).toEqual({
      version: 43,
      state: { title: "Bridge", owner: "ada", tags: ["draft"] },
    });
  });

  test("[U5] has the users in join order", () => {
    const order = (replica: Replica) => replica.users.map(({ id }) => id);
    expect(order(replicaOf("welcome", "users"))).toEqual(["ada", "bob"]);
    expect(order(replicaOf("welcome", "users", "users-all"))).toEqual(["ada", "cyd"]);
  });

  test("[P2] has everybody's presence", () => {
    const { presence } = replicaOf("welcome", "presence", "presence-all");
    expect(Object.keys(presence)).toEqual(["ada", "cyd"]);
    expect(presence["ada"]).toEqual({
      name: "Ada",
      color: "#6366F1",
      typing: false,
      status: "idle",
      idleSince: "2026-11-22T10:03:30.000Z",
    });
  });

  test("[A3] knows its current scopes", () => {
    expect(replicaOf("welcome", "scopes").scopes).toEqual(["room:read"]);
  });

  test("[W1] starts over from another welcome", () => {
    const again = replicaOf("welcome", "change", "users", "presence", "scopes", "mark", "welcome");
    expect(again).toEqual(replicaOf("welcome"));
  });
});

describe("a violation is detected:", () => {
  const welcomed = golden("welcome");
  const ada = { name: "Ada", color: "#000", typing: false, status: "online" } as const;
  const entry = { id: "ada", joinedAt: "2026-11-22T10:00:00.000Z", seq: 2, meta: {} };
  const change = (from: number, to: number, path: string): RoomMessage => ({
    type: "change",
    from,
    to,
    patch: [{ op: "remove", path }],
  });

  test.each<[string, string, RoomMessage[]]>([
    ["[W1] a message before the welcome", "came before welcome", [golden("change")]],
    [
      "[W1] a welcome for a user who is not in the room",
      "not among the users",
      [{ ...welcomed, users: [] } as RoomMessage],
    ],
    [
      "[W1] a resumed welcome from another epoch",
      "from nothing that is known",
      [{ ...golden("welcome-resumed"), epoch: "e" } as RoomMessage],
    ],
    [
      "[W1] a resumed welcome on a live session",
      "from nothing that is known",
      [welcomed, golden("welcome-resumed")],
    ],
    ["[W2] a change is missing", "from 42 at version 41", [welcomed, change(42, 43, "/title")]],
    [
      "[W2] a change comes twice",
      "from 41 at version 43",
      [welcomed, golden("change"), golden("change")],
    ],
    ["[W2] a change keeps the version", "from 41 to 41", [welcomed, change(41, 41, "/title")]],
    [
      "[W2] a change does not apply",
      "does not apply at absent",
      [welcomed, change(41, 42, "/absent")],
    ],
    [
      "[W2] a reply comes before its change",
      "came before the change",
      [welcomed, golden("reply-version")],
    ],
    ["[W2] a user joins twice", "is there already", [welcomed, { type: "users", joins: [entry] }]],
    [
      "[W2] an unknown user is updated",
      "eve is updated",
      [welcomed, { type: "users", updates: [{ ...entry, id: "eve" }] }],
    ],
    ["[W2] an unknown user leaves", "eve left", [welcomed, { type: "users", leaves: ["eve"] }]],
    [
      "[P2] a user appears twice",
      "is there already",
      [welcomed, { type: "presence", joins: { ada } }],
    ],
    [
      "[P2] an unknown user moves",
      "eve moves",
      [welcomed, { type: "presence", updates: { eve: {} } }],
    ],
    [
      "[P2] an unknown user disappears",
      "eve leaves",
      [welcomed, { type: "presence", leaves: ["eve"] }],
    ],
    [
      "[P1] an idle user without idleSince",
      "idleSince",
      [welcomed, { type: "presence", updates: { ada: { status: "idle" } } }],
    ],
    [
      "[U5] a user joins with the place of an earlier one",
      "seq 1 after 1",
      [welcomed, { type: "users", joins: [{ ...entry, id: "eve", seq: 1 }] }],
    ],
    ["[W3] a mark comes twice", "came twice", [welcomed, golden("mark"), golden("mark")]],
  ])("%s: %s", (_, error, messages) => {
    const replica = new Replica();
    const last = messages.pop();
    for (const message of messages) replica.take(message);
    expect(() => last && replica.take(last, known)).toThrow(error);
  });
});
