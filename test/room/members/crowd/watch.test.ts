// Watching users: in a sampled room, a session is told about them at once, as about everybody in a small room.

import { describe, expect, test } from "vitest";
import { setScopes } from "../../../../src/room/operations/set-scopes.ts";
import { maxWatchedBytes, maxWatchedUsers } from "../../../../src/protocol/limits.ts";
import { Crowd, type CrowdClient } from "../../../support/crowd-by-hand.ts";

async function gather(count = 6, presenceLimit = 4) {
  const crowd = new Crowd({ presenceLimit });
  const clients = (await crowd.gather(count)) as [CrowdClient, CrowdClient, CrowdClient];
  for (const client of clients) client.forget();
  return { crowd, clients };
}

const withoutPeople = ({ messages }: CrowdClient) =>
  messages.filter(({ type }) => type !== "people");

describe("watch", () => {
  test("[N1] sends the users as they are, followed by the reply", async () => {
    const { crowd, clients } = await gather();
    const [ada, bob] = clients;
    await bob.show({ cursor: 7 });
    await crowd.calm();
    ada.forget();
    await ada.watch("user-1", "user-2");
    await crowd.hand.pass(100);
    expect(withoutPeople(ada.read())).toEqual([
      { type: "users", joins: [bob.welcome.user, clients[2].welcome.user] },
      {
        type: "presence",
        joins: { "user-1": bob.presence["user-1"], "user-2": clients[2].presence["user-2"] },
      },
      { type: "reply", ref: 1, ok: true },
    ]);
    await crowd.calm();
    await crowd.check();
  });

  test("[N1] then sends each of their changes at once, and those of nobody else", async () => {
    const { crowd, clients } = await gather();
    const [ada, bob, cyd] = clients;
    await ada.watch("user-1");
    await crowd.calm();
    ada.forget();
    for (const x of [1, 2, 3]) {
      await bob.show({ cursor: x });
      await cyd.show({ cursor: x });
      await crowd.hand.pass(20);
      expect(ada.of("presence").at(-1)).toEqual({
        type: "presence",
        updates: { "user-1": { cursor: x } },
      });
    }
    expect(ada.of("presence")).toHaveLength(3);
    await crowd.calm();
    await crowd.check();
  });

  test("[N1, U4, U3] reports watched users who leave, come back and join again", async () => {
    const { crowd, clients } = await gather(8);
    const [ada] = clients;
    await ada.watch("user-1", "nobody");
    await crowd.calm();
    ada.forget();
    await crowd.leave("user-1");
    crowd.sweep();
    await crowd.calm();
    expect(withoutPeople(ada)).toEqual([
      { type: "users", leaves: ["user-1"] },
      { type: "presence", leaves: ["user-1"] },
    ]);
    const back = await crowd.connect("user-1");
    await crowd.connect("nobody");
    await crowd.calm();
    expect(ada.users.map(({ id }) => id)).toEqual(["user-0", "user-1", "nobody"]);
    ada.forget();
    await crowd.join({ id: "user-1", name: "Bob" });
    await crowd.calm();
    expect(ada.of("users")).toMatchObject([{ updates: [{ id: "user-1", name: "Bob" }] }]);
    expect(back.users).toMatchObject([{ name: "Bob" }]);
    await crowd.check();
  });

  test("[N1] replaces the previous list, and an empty list ends it", async () => {
    const { crowd, clients } = await gather();
    const [ada, , cyd] = clients;
    await ada.watch("user-1", "user-2");
    await crowd.calm();
    ada.forget();
    await ada.watch("user-2", "user-3");
    await crowd.hand.pass(100);
    expect(ada.of("users")).toEqual([
      { type: "users", joins: [crowd.clients[3]?.welcome.user], leaves: ["user-1"] },
    ]);
    await ada.watch();
    await crowd.calm();
    ada.forget();
    await cyd.show({ cursor: 1 });
    await crowd.hand.pass(100);
    expect(ada.of("presence")).toEqual([]);
    expect(Object.keys(ada.presence)).toEqual(["user-0"]);
    await crowd.calm();
    await crowd.check();
  });

  test("[N1] ignores the user's own id, duplicates and unknown ids", async () => {
    const { crowd, clients } = await gather();
    const [ada, bob] = clients;
    await ada.watch("user-0", "user-1", "user-1", "nobody", "__proto__");
    await crowd.calm();
    expect(ada.users.map(({ id }) => id)).toEqual(["user-0", "user-1"]);
    ada.forget();
    await ada.show({ cursor: 1 });
    await bob.show({ cursor: 1 });
    await crowd.hand.pass(100);
    expect(ada.of("presence").flatMap(({ updates = {} }) => Object.entries(updates))).toEqual([
      ["user-0", { cursor: 1 }],
      ["user-1", { cursor: 1 }],
    ]);
    await crowd.check();
  });

  test("[N1, P1] applies to one session: the user's other sessions are not told", async () => {
    const { crowd, clients } = await gather();
    const [ada, bob] = clients;
    const tab = await crowd.connect("user-0");
    await ada.watch("user-1");
    await crowd.calm();
    for (const client of [ada, tab]) client.forget();
    await bob.show({ cursor: 1 });
    await tab.show({ cursor: 2 });
    await crowd.hand.pass(100);
    expect(tab.of("presence")).toEqual([
      { type: "presence", updates: { "user-0": { cursor: 2 } } },
    ]);
    expect(ada.of("presence").flatMap(({ updates = {} }) => Object.keys(updates))).toEqual([
      "user-1",
      "user-0",
    ]);
    await crowd.check();
  });

  test("[N1] in a room that reports everybody is kept for later, and sends nothing twice", async () => {
    const { crowd, clients } = await gather(4);
    const [ada, bob] = clients;
    await ada.watch("user-1");
    await crowd.calm();
    expect(ada.messages).toEqual([{ type: "reply", ref: 1, ok: true }]);
    ada.forget();
    await bob.show({ cursor: 1 });
    await crowd.calm();
    expect(ada.messages).toHaveLength(1);
    ada.forget();
    await crowd.connect("eve");
    await crowd.calm();
    expect(ada.messages.map(({ type }) => type)).toEqual(["people", "users", "presence"]);
    expect(Object.keys(ada.presence)).toEqual(["user-0", "user-1"]);
    await crowd.check();
  });

  test("[N1, R6] is remembered while the room sleeps", async () => {
    const { crowd, clients } = await gather();
    const [ada, bob] = clients;
    await ada.watch("user-1");
    await crowd.calm();
    await crowd.hibernate();
    ada.forget();
    await bob.show({ cursor: 5 });
    await crowd.hand.pass(100);
    expect(ada.of("presence")).toEqual([
      { type: "presence", updates: { "user-1": { cursor: 5 } } },
    ]);
    await crowd.calm();
    await crowd.check();
  });

  test("[N1, W1] sent before the welcome is answered by it", async () => {
    const { crowd } = await gather();
    await crowd.hand.pass(1);
    const late = await crowd.connect("late");
    await late.watch("user-1", "user-0");
    await crowd.calm();
    expect(late.messages[0]?.type).toBe("welcome");
    expect(late.welcome.users.length + late.of("users").length).toBeGreaterThan(1);
    expect(late.users.map(({ id }) => id)).toEqual(["user-0", "user-1", "late"]);
    await crowd.check();
  });

  test("[N1, R10] that is pending when a commit fails is answered by the restarted room", async () => {
    const { crowd, clients } = await gather();
    const [ada, bob] = clients;
    crowd.storage.fails = "appendChange";
    await Promise.all([
      bob.send({ type: "update", ref: "fails", merge: { n: 1 } }),
      ada.watch("user-1"),
    ]);
    await crowd.calm();
    expect(bob.of("reply")).toMatchObject([{ ok: false, code: "commit_failed" }]);
    expect(ada.of("reply")).toMatchObject([{ ok: true }]);
    expect(ada.users.map(({ id }) => id)).toEqual(["user-0", "user-1"]);
    await crowd.check();
  });
});

describe("watch is refused", () => {
  const ids = (count: number, length: number): string[] =>
    Array.from({ length: count }, (_, n) => `${n}`.padEnd(length, "x"));

  test.each([
    ["with more than 64 users", ids(maxWatchedUsers + 1, 4)],
    ["with more than 8 KiB of ids", ids(maxWatchedUsers, 128)],
    [
      "with more than 8 KiB of ids in UTF-8",
      Array.from({ length: 22 }, (_, n) => `${n}`.padEnd(128, "京")),
    ],
  ])("[N1] %s, and the previous list stays", async (_, users) => {
    const { crowd, clients } = await gather();
    const [ada, bob] = clients;
    await ada.watch("user-1");
    await crowd.calm();
    ada.forget();
    await ada.watch(...users);
    await crowd.hand.pass(100);
    expect(ada.of("reply")).toMatchObject([{ ok: false, code: "too_large" }]);
    await bob.show({ cursor: 1 });
    await crowd.calm();
    expect(ada.presence["user-1"]).toMatchObject({ cursor: 1 });
    await crowd.check();
  });

  test("[N1] not with 64 users and 8 KiB of ids", async () => {
    const { crowd, clients } = await gather();
    const [ada] = clients;
    const users = ids(maxWatchedUsers, 124);
    expect(JSON.stringify(users).length).toBeLessThanOrEqual(maxWatchedBytes);
    await ada.watch(...users);
    await crowd.calm();
    expect(ada.of("reply")).toMatchObject([{ ok: true }]);
  });

  test.each([
    ["no list", {}],
    ["null", { users: null }],
    ["an object", { users: { ada: true } }],
    ["a number in it", { users: ["ada", 1] }],
    ["an empty id", { users: [""] }],
    ["an id of 129 characters", { users: ["x".repeat(129)] }],
    ["an id with a lone surrogate", { users: ["\ud800"] }],
  ])("[N1, W3] with %s", async (_, message) => {
    const { crowd, clients } = await gather();
    const [ada] = clients;
    await ada.send({ type: "watch", ref: "bad", ...message });
    await ada.send({ type: "watch", ...message });
    await crowd.calm();
    expect(ada.of("reply")).toMatchObject([{ ref: "bad", ok: false, code: "bad_message" }]);
    expect(ada.of("error")).toMatchObject([{ code: "bad_message" }]);
  });

  test("[N1, A3] for a session without the scope room:read, which is closed", async () => {
    const { crowd, clients } = await gather();
    const [ada] = clients;
    await crowd.hand.call(setScopes, { userId: "user-0", scopes: ["room:write"] });
    await ada.watch("user-1");
    expect(ada.socket.closed).toMatchObject({ reason: "forbidden" });
  });
});
