// What a session may do is checked for every message, can change while the socket is open, and is kept as long as the
// user is in the room.

import { beforeEach, describe, expect, test } from "vitest";
import type { RoomHandle } from "collab-room";
import type { ClientMessage } from "../../../src/protocol/messages.ts";
import type { Scope } from "../../../src/protocol/scopes.ts";
import { useFakeDate } from "../../support/fake-date.ts";
import { at, expectJson, send } from "../../support/core/http.ts";
import { evict, failureCode } from "../../support/core/rooms.ts";
import { expectFailed, expectOk, type TestSession } from "../../support/session.ts";
import { connect, refusal } from "../../support/core/socket-client.ts";
import { gather, hold, messagesOf, set } from "../../support/core/sessions.ts";

useFakeDate();

let [id, room, ada, bob] = ["", {} as RoomHandle, {} as TestSession, {} as TestSession];

beforeEach(async () => {
  const gathered = await gather("swift", "ada", "bob");
  [id, room] = [gathered.id, gathered.room];
  [ada, bob] = gathered.sessions as [TestSession, TestSession];
});

/** Set Ada's scopes, and wait until she has received them. */
async function allow(...scopes: Scope[]): Promise<void> {
  await room.setScopes("ada", scopes);
  await ada.until((session) => session.scopes.join() === scopes.join());
}

const messages = {
  update: { type: "update", ref: "r", merge: { n: 1 } },
  action: { type: "action", ref: "r", name: "rename", payload: { title: "x" } },
  broadcast: { type: "broadcast", ref: "r", event: "e" },
  presence: { type: "presence", ref: "r", data: { cursor: 1 } },
  touch: { type: "touch", ref: "r" },
} satisfies Record<string, ClientMessage>;

const writes = ["update", "action", "broadcast"] as const;

describe("scopes", () => {
  test.for([
    [["room:read"], ["touch"]],
    [
      ["room:read", "presence:write"],
      ["presence", "touch"],
    ],
    [
      ["room:read", "room:write"],
      [...writes, "touch"],
    ],
    [["room:admin"], [...writes, "presence", "touch"]],
    [
      ["room:read", "room:admin"],
      [...writes, "presence", "touch"],
    ],
  ] as [Scope[], (keyof typeof messages)[]][])(
    "[A3] %j allow %j, and nothing else",
    async ([scopes, allowed]) => {
      await allow(...scopes);
      for (const type of Object.keys(messages) as (keyof typeof messages)[]) {
        ada.send(messages[type]);
        const reply = await ada.next("reply", ({ ref }) => ref === "r");
        if (allowed.includes(type)) expectOk(reply);
        else expectFailed(reply, "forbidden");
      }
      await bob.fence();
      expect("n" in bob.state).toBe(allowed.includes("update"));
      expect("title" in bob.state).toBe(allowed.includes("action"));
      expect(bob.presence["ada"]?.cursor).toBe(allowed.includes("presence") ? 1 : undefined);
      const heard = messagesOf(bob, "event").filter(({ event }) => event === "e");
      expect(heard).toHaveLength(allowed.includes("broadcast") ? 1 : 0);
    },
  );

  test("[A3] that are missing are named in the reply, or in an error if there is no ref", async () => {
    await allow("room:read");
    ada.send({ type: "presence", data: { cursor: 1 } });
    const error = await ada.next("error");
    expect(error).toMatchObject({ code: "forbidden" });
    expect(error.detail).toContain("presence:write");
  });

  test("[A3] of a reader let it receive everything, and leave", async () => {
    await allow("room:read");
    expectOk(await bob.update(set("n", 1)));
    expectOk(await bob.broadcast("wave"));
    await ada.next("event");
    expect(ada.state).toEqual({ n: 1 });
    expect((await ada.leave()).code).toBe(1000);
  });
});

describe("a change of scopes", () => {
  test("[A3] applies to the next message, and is sent to all sessions of the user", async () => {
    const tab = await connect(id, { id: "ada" });
    expectOk(await ada.update(set("n", 1)));
    const json = { scopes: ["presence:write", "room:read"] };
    const entry = await expectJson(await send("PATCH", at(id, "/users/ada"), { json }), 200);
    expect(entry).toEqual(ada.welcome.user);
    expectFailed(await ada.update(set("n", 2)), "forbidden");
    expectFailed(await tab.update(set("n", 2)), "forbidden");
    for (const session of [ada, tab]) {
      expect(session.scopes).toEqual(["room:read", "presence:write"]);
      expect(messagesOf(session, "scopes")).toHaveLength(1);
    }
    expect(messagesOf(bob, "scopes")).toEqual([]);
    expectOk(await bob.update(set("n", 3)));
    await allow("room:read", "room:write");
    expectOk(await ada.update(set("n", 4)));
  });

  test("[A3, R1] applies to messages that are already waiting", async () => {
    const letGo = await hold(room);
    const before = ada.update(set("n", 1));
    ada.sendRaw("?");
    await ada.next("error");
    const setting = room.setScopes("ada", ["room:read"]);
    await letGo(bob);
    expectOk(await before);
    await setting;
    expectFailed(await ada.update(set("n", 2)), "forbidden");
  });

  test("[A3] lasts as long as the user is in the room, and no longer", async () => {
    await allow("room:read");
    await ada.leave();
    await expect.poll(async () => (await room.getUsers()).length).toBe(1);
    const back = await connect(id, { id: "ada" });
    expectOk(await back.update(set("n", 1)));
  });

  test("[A3] fails with user_not_found for an unknown user, and with invalid_request for invalid scopes", async () => {
    expect(await failureCode(room.setScopes("carol", ["room:read"]))).toBe("user_not_found");
    const wrong = room.setScopes("ada", ["room:paint" as Scope]);
    expect(await failureCode(wrong)).toBe("invalid_request");
    expectOk(await ada.update(set("n", 1)));
  });
});

describe("a user without room:read", () => {
  test("[A3] is closed with 4003 in every tab, and nobody else is", async () => {
    const tab = await connect(id, { id: "ada" });
    await room.setScopes("ada", ["room:write", "presence:write"]);
    for (const session of [ada, tab])
      expect(await session.closed).toEqual({ code: 4003, reason: "forbidden" });
    expectOk(await bob.update(set("n", 1)));
  });

  test("[A3] cannot come back by another socket, whether the room is awake or asleep", async () => {
    await room.setScopes("ada", []);
    await ada.closed;
    for (let round = 0; round < 2; round++) {
      const { status, problem } = await refusal(id, { id: "ada" });
      expect([status, problem.code]).toEqual([403, "forbidden"]);
      await evict(id);
    }
    expect((await room.info()).sockets).toBe(1);
    await room.setScopes("ada", ["room:read"]);
    expect((await connect(id, { id: "ada" })).welcome.scopes).toEqual(["room:read"]);
  });
});
