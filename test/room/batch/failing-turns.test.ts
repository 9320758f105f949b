// Errors that the client's message did not cause. Each is reported with the ref of the request, and the socket stays
// open.

import { beforeEach, describe, expect, test } from "vitest";
import type { RoomHandle } from "collab-room";
import { mailboxSize } from "../../../src/room/mailbox.ts";
import { gate, setScript } from "../../fixtures/scripts.ts";
import { pass, useFakeDate } from "../../support/fake-date.ts";
import {
  breakWrites,
  evict,
  failureCode,
  mendWrites,
  ring,
  sql,
  stored,
} from "../../support/core/rooms.ts";
import { expectFailed, expectOk, type TestSession } from "../../support/session.ts";
import { connect, refusal } from "../../support/core/socket-client.ts";
import { arrived, gather, hold, messagesOf, set, slowly } from "../../support/core/sessions.ts";

useFakeDate();

let [id, room, ada, bob] = ["", {} as RoomHandle, {} as TestSession, {} as TestSession];

beforeEach(async () => {
  const gathered = await gather("swift", "ada", "bob");
  [id, room] = [gathered.id, gathered.room];
  [ada, bob] = gathered.sessions as [TestSession, TestSession];
  expectOk(await bob.update(set("n", 1)));
});

describe("a room whose behaviour is missing", () => {
  const rename = async (behaviour: string): Promise<void> => {
    await sql(id, "UPDATE room SET data = json_set(data, '$.behaviour', ?)", behaviour);
    await evict(id);
  };

  test("[R6] answers everything with behaviour_missing, and recovers when the behaviour is back", async () => {
    await rename("gone");
    const replies = [ada.update(set("n", 2)), ada.act("look"), ada.broadcast("e"), ada.touch()];
    replies.push(ada.show({ cursor: 1 }));
    for (const reply of await Promise.all(replies)) expectFailed(reply, "behaviour_missing");
    ada.send({ type: "touch" });
    expect((await ada.next("error")).code).toBe("behaviour_missing");
    const { status, problem } = await refusal(id, { id: "carol" });
    expect([status, problem.code]).toEqual([503, "behaviour_missing"]);
    await rename("swift");
    expectOk(await ada.update(set("n", 2)));
    await bob.fence();
    expect([bob.state, bob.version]).toEqual([{ n: 2 }, 2]);
    expect(messagesOf(bob, "welcome")).toHaveLength(1);
  });
});

describe("a full mailbox", () => {
  test("[R1] answers requests beyond its size with room_overloaded, and handles the rest", async () => {
    const { began, end } = slowly(id);
    const played = bob.act("play");
    await began();
    const times = mailboxSize.turns + 100;
    for (let ref = 0; ref < times; ref += 100)
      ada.send(
        ...Array.from({ length: 100 }, (_, n) => {
          return { type: "update", ref: ref + n, merge: { [`k${ref + n}`]: 1 } } as const;
        }),
      );
    await ada.until((session) => messagesOf(session, "reply").length === 100);
    for (const reply of messagesOf(ada, "reply")) expectFailed(reply, "room_overloaded");
    end();
    expectOk(await played);
    await ada.until((session) => messagesOf(session, "reply").length === times);
    expect(Object.keys(await room.getState())).toHaveLength(mailboxSize.turns + 1);
    await bob.fence();
    expect(bob.state).toEqual(await room.getState());
  });
});

describe("a socket that closes while the mailbox is full", () => {
  test("[U8, U6] is still handled: its user is away, and then leaves", async () => {
    const { began, end } = slowly(id);
    const played = bob.act("play");
    await began();
    for (let sent = 0; sent < mailboxSize.turns + 100; sent += 100)
      bob.send(...Array.from({ length: 100 }, () => ({ type: "touch" }) as const));
    await bob.until((session) => messagesOf(session, "error").length === 100);
    await ada.close();
    end();
    expectOk(await played);
    await bob.fence();
    expect(bob.presence["ada"]).toMatchObject({ status: "away" });
    pass(10_000);
    await ring(id);
    expect((await room.getUsers()).map((user) => user.id)).toEqual(["bob"]);
  });
});

describe("an unexpected error", () => {
  /** Make writes of the room's record fail the next time it is active. */
  async function breakRecord(): Promise<void> {
    await room.updateState((state) => state);
    await breakWrites(id, "room");
    pass(24 * 3_600_000);
  }

  test("[A6, S4, R10] is reported with the ref and the id of its log line, and to nobody else", async () => {
    await breakRecord();
    const reply = expectFailed(await ada.touch(), "internal");
    expect(reply.instance).toMatch(/^[0-9a-f-]{36}$/);
    expect(JSON.stringify(reply)).not.toMatch(/secret|disk/);
    await mendWrites(id, "room");
    for (const session of [ada, bob]) {
      await session.fence();
      expect(messagesOf(session, "welcome")).toHaveLength(1);
      expect(session.state).toEqual({ n: 1 });
    }
    expect(expectOk(await ada.update(set("n", 2))).version).toBe(2);
    await bob.fence();
    expect(bob.state).toEqual({ n: 2 });
  });

  test("[S4] discards what was staged before it, which is reported as commit_failed", async () => {
    const letGo = await hold(room);
    await breakWrites(id, "members");
    const before = ada.update(set("n", 7));
    await arrived(ada);
    const failing = failureCode(room.setScopes("bob", ["room:read"]));
    await stored(id);
    const after = bob.update(set("b", 1));
    await letGo(bob);
    expectFailed(await before, "commit_failed");
    expect(await failing).toBe("internal");
    expect(expectOk(await after).version).toBe(2);
    await mendWrites(id, "members");
    for (const session of [ada, bob]) {
      await session.fence();
      expect(session.state).toEqual({ n: 1, b: 1 });
    }
  });

  test("[S4, R6] costs nobody their session, however often it happens", async () => {
    await breakRecord();
    for (let n = 0; n < 5; n++) expectFailed(await ada.touch(), "internal");
    const carol = connect(id, { id: "carol" }).catch(() => null);
    await arrived(ada);
    await mendWrites(id, "room");
    await carol;
    expect((await room.info()).sockets).toBeGreaterThanOrEqual(2);
    expectOk(await bob.update(set("n", 3)));
    await ada.fence();
    expect(ada.state).toEqual({ n: 3 });
  });
});

describe("a room that waits for a save before it restarts", () => {
  test("[W3] still answers bad frames", async () => {
    const saved = gate();
    const gathered = await gather("saved", "carol");
    const [carol] = gathered.sessions as [TestSession];
    setScript(gathered.id, { saveRoomState: () => saved.promise.then(() => ({ ok: null })) });
    expectOk(await carol.update(set("n", 1)));
    await breakWrites(gathered.id, "members");
    const failing = failureCode(gathered.room.setScopes("carol", ["room:read"]));
    await stored(gathered.id);
    carol.sendRaw("?");
    await stored(gathered.id);
    saved.resolve();
    expect(await failing).toBe("internal");
    await mendWrites(gathered.id, "members");
    expect((await carol.next("error")).code).toBe("bad_message");
  });
});

describe("a room that stops", () => {
  test("[R7] answers the requests it has accepted, closes its sockets with 4002, and accepts no more", async () => {
    const update = ada.update(set("n", 2));
    await arrived(ada);
    await room.stop();
    expectOk(await update);
    for (const session of [ada, bob])
      expect(await session.closed).toEqual({ code: 4002, reason: "room_stopped" });
    expect(await failureCode(room.info())).toBe("room_not_running");
    await room.stop({ purge: true });
  });
});
