// Unreadable rows and attachments. Each costs no more than itself: the room wakes, reports it in the log, and goes on.
// Corrupt changes and snapshots are tested in ../document/recovery.test.ts, and members in
// ../storage-of-others.test.ts.

import { describe, expect, test } from "vitest";
import { setScript } from "../../fixtures/scripts.ts";
import { pass, passUntil, useFakeDate } from "../../support/fake-date.ts";
import { told, userIds } from "../../support/membership.ts";
import { platform } from "../../support/core/platform.ts";
import {
  alarmOf,
  evict,
  failureCode,
  newId,
  redeploy,
  ring,
  rooms,
  sql,
} from "../../support/core/rooms.ts";
import { gather } from "../../support/core/sessions.ts";
import { connect } from "../../support/core/socket-client.ts";
import { expectOk } from "../../support/session.ts";
import { set } from "../../support/session-helpers.ts";
import { watchLog } from "../../support/watch-log.ts";

useFakeDate();

const minute = 60_000;

async function start(behaviour = "scripted") {
  const room = await rooms.joinOrCreateRoom(newId(), { behaviour });
  await room.updateState(() => ({ list: [] }));
  return room;
}

const push = (value: string) => [{ op: "add", path: "/list/-", value }] as const;

describe("the row of a scheduled action", () => {
  test.for([
    ["that is not JSON", "{"],
    ["without a time", "json_remove(data, '$.due')"],
    ["whose time is text", "json_set(data, '$.due', 'soon')"],
    ["whose time is out of range", "json_set(data, '$.at', 1e300)"],
    ["without the name of an action", "json_remove(data, '$.name')"],
    ["without input", "json_remove(data, '$.input')"],
    ["whose attempts are not a number", "json_set(data, '$.attempts', '[]')"],
  ])("[R9, S10, B5] %s is quarantined alone, and the others run on time", async ([, data]) => {
    const room = await start();
    const play = async (run: string): Promise<void> => {
      setScript(room.id, {
        play: ({ schedule, now }) => void schedule("rename", { title: run }, now + minute),
      });
      await room.act("play");
    };
    await play("first");
    const value = data === "{" ? "'{'" : data;
    await sql(room.id, `UPDATE schedules SET data = ${value}`);
    await play("second");
    await evict(room.id);
    const aside = watchLog({ event: "records_quarantined" });
    expect(await room.getState()).toEqual({ list: [] });
    expect(aside()).toMatchObject([{ quarantined: 1, room: room.id }]);
    expect(await sql(room.id, "SELECT kind FROM quarantine")).toEqual([{ kind: "schedule" }]);
    pass(minute);
    await ring(room.id);
    expect(await room.getState()).toEqual({ list: [], title: "second" });
    expect(await sql(room.id, "SELECT * FROM schedules")).toEqual([]);
  });
});

describe("the row of a member", () => {
  test.for([
    "json_set(data, '$.awayUntil', 'later')",
    "json_set(data, '$.scopes', 'room:admin')",
    "json_set(data, '$.away', 7)",
    'json_set(data, \'$.held\', json(\'{"presence":{"data":{},"at":null},"until":1}\'))',
    "'{'",
  ])(
    "[R9, S10, U8] with %s closes only that user's sockets, whose clients reconnect",
    async (data) => {
      const { id, room, sessions } = await gather("scripted", "ada", "bob");
      const [ada, bob] = sessions as [(typeof sessions)[0], (typeof sessions)[0]];
      await sql(id, `UPDATE members SET data = ${data} WHERE seq = 1`);
      await evict(id);
      expectOk(await bob.update(set("n", 1)));
      expect(await ada.closed).toEqual({ code: 4201, reason: "session_lost" });
      expect(await userIds(room)).toEqual(["bob"]);
      await bob.fence();
      expect(bob.users.map((user) => user.id)).toEqual(["bob"]);
      await connect(id, { id: "ada" });
      expect(await userIds(room)).toEqual(["bob", "ada"]);
      expect(told(id, "onJoin")).toEqual(["ada", "bob", "ada"]);
      await bob.fence();
      expect(bob.users.map((user) => user.id)).toEqual(["bob", "ada"]);
    },
  );
});

describe("the row of a change", () => {
  test("[S10, W1] that is unreadable makes open sessions start over from the last intact version", async () => {
    const { id, sessions } = await gather("scripted", "ada", "bob");
    const [ada, bob] = sessions as [(typeof sessions)[0], (typeof sessions)[0]];
    for (const n of [1, 2]) expectOk(await ada.update(set("n", n)));
    await bob.fence();
    const { epoch } = bob.welcome;
    await sql(id, "UPDATE changes SET patch = x'7b' WHERE version = 2");
    await evict(id);
    await ada.fence(bob);
    for (const session of [ada, bob]) {
      expect([session.version, session.state]).toEqual([1, { n: 1 }]);
      expect(session.welcome.epoch).not.toBe(epoch);
    }
    expect(expectOk(await ada.update(set("n", 3))).version).toBe(2);
    await ada.fence(bob);
    expect(bob.state).toEqual({ n: 3 });
  });
});

describe("the row of a timer", () => {
  test.for(["at = 'soon'", "at = 9e999", "at = 1e300", "at = x'00'", "attempts = 'many'"])(
    "[T3, T5] with %s rings, and its work is done at the right time",
    async (damage) => {
      const room = await start("brief");
      await room.join({ id: "ada" }, { ttl: minute });
      const leaves = Date.now() + minute;
      await sql(room.id, `UPDATE timers SET ${damage}`);
      await evict(room.id);
      await room.info();
      for (let rings = 0; Date.now() < leaves - 1; rings++) {
        expect(rings).toBeLessThan(10);
        passUntil(Math.min(leaves - 1, Math.max(Date.now(), (await alarmOf(room.id)) ?? 0)));
        await ring(room.id);
      }
      expect(await userIds(room)).toEqual(["ada"]);
      pass(1);
      await ring(room.id);
      expect(await userIds(room)).toEqual([]);
      pass(minute);
      await ring(room.id);
      expect(await room.alive()).toBe(false);
    },
  );
});

describe("the row of a client's requests", () => {
  const query = { client: "ada-1" };

  test.for(["{", "null", "[7]", '[["ada-1","ada",0,[["1",1,{}]]]]', '[["ada-1","ada",0,7]]'])(
    "[X1] with %s keeps the room's changes, and the client does not resend on its own",
    async (text) => {
      const room = await start();
      const { id } = room;
      const ada = await connect(id, { id: "ada" }, { query });
      expectOk(await ada.ask({ type: "update", patch: push("a"), seq: 1 }));
      await ada.close();
      await sql(id, "UPDATE changes SET requests = ? WHERE requests IS NOT NULL", text);
      await evict(id);
      const back = await connect(id, { id: "ada" }, { query });
      expect(back.welcome.seq).toBeNull();
      expectOk(await back.ask({ type: "update", patch: push("b"), seq: 2 }));
      expectOk(await back.ask({ type: "update", patch: push("b"), seq: 2 }));
      expect(await room.getState()).toEqual({ list: ["a", "b"] });
    },
  );
});

describe("the row of an idempotency key", () => {
  test.for(["x'7b'", "x'ff00'", "x'6e756c6c'"])(
    "[X2] with %s is answered with request_forgotten, because the outcome is unknown",
    async (data) => {
      const room = await start();
      await room.patchState(push("a"), { idempotencyKey: "first" });
      await room.patchState(push("b"), { idempotencyKey: "second" });
      await sql(room.id, `UPDATE keys SET data = ${data} WHERE key = 'first'`);
      await evict(room.id);
      const first = room.patchState(push("a"), { idempotencyKey: "first" });
      expect(await failureCode(first)).toBe("request_forgotten");
      await room.patchState(push("b"), { idempotencyKey: "second" });
      await room.patchState(push("c"), { idempotencyKey: "third" });
      expect(await room.getState()).toEqual({ list: ["a", "b", "c"] });
    },
  );
});

describe("the room's record", () => {
  test.for([
    "json_remove(data, '$.epoch')",
    "json_remove(data, '$.behaviour')",
    "json_set(data, '$.createdAt', 'today')",
    "json_set(data, '$.idleTimeout', 1e300)",
    "json_remove(data, '$.activeUntil')",
    "json_remove(data, '$.status')",
    "'[]'",
    "'null'",
    "'{'",
  ])("[S10, R8] %s counts as stopped, and starts with its state", async (data) => {
    const room = await start();
    const { epoch } = await room.info();
    const ada = await connect(room.id, { id: "ada" });
    await sql(room.id, `UPDATE room SET data = ${data}`);
    await evict(room.id);
    const unreadable = watchLog({ event: "record_unreadable" });
    expect(await failureCode(room.getState())).toBe("room_not_running");
    expect(unreadable()).toMatchObject([{ room: room.id }]);
    expect(await ada.closed).toEqual({ code: 4002, reason: "room_stopped" });
    await rooms.joinOrCreateRoom(room.id, { behaviour: "scripted" });
    expect(await room.getState()).toEqual({ list: [] });
    expect((await room.info()).epoch).not.toBe(epoch);
  });

  test("[S10, R8] that is missing counts as stopped too, and the stored state is not overwritten", async () => {
    const room = await start();
    await sql(room.id, "DELETE FROM room");
    await evict(room.id);
    expect(await failureCode(room.getState())).toBe("room_not_running");
    await rooms.joinOrCreateRoom(room.id, { behaviour: "scripted" });
    await room.patchState(push("a"));
    await evict(room.id);
    expect(await room.getState()).toEqual({ list: ["a"] });
  });
});

describe("the attachment of a socket", () => {
  const damages: [string, (attachment: Record<string, unknown>) => unknown][] = [
    ["is missing", () => null],
    ["is text", () => "ada"],
    ["has no user", ({ userId: _userId, ...rest }) => rest],
    ["has no state", ({ state: _state, ...rest }) => rest],
    ["has an unknown state", (rest) => ({ ...rest, state: { kind: "asleep" } })],
    ["has no flow", ({ flow: _flow, ...rest }) => rest],
    ["has invalid marks", (rest) => ({ ...rest, flow: { sent: 0, acked: 0, marks: [1] } })],
    ["has invalid presence", (rest) => ({ ...rest, presence: { data: [], at: 0 } })],
    ["has invalid scopes", (rest) => ({ ...rest, scopes: "room:admin" })],
    ["has an invalid time", (rest) => ({ ...rest, heardAt: "now" })],
    ["has an unreadable watch list", (rest) => ({ ...rest, watched: new Uint8Array([123]) })],
  ];

  test.for(damages)(
    "[R6, U8] that %s closes only that socket, whose client reconnects",
    async ([, damage]) => {
      const { id, room, sessions } = await gather("scripted", "ada", "bob");
      const [ada, bob] = sessions as [(typeof sessions)[0], (typeof sessions)[0]];
      await platform.object(id).look(({ sockets: [socket] }) => {
        if (socket) socket.attachment = damage(socket.attachment as Record<string, unknown>);
      });
      await evict(id);
      expectOk(await bob.update(set("n", 1)));
      expect(await ada.closed).toEqual({ code: 4201, reason: "session_lost" });
      expect(await room.getPresence()).toMatchObject({ ada: { status: "away" } });
      const back = await connect(id, { id: "ada" });
      expect(back.state).toEqual({ n: 1 });
      await bob.fence(back);
      expect(told(id, "onLeave")).toEqual([]);
    },
  );

  test("[H10, R6] of an observer that is unreadable closes only its stream", async () => {
    const { id, room, sessions } = await gather("scripted", "ada");
    const events: string[] = [];
    const follow = async (): Promise<void> => {
      for await (const { type } of room.changes()) events.push(type);
    };
    const end = failureCode(follow());
    await expect.poll(() => events).toEqual(["state"]);
    await platform.object(id).look(({ sockets: [, socket] }) => {
      if (socket) socket.attachment = { observer: 1, epoch: 7 };
    });
    await evict(id);
    expectOk(await sessions[0]!.update(set("n", 1)));
    expect(await end).toBe("session_lost");
    expect(events).toEqual(["state"]);
  });
});

describe("a wake that has to write while the storage is full", () => {
  test("[R6, U6, S4] fails each call, and loses nothing", async () => {
    const { id, room, sessions } = await gather("scripted", "ada", "bob");
    expectOk(await sessions[0]!.update(set("n", 1)));
    const { writes } = platform.object(id);
    writes.fill();
    await redeploy(id); // the room has to write that users have lost their sockets
    for (let n = 0; n < 3; n++) expect(await failureCode(room.getState())).toBe("internal");
    writes.free();
    expect(await room.getState()).toEqual({ n: 1 });
    expect(await room.getPresence()).toMatchObject({
      ada: { status: "away" },
      bob: { status: "away" },
    });
    expect(await alarmOf(id)).not.toBeNull();
  });
});
