// What a client knows by following the messages as docs/PROTOCOL.md tells, shown on the golden frames;
// and that the clients of the other tests are strict: whatever does not follow is seen.

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

/** What a client knows who has seen version 41 of the golden room. */
const known = {
  epoch: "9a0c4f1e-5d0b-4c53-8f0a-2f6f0c1f8b11",
  version: 41,
  state: { title: "Sketch", owner: "ada", tags: [] },
};

describe("a client that follows the messages", () => {
  test("[W1] knows everything from the welcome", () => {
    const { version, state, users, presence, scopes } = replicaOf("welcome");
    expect({ version, state }).toEqual({ version: 41, state: known.state });
    expect(users.map(({ id }) => id)).toEqual(["ada"]);
    expect(presence).toMatchObject({ ada: { status: "online" } });
    expect(scopes).toEqual(["room:read", "room:write", "presence:write"]);
  });

  test("[W1] goes on from the state it had when it is resumed", () => {
    const { version, state } = replicaOf("welcome-resumed");
    expect({ version, state }).toEqual({ version: 43, state: { title: "Bridge", tags: [] } });
  });

  test("[W2] has the state after a change", () => {
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

  test("[A3] knows its scopes as they are now", () => {
    expect(replicaOf("welcome", "scopes").scopes).toEqual(["room:read"]);
  });

  test("[W1] begins anew from another welcome", () => {
    const again = replicaOf("welcome", "change", "users", "presence", "scopes", "mark", "welcome");
    expect(again).toEqual(replicaOf("welcome"));
  });
});

describe("a breach is seen:", () => {
  const welcomed = golden("welcome");
  const ada = { name: "Ada", color: "#000", typing: false, status: "online" } as const;
  const entry = { id: "ada", joinedAt: "2026-11-22T10:00:00.000Z", meta: {} };
  const change = (from: number, to: number, path: string): RoomMessage => ({
    type: "change",
    from,
    to,
    patch: [{ op: "remove", path }],
  });

  test.each<[string, RoomMessage[]]>([
    ["[W1] something before the welcome", [golden("change")]],
    ["[W1] a user who is not in the room", [{ ...welcomed, users: [] } as RoomMessage]],
    [
      "[W1] resumed from another epoch",
      [{ ...golden("welcome-resumed"), epoch: "e" } as RoomMessage],
    ],
    ["[W1] resumed, though it was there already", [welcomed, golden("welcome-resumed")]],
    ["[W2] a change is missing", [welcomed, change(42, 43, "/title")]],
    ["[W2] a change comes twice", [welcomed, golden("change"), golden("change")]],
    ["[W2] a change leads nowhere", [welcomed, change(41, 41, "/title")]],
    ["[W2] a change does not apply", [welcomed, change(41, 42, "/absent")]],
    ["[W2] a user joins twice", [welcomed, { type: "users", joins: [entry] }]],
    [
      "[W2] a stranger is updated",
      [welcomed, { type: "users", updates: [{ ...entry, id: "eve" }] }],
    ],
    ["[W2] a stranger leaves", [welcomed, { type: "users", leaves: ["eve"] }]],
    ["[P2] a user appears twice", [welcomed, { type: "presence", joins: { ada } }]],
    ["[P2] a stranger moves", [welcomed, { type: "presence", updates: { eve: {} } }]],
    ["[P2] a stranger goes", [welcomed, { type: "presence", leaves: ["eve"] }]],
    [
      "[P1] an idle user types",
      [welcomed, { type: "presence", updates: { ada: { status: "idle" } } }],
    ],
    ["[W3] a mark comes twice", [welcomed, golden("mark"), golden("mark")]],
  ])("%s", (_, messages) => {
    const replica = new Replica();
    const last = messages.pop();
    for (const message of messages) replica.take(message);
    expect(() => last && replica.take(last, known)).toThrow();
  });
});
