// Users who joined with a ttl. They leave once when it has passed without activity, and never before, whatever happens
// to the object in between.

import { describe, expect, test } from "vitest";
import type { RoomHandle } from "collab-room";
import { callsOf, hang, setScript } from "../../fixtures/scripts.ts";
import { pass, passUntil, useFakeDate } from "../../support/fake-date.ts";
import {
  alarmOf,
  evict,
  failure,
  newId,
  ring,
  rooms,
  rowsWritten,
  stored,
} from "../../support/core/rooms.ts";

useFakeDate();

const minute = 60_000;
const year = 365 * 24 * 60 * minute;

const start = () => rooms.joinOrCreateRoom(newId(), { behaviour: "scripted" });

const userIds = async (room: RoomHandle): Promise<string[]> =>
  (await room.getUsers()).map(({ id }) => id);

/** The users for whom onLeave was called, in order. */
const left = (room: RoomHandle): (string | undefined)[] =>
  callsOf(room.id).flatMap(({ hook, user }) => (hook === "onLeave" ? [user] : []));

/** Check that a user leaves exactly at this time, and not a millisecond before. */
async function leavesAt(room: RoomHandle, userId: string, time: number): Promise<void> {
  passUntil(time - 1);
  await ring(room.id);
  expect(await userIds(room)).toContain(userId);
  passUntil(time);
  await ring(room.id);
  expect(await userIds(room)).not.toContain(userId);
  expect(left(room).filter((id) => id === userId)).toHaveLength(1);
}

describe("a user with a ttl", () => {
  test("[U7, T3] leaves when it has passed, and not before", async () => {
    const room = await start();
    await room.join({ id: "bob" });
    await room.join({ id: "ada" }, { ttl: minute });
    await leavesAt(room, "ada", Date.now() + minute);
    pass(year);
    await ring(room.id);
    expect(await userIds(room)).toEqual(["bob"]);
    expect(left(room)).toEqual(["ada"]);
  });

  test("[U7] stays as long as they are active", async () => {
    const room = await start();
    await room.join({ id: "ada" }, { ttl: minute });
    for (let round = 0; round < 10; round++) {
      pass(minute - 1);
      await ring(room.id);
      await room.touch("ada");
    }
    await leavesAt(room, "ada", Date.now() + minute);
  });

  test("[U7] is not kept by what others do", async () => {
    const room = await start();
    await room.join({ id: "bob" }, { ttl: 2 * minute });
    await room.join({ id: "ada" }, { ttl: minute });
    const lapse = Date.now() + minute;
    pass(minute / 2);
    await room.touch();
    await room.touch("bob");
    await room.updateState(() => ({ n: 1 }));
    await leavesAt(room, "ada", lapse);
    expect(await userIds(room)).toEqual(["bob"]);
  });

  test("[U7] has their own deadline", async () => {
    const room = await start();
    const now = Date.now();
    for (const [id, minutes] of Object.entries({ cyn: 3, ada: 1, bob: 2 }))
      await room.join({ id }, { ttl: minutes * minute });
    await leavesAt(room, "ada", now + minute);
    await leavesAt(room, "bob", now + 2 * minute);
    await leavesAt(room, "cyn", now + 3 * minute);
    expect(left(room)).toEqual(["ada", "bob", "cyn"]);
  });

  test("[U7] leaves once, together with all who are due, if the alarm was late", async () => {
    const room = await start();
    for (const id of ["ada", "bob", "cyn"]) await room.join({ id }, { ttl: minute });
    pass(minute);
    await Promise.all([ring(room.id), ring(room.id), rooms.leaveRoom(room.id, "bob")]);
    expect(await userIds(room)).toEqual([]);
    expect(left(room).toSorted()).toEqual(["ada", "bob", "cyn"]);
  });

  test("[U7, U4] who has left already does not leave again", async () => {
    const room = await start();
    await room.join({ id: "ada" }, { ttl: minute });
    await room.leave("ada");
    pass(minute);
    await ring(room.id);
    expect(left(room)).toEqual(["ada"]);
  });

  test("[U7, U3] who joins again has the new ttl, or none", async () => {
    const room = await start();
    await room.join({ id: "ada" }, { ttl: minute });
    await room.join({ id: "bob" }, { ttl: minute });
    pass(minute / 2);
    await room.join({ id: "ada" }, { ttl: 2 * minute });
    await room.join({ id: "bob" });
    await leavesAt(room, "ada", Date.now() + 2 * minute);
    pass(minute);
    await ring(room.id);
    expect(await userIds(room)).toEqual(["bob"]);
  });

  test("[U7, U2] who is refused when they join again keeps the previous ttl", async () => {
    const room = await start();
    await room.join({ id: "ada" }, { ttl: minute });
    const lapse = Date.now() + minute;
    setScript(room.id, { onJoin: () => ({ error: "no" }) });
    await failure(room.join({ id: "ada" }, { ttl: 5 * minute }));
    await leavesAt(room, "ada", lapse);
  });

  test("[U7, R3] can be the one who starts the room", async () => {
    const room = rooms.room(newId());
    await room.join({ id: "ada" }, { ttl: minute });
    await leavesAt(room, "ada", Date.now() + minute);
  });

  test("[U7, T2] who was the last leaves the room empty from then on", async () => {
    const room = await rooms.joinOrCreateRoom(newId(), { behaviour: "brief" });
    await room.join({ id: "ada" }, { ttl: 10 * minute });
    pass(10 * minute);
    await ring(room.id);
    expect(await room.info()).toMatchObject({
      users: 0,
      idleDeadline: new Date(Date.now() + minute).toISOString(),
    });
    expect(await alarmOf(room.id)).toBeLessThanOrEqual(Date.now() + minute);
    pass(minute);
    await ring(room.id);
    expect(await room.alive()).toBe(false);
  });

  test.for([0, -1, 0.5, Number.NaN, Number.POSITIVE_INFINITY, year + 1, "60000" as never])(
    "[U7] of %d fails with invalid_request, and nobody joins",
    async (ttl) => {
      const room = await start();
      const before = await stored(room.id);
      expect(await failure(room.join({ id: "ada" }, { ttl }))).toMatchObject({
        code: "invalid_request",
      });
      expect(await stored(room.id)).toEqual(before);
      expect(callsOf(room.id)).toEqual([]);
    },
  );
});

describe("a user without a ttl", () => {
  test("[U7, T2] stays until they leave", async () => {
    const room = await start();
    await room.join({ id: "ada" });
    pass(year);
    await ring(room.id);
    await evict(room.id);
    pass(year);
    await ring(room.id);
    expect(await userIds(room)).toEqual(["ada"]);
  });

  test("[U7, T1] can be touched, and an unknown user gets user_not_found", async () => {
    const room = await start();
    await room.join({ id: "ada" });
    await room.touch("ada");
    const before = await stored(room.id);
    pass(5 * minute);
    expect(await failure(room.touch("nobody"))).toEqual({ code: "user_not_found" });
    expect(await stored(room.id)).toEqual(before);
  });
});

describe("a lease", () => {
  test.for([0, 1, 5.9, 6, 6.1, 30, 59])(
    "[U7, T4, R6] in an object evicted after %d s of activity ends never early, and at most a tenth late",
    async (seconds) => {
      const room = await start();
      await room.join({ id: "ada" }, { ttl: minute });
      for (let part = 0; part < 10; part++) {
        pass(seconds * 100);
        await room.touch("ada");
      }
      const last = Date.now();
      await evict(room.id);
      passUntil(last + minute - 1);
      await ring(room.id);
      expect(await userIds(room)).toEqual(["ada"]);
      await evict(room.id);
      passUntil(last + minute + minute / 10);
      await ring(room.id);
      expect(await userIds(room)).toEqual([]);
      expect(left(room)).toEqual(["ada"]);
    },
  );

  test("[U7, R6] that ends while the object is evicted ends when the alarm wakes it", async () => {
    const room = await start();
    await room.join({ id: "ada" }, { ttl: minute });
    const lapse = Date.now() + minute;
    await evict(room.id);
    await leavesAt(room, "ada", lapse);
  });

  test("[U7, T4] costs at most 20 rows for 1,000 touches of a user", async () => {
    const room = await start();
    await room.join({ id: "ada" }, { ttl: 30 * minute });
    const before = await rowsWritten(room.id);
    for (let second = 0; second < 1000; second++) {
      pass(1000);
      await room.touch("ada");
    }
    // One row for the user and one for the room every 3 minutes.
    expect((await rowsWritten(room.id)) - before).toBeLessThanOrEqual(20);
  });

  test("[U7, U4] ends for everybody who is due, whatever onLeave does", async () => {
    const room = await start();
    for (const id of ["ada", "bob", "cyn"]) await room.join({ id }, { ttl: minute });
    setScript(room.id, {
      onLeave: (_, { id }) => (id === "ada" ? hang() : Promise.reject(new Error("secret"))),
    });
    pass(minute);
    await ring(room.id);
    expect(await userIds(room)).toEqual([]);
    expect(left(room)).toEqual(["ada", "bob", "cyn"]);
  });
});
