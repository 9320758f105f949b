// Idle shutdown: what counts as activity, when an empty room stops, and what keeping it alive costs. Except in one
// test, time and the alarm are moved by hand.

import { describe, expect, test } from "vitest";
import type { RoomHandle } from "collab-room";
import { callsOf, setScript } from "../fixtures/scripts.ts";
import { isoNow, pass, passUntil, useFakeDate } from "../support/fake-date.ts";
import {
  alarmOf,
  evict,
  failureCode,
  isListed,
  newId,
  ring,
  rooms,
  rowsWritten,
  stored,
} from "../support/core/rooms.ts";

const minute = 60_000;
const idleTimeout = 30 * minute;

const start = (behaviour = "scripted") => rooms.joinOrCreateRoom(newId(), { behaviour });

const alive = (id: string): Promise<boolean> => rooms.room(id).alive();

/** Check that the room stops exactly at this time (epoch ms or ISO 8601), and not a millisecond before. */
async function stopsAt(room: RoomHandle, time: number | string): Promise<void> {
  passUntil(time);
  pass(-1);
  await ring(room.id);
  expect(await room.alive()).toBe(true);
  expect(await alarmOf(room.id)).toBe(Date.now() + 1);
  pass(1);
  await ring(room.id);
  expect(await room.alive()).toBe(false);
  expect(await isListed(room.id)).toBe(false);
  expect(await alarmOf(room.id)).toBeNull();
}

describe("with a Date that is moved by hand", () => {
  useFakeDate();

  const activity: [string, (room: RoomHandle) => Promise<unknown>][] = [
    ["a join", (room) => room.join({ id: "ada" })],
    ["joining again", (room) => room.join({ id: "bob" })],
    ["a leave", (room) => room.leave("bob")],
    ["a leave of an unknown user", (room) => room.leave("nobody")],
    ["an update", (room) => room.updateState(() => ({ n: 2 }))],
    ["an update without effect", (room) => room.updateState((state) => state)],
    ["a patch", (room) => room.patchState([{ op: "add", path: "/a", value: 1 }])],
    ["an action", (room) => room.act("rename", { title: "x" })],
    ["an action without effect", (room) => room.act("nothing")],
    ["a broadcast", (room) => room.broadcast("hello")],
    ["a touch", (room) => room.touch()],
    ["a touch of a user", (room) => room.touch("bob")],
  ];

  test.for(activity)("[T1] %s updates lastActivityAt", async ([, act]) => {
    const room = await start();
    await room.join({ id: "bob" });
    pass(5 * minute);
    await act(room);
    expect(await room.info()).toMatchObject({ lastActivityAt: isoNow() });
  });

  const others: [string, (room: RoomHandle) => Promise<unknown>][] = [
    ["getState", (room) => room.getState()],
    ["getUsers", (room) => room.getUsers()],
    ["info", (room) => room.info()],
    ["alive", (room) => room.alive()],
    ["starting it again", (room) => rooms.joinOrCreateRoom(room.id)],
    ["listRooms", () => rooms.listRooms()],
    ["a refused action", (room) => failureCode(room.act("refuse"))],
    ["a failing action", (room) => failureCode(room.act("fail"))],
    ["an unknown action", (room) => failureCode(room.act("unknown"))],
    ["an update that throws", (room) => failureCode(room.updateState(() => Promise.reject(0)))],
    ["a failing update", (room) => failureCode(room.updateState(() => 42 as never))],
    ["a failing patch", (room) => failureCode(room.patchState([{ op: "remove", path: "/no" }]))],
    ["a bad broadcast", (room) => failureCode(room.broadcast(""))],
    ["a touch of an unknown user", (room) => failureCode(room.touch("nobody"))],
    ["an invalid user", (room) => failureCode(room.join({ id: "" }))],
  ];

  test.for(others)(
    "[T1] %s does not update lastActivityAt, and writes nothing",
    async ([, ask]) => {
      const room = await start();
      await room.join({ id: "bob" });
      const before = [await room.info(), await stored(room.id)];
      pass(5 * minute);
      await ask(room);
      expect([await room.info(), await stored(room.id)]).toEqual(before);
    },
  );

  describe("an empty room", () => {
    test("[T2, T3] that nobody has joined stops when idleTimeout has passed since its start", async () => {
      const room = await start();
      const { createdAt, idleDeadline } = await room.info();
      expect(Date.parse(idleDeadline ?? "")).toBe(Date.parse(createdAt) + idleTimeout);
      expect(await alarmOf(room.id)).toBe(Date.parse(idleDeadline ?? ""));
      await stopsAt(room, Date.now() + idleTimeout);
    });

    test("[T2, R2] has the idleTimeout it was started with, or else that of its behaviour", async () => {
      const own = await rooms.joinOrCreateRoom(newId(), { behaviour: "brief", idleTimeout: 1234 });
      await stopsAt(own, Date.now() + 1234);
      const brief = await start("brief");
      await stopsAt(brief, Date.now() + minute);
    });

    test.for([1, 17 * minute, idleTimeout - 1, idleTimeout + 1, 3 * idleTimeout])(
      "[T2, T3] that became empty %d ms after its start stops when idleTimeout has passed since then",
      async (after) => {
        const room = await start();
        await room.join({ id: "ada" });
        await room.join({ id: "bob" });
        pass(after);
        await ring(room.id);
        await room.leave("bob");
        await room.leave("ada");
        await stopsAt(room, Date.now() + idleTimeout);
        expect(callsOf(room.id).map(({ hook, user }) => [hook, user])).toEqual([
          ["onJoin", "ada"],
          ["onJoin", "bob"],
          ["onLeave", "bob"],
          ["onLeave", "ada"],
        ]);
      },
    );

    test.for([1, 17 * minute, idleTimeout - 1])(
      "[T2, T3] that is touched %d ms later stops that much later",
      async (later) => {
        const room = await start();
        pass(later);
        await room.touch();
        await stopsAt(room, Date.now() + idleTimeout);
      },
    );

    test("[T2] that is touched repeatedly keeps running", async () => {
      const room = await start();
      for (let round = 0; round < 20; round++) {
        pass(idleTimeout - 1);
        await ring(room.id);
        await room.touch();
      }
      await stopsAt(room, Date.now() + idleTimeout);
    });

    test("[T2] past its deadline runs until its alarm rings, and a touch still saves it", async () => {
      const room = await start();
      pass(idleTimeout + minute);
      await room.touch();
      await stopsAt(room, Date.now() + idleTimeout);
    });

    test("[T2, T3] stops once if its alarm rings twice", async () => {
      const room = await start();
      pass(idleTimeout);
      await Promise.all([ring(room.id), ring(room.id)]);
      expect(await ring(room.id)).toBe(false);
      expect(await room.alive()).toBe(false);
    });

    test("[T2, R6] stops at the same deadline after evictions at any time", async () => {
      const room = await start();
      await evict(room.id);
      await room.join({ id: "ada" });
      pass(17 * minute);
      await evict(room.id);
      await room.leave("ada");
      const { idleDeadline = "" } = await room.info();
      expect(Date.parse(idleDeadline)).toBe(Date.now() + idleTimeout);
      for (let round = 0; round < 3; round++) {
        await evict(room.id);
        pass(minute);
        expect(await room.info()).toMatchObject({ idleDeadline });
      }
      await evict(room.id);
      await stopsAt(room, idleDeadline);
    });

    test("[T2] stops at the same deadline after a refused join", async () => {
      const room = await start();
      const { idleDeadline = "" } = await room.info();
      pass(minute);
      setScript(room.id, { onJoin: () => ({ error: "no" }) });
      expect(await failureCode(room.join({ id: "ada" }))).toBe("join_refused");
      await stopsAt(room, idleDeadline);
    });
  });

  describe("an occupied room", () => {
    test("[T2] never stops, and has no deadline", async () => {
      const room = await start("brief");
      await room.join({ id: "ada" });
      for (let day = 0; day < 3; day++) {
        pass(24 * 60 * minute);
        await ring(room.id);
        await evict(room.id);
      }
      expect(await room.info()).toMatchObject({ users: 1, alive: true });
      expect(await room.info()).not.toHaveProperty("idleDeadline");
    });

    test("[T2] does not stop when one of several users leaves", async () => {
      const room = await start("brief");
      await room.join({ id: "ada" });
      await room.join({ id: "bob" });
      await room.leave("ada");
      pass(10 * minute);
      await ring(room.id);
      expect(await alive(room.id)).toBe(true);
    });

    test("[T2] that was joined before its deadline does not stop at it", async () => {
      const room = await start("brief");
      pass(minute - 1);
      await room.join({ id: "ada" });
      pass(minute);
      await ring(room.id);
      expect(await alive(room.id)).toBe(true);
      await room.leave("ada");
      await stopsAt(room, Date.now() + minute);
    });
  });

  describe("touches", () => {
    test("[T4] write at most 10 rows for 1,000 at once", async () => {
      const room = await start();
      const before = await rowsWritten(room.id);
      await Promise.all(Array.from({ length: 1000 }, () => room.touch()));
      expect((await rowsWritten(room.id)) - before).toBeLessThanOrEqual(10);
    });

    test("[T4] write at most 10 rows for 1,000 a second apart", async () => {
      const room = await start();
      const before = await rowsWritten(room.id);
      for (let second = 0; second < 1000; second++) {
        pass(1000);
        await room.touch();
      }
      const rows = (await rowsWritten(room.id)) - before;
      expect(rows).toBeGreaterThan(0);
      expect(rows).toBeLessThanOrEqual(10);
    });

    test.for([0, 1, 2.9, 3, 3.1, 7, 29])(
      "[T4, R6] for %d minutes before an eviction make the room stop never early, and at most a tenth late",
      async (minutes) => {
        const room = await start();
        for (let part = 0; part < 10; part++) {
          pass((minutes * minute) / 10);
          await room.touch();
        }
        const last = Date.now();
        await evict(room.id);
        passUntil(last + idleTimeout - 1);
        await ring(room.id);
        expect(await alive(room.id)).toBe(true);
        passUntil(last + idleTimeout + idleTimeout / 10);
        await ring(room.id);
        expect(await alive(room.id)).toBe(false);
      },
    );

    test("[T4, T1] never give a room that wakes a lastActivityAt in the future", async () => {
      const room = await start();
      pass(minute);
      await room.touch(); // written ahead by a tenth of the timeout
      await evict(room.id);
      expect(await room.info()).toMatchObject({ lastActivityAt: isoNow() });
    });

    test("[T4, T2] do not shift the exact deadline of a room that becomes empty later, evicted or not", async () => {
      const room = await start();
      await room.join({ id: "ada" });
      pass(minute);
      await room.touch();
      pass(1000);
      await room.leave("ada");
      await evict(room.id);
      await stopsAt(room, Date.now() + idleTimeout);
    });
  });
});

describe("with real time", () => {
  test("[T2, T3] the platform's alarm stops an empty room, and not an occupied one", async () => {
    const [empty, occupied] = await Promise.all(
      [newId(), newId()].map((id) =>
        rooms.joinOrCreateRoom(id, { behaviour: "scripted", idleTimeout: 200 }),
      ),
    );
    if (!empty || !occupied) throw new Error("two rooms were asked for");
    await occupied.join({ id: "ada" });
    await expect.poll(() => empty.alive(), { timeout: 10_000 }).toBe(false);
    expect(await occupied.alive()).toBe(true);
    expect(await alarmOf(empty.id)).toBeNull();
  });
});
