// Storage failures. The caller gets a code and the id of a log line, and the room continues from what its storage
// holds.

import { describe, expect, test } from "vitest";
import type { RoomHandle } from "collab-room";
import { callsOf, gate, setScript } from "../fixtures/scripts.ts";
import { useFakeDate } from "../support/fake-date.ts";
import { at, expectProblem, send } from "../support/core/http.ts";
import {
  alarmOf,
  breakWrites,
  evict,
  failure,
  isListed,
  mendWrites,
  newId,
  nothingStored,
  rooms,
  sql,
  stored,
} from "../support/core/rooms.ts";
import { watchLog } from "../support/watch-log.ts";

useFakeDate();

async function start() {
  const room = await rooms.joinOrCreateRoom(newId(), { behaviour: "scripted" });
  await room.join({ id: "ada" });
  await room.updateState(() => ({ n: 1 }));
  return room;
}

const internal = { code: "internal", instance: expect.any(String) };
const commitFailed = { code: "commit_failed", instance: expect.any(String) };

describe("a write that fails", () => {
  /** The operation, the code it fails with, and the table that cannot be written. */
  const operations: [string, string, string, (room: RoomHandle) => Promise<unknown>][] = [
    ["updateState", "commit_failed", "changes", (room) => room.updateState(() => ({ n: 2 }))],
    [
      "patchState",
      "commit_failed",
      "changes",
      (room) => room.patchState([{ op: "remove", path: "/n" }]),
    ],
    ["act", "commit_failed", "changes", (room) => room.act("rename", { title: "x" })],
    ["join", "internal", "members", (room) => room.join({ id: "bob" })],
    ["joining again", "internal", "members", (room) => room.join({ id: "ada" })],
    ["leave", "internal", "members", (room) => room.leave("ada")],
    ["setScopes", "internal", "members", (room) => room.setScopes("ada", ["room:read"])],
    ["stop", "internal", "room", (room) => room.stop()],
    // These tables are written last. What was written before must be rolled back.
    ["a join with a lease", "internal", "timers", (room) => room.join({ id: "bob" }, { ttl: 10 })],
    ["holdPresence", "internal", "timers", (room) => room.holdPresence("ada", { mood: "calm" })],
  ];

  test.for(operations)(
    "[A6, R1, S4] in %s is reported as %s without detail, changes nothing, and fails nothing else",
    async ([, code, table, operate]) => {
      const room = await start();
      const before = [await room.info(), await room.getUsers(), await stored(room.id)];
      await breakWrites(room.id, table);
      expect(await failure(operate(room))).toEqual({ code, instance: expect.any(String) });
      expect(await room.getState()).toEqual({ n: 1 });
      await mendWrites(room.id, table);
      expect([await room.info(), await room.getUsers(), await stored(room.id)]).toEqual(before);
      await operate(room);
      await evict(room.id);
      expect(await room.alive()).toBe(table !== "room");
    },
  );

  test.for<[string, string, (room: RoomHandle) => Promise<unknown>]>([
    ["commit_failed", "changes", (room) => room.updateState(() => ({ n: 2 }))],
    ["internal", "members", (room) => room.join({ id: "bob" })],
  ])(
    "[A6] is logged once as %s, with the id that the caller gets",
    async ([code, table, operate]) => {
      const room = await start();
      await breakWrites(room.id, table);
      const lines = watchLog({ room: room.id });
      const { instance } = await failure(operate(room));
      expect(lines()).toEqual([
        expect.objectContaining({
          event: code,
          room: room.id,
          instance,
          error: expect.stringContaining("secret: the disk is full"),
        }),
      ]);
    },
  );

  test.each([
    ["PUT", "/state", "application/json", '{"n":2}'],
    ["PATCH", "/state", "application/merge-patch+json", '{"n":2}'],
    ["POST", "/actions/rename", "application/json", '{"title":"x"}'],
  ])(
    "[S4, A6] of a change by %s %s is answered with 503 commit_failed, and can be retried",
    async (method, rest, type, body) => {
      const room = await start();
      await breakWrites(room.id, "changes");
      const refused = await send(method, at(room.id, rest), { body, type });
      expect(refused.headers.get("retry-after")).toBe("1");
      expect(Object.keys(await expectProblem(refused, 503, "commit_failed"))).toEqual(["instance"]);
      await mendWrites(room.id, "changes");
      expect((await send(method, at(room.id, rest), { body, type })).status).toBe(200);
      expect(await room.info()).toMatchObject({ version: 2 });
    },
  );

  test("[R1, S2] fails only the operations that write to that table", async () => {
    const room = await start();
    await breakWrites(room.id, "changes");
    const work = await Promise.allSettled([
      room.updateState(() => ({ n: 2 })),
      room.join({ id: "bob" }),
      room.updateState(() => ({ n: 3 })),
      room.getState(),
      room.leave("ada"),
    ]);
    expect(work.map(({ status }) => status)).toEqual([
      "rejected",
      "fulfilled",
      "rejected",
      "fulfilled",
      "fulfilled",
    ]);
    expect(await room.getUsers()).toMatchObject([{ id: "bob" }]);
  });

  test("[S8, S2] of the timer for a save rolls the change back", async () => {
    const room = await rooms.joinOrCreateRoom(newId(), { behaviour: "saved" });
    await breakWrites(room.id, "timers");
    expect(await failure(room.updateState(() => ({ n: 1 })))).toEqual(commitFailed);
    await mendWrites(room.id, "timers");
    expect(await room.getState()).toEqual({});
    expect(callsOf(room.id).filter(({ hook }) => hook === "saveRoomState")).toEqual([]);
  });

  test("[S8] does not cause two saves at a time: the room waits for the running one", async () => {
    const room = await rooms.joinOrCreateRoom(newId(), { behaviour: "patient" });
    const slow = gate();
    const saves: string[] = [];
    setScript(room.id, {
      async saveRoomState(_, { n }) {
        saves.push(`${String(n)} begins`);
        if (n === 1) await slow.promise;
        saves.push(`${String(n)} ends`);
      },
    });
    await room.updateState(() => ({ n: 1 }));
    await breakWrites(room.id, "changes");
    const broken = failure(room.updateState(() => ({ n: 7 })));
    const next = room.updateState(() => ({ n: 2 })).catch(() => "too early");
    slow.resolve();
    expect(await broken).toEqual(commitFailed);
    await next;
    await mendWrites(room.id, "changes");
    await room.updateState(() => ({ n: 3 }));
    await room.stop();
    expect(saves).toEqual(["1 begins", "1 ends", "3 begins", "3 ends"]);
  });

  test("[R3, R4] of the join that would start a room leaves nothing behind", async () => {
    const id = newId();
    const room = rooms.room(id);
    await sql(id, "CREATE TABLE members (seq INTEGER PRIMARY KEY, data TEXT NOT NULL)");
    await breakWrites(id, "members");
    expect(await failure(room.join({ id: "ada" }))).toEqual(internal);
    expect(await room.alive()).toBe(false);
    await mendWrites(id, "members");
    await sql(id, "DROP TABLE members");
    expect((await stored(id)).tables).toEqual(nothingStored.tables);
    expect(await isListed(id)).toBe(false);
    await room.join({ id: "ada" });
    await evict(id);
    expect(await room.getUsers()).toMatchObject([{ id: "ada" }]);
    expect(await alarmOf(id)).not.toBeNull();
  });
});

describe("a room whose tables are damaged", () => {
  test("[A6] reports no detail, and recovers when they are repaired", async () => {
    const room = await start();
    await sql(room.id, "ALTER TABLE members RENAME TO lost");
    const error = await failure(room.join({ id: "bob" }));
    expect(error).toEqual(internal);
    for (const operation of [
      () => room.getState(),
      () => room.updateState(() => ({ n: 2 })),
      () => room.join({ id: "bob" }),
    ])
      expect(await failure(operation())).toEqual(internal);
    await sql(room.id, "ALTER TABLE lost RENAME TO members");
    expect(await room.getState()).toEqual({ n: 1 });
    await room.join({ id: "bob" });
    expect(await room.getUsers()).toMatchObject([{ id: "ada" }, { id: "bob" }]);
    expect(callsOf(room.id).map(({ user }) => user)).toEqual(["ada", "bob", "bob"]);
  });

  test("[S10, R8] treats an unreadable room record as stopped, and starts with its state in a new epoch", async () => {
    const room = await start();
    const { epoch } = await room.info();
    await sql(room.id, "UPDATE room SET data = 'secret, and no JSON'");
    await evict(room.id);
    expect(await failure(room.getState())).toEqual({ code: "room_not_running" });
    await rooms.joinOrCreateRoom(room.id, { behaviour: "scripted" });
    await evict(room.id);
    expect(await room.getState()).toEqual({ n: 1 });
    expect(await room.getUsers()).toEqual([]);
    expect(await room.info()).toMatchObject({
      version: 1,
      epoch: expect.not.stringMatching(epoch),
    });
  });

  test("[S10] quarantines an unreadable member record, and keeps the other members", async () => {
    const room = await start();
    await room.join({ id: "bob" });
    await sql(room.id, "UPDATE members SET data = '{' WHERE data LIKE '%ada%'");
    await evict(room.id);
    expect(await room.getUsers()).toMatchObject([{ id: "bob" }]);
    expect(await sql(room.id, "SELECT kind FROM quarantine")).toEqual([{ kind: "member" }]);
    await room.join({ id: "ada" });
    expect(await room.getUsers()).toMatchObject([{ id: "bob" }, { id: "ada" }]);
  });

  test("[S10, R8] loses the changes that follow an unreadable loaded state, and begins a new epoch", async () => {
    const id = newId();
    setScript(id, { loadRoomState: () => ({ ok: { title: "loaded" } }) });
    const room = await rooms.joinOrCreateRoom(id, { behaviour: "loaded" });
    const { epoch } = await room.info();
    await room.updateState((state) => ({ ...state, n: 1 }));
    await sql(id, "UPDATE snapshots SET data = x'7b'");
    await evict(id);
    expect(await room.getState()).toEqual({});
    expect(await room.info()).toMatchObject({
      version: 0,
      epoch: expect.not.stringMatching(epoch),
    });
    await room.updateState(() => ({ n: 2 }));
    await evict(id);
    expect(await room.getState()).toEqual({ n: 2 });
  });
});
