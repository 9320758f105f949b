// The alarm of a real object. One alarm serves all timers. It never fails, retries failed timers with backoff, and
// never rings in a loop.

import { describe, expect, test } from "vitest";
import { callsOf, gate, setScript } from "../fixtures/scripts.ts";
import { pass, passUntil, useFakeDate } from "../support/fake-date.ts";
import {
  alarmOf,
  breakWrites,
  dropAlarm,
  evict,
  failureCode,
  hookCalled,
  mendWrites,
  newId,
  ring,
  rooms,
  sql,
} from "../support/core/rooms.ts";

useFakeDate();

const timersOf = (id: string) => sql(id, "SELECT name, at, attempts FROM timers ORDER BY name");

const start = (behaviour = "brief") => rooms.joinOrCreateRoom(newId(), { behaviour });

describe("the alarm of a room", () => {
  test("[T3] is set for the earliest of its timers", async () => {
    const room = await start();
    const now = Date.now();
    expect(await alarmOf(room.id)).toBe(now + 60_000);
    await room.join({ id: "ada" }, { ttl: 2000 });
    await room.join({ id: "bob" }, { ttl: 50_000 });
    expect(await timersOf(room.id)).toEqual([
      { name: "directory", at: now + 5000, attempts: 0 },
      { name: "idle", at: now + 60_000, attempts: 0 },
      { name: "lease", at: now + 2000, attempts: 0 },
    ]);
    expect(await alarmOf(room.id)).toBe(now + 2000);
    pass(2000);
    await ring(room.id);
    expect(await alarmOf(room.id)).toBe(now + 5000);
    pass(3000);
    await ring(room.id);
    expect(await alarmOf(room.id)).toBe(now + 50_000);
  });

  test("[T3] may ring at any time: nothing happens before a timer is due", async () => {
    const room = await start();
    await room.join({ id: "ada" }, { ttl: 2000 });
    const before = [await timersOf(room.id), await alarmOf(room.id), await room.info()];
    for (let time = 0; time < 5; time++) {
      await ring(room.id);
      expect([await timersOf(room.id), await alarmOf(room.id), await room.info()]).toEqual(before);
    }
  });

  test("[T3] of a room that never ran may ring too", async () => {
    const id = newId();
    await sql(id, "SELECT 1");
    expect(await ring(id)).toBe(false);
    expect(await rooms.room(id).alive()).toBe(false);
  });

  test("[T3, A6] does not fail when a timer does, and the timer is retried with backoff", async () => {
    const room = await start();
    await room.join({ id: "ada" }, { ttl: 2000 });
    pass(2000);
    await breakWrites(room.id, "members");
    for (const [attempts, wait] of [1000, 2000, 4000, 8000].entries()) {
      await ring(room.id);
      expect(await timersOf(room.id)).toContainEqual({
        name: "lease",
        at: Date.now() + wait,
        attempts: attempts + 1,
      });
      const next = await timersOf(room.id);
      expect(await alarmOf(room.id)).toBe(Math.min(...next.map(({ at }) => Number(at))));
      pass(wait);
    }
    expect(await room.getUsers()).toMatchObject([{ id: "ada" }]);
    await mendWrites(room.id, "members");
    await ring(room.id);
    expect(await room.getUsers()).toEqual([]);
    expect(callsOf(room.id).filter(({ hook }) => hook === "onLeave")).toHaveLength(1);
  });

  test("[T3, R6] is not lost when the room restarts while it rings", async () => {
    const room = await start();
    const joined = Date.now();
    await room.join({ id: "bob" });
    await room.join({ id: "ada" }, { ttl: 2000 });
    pass(2000);
    await breakWrites(room.id, "changes");
    const { promise, resolve } = gate();
    const updating = failureCode(room.updateState(() => promise.then(() => ({ n: 1 }))));
    const ringing = ring(room.id);
    await sql(room.id, "SELECT 1"); // a round trip: by now the alarm waits for the update
    resolve();
    expect(await updating).toBe("commit_failed");
    await ringing;
    expect(await room.getUsers()).toMatchObject([{ id: "bob" }]);
    expect(await alarmOf(room.id)).toBe(joined + 5000);
  });

  test("[T3] fires the other timers when one fails", async () => {
    const room = await start();
    await room.join({ id: "ada" });
    await room.leave("ada");
    pass(60_000);
    setScript(room.id, { directoryDown: () => true });
    await ring(room.id);
    expect(await room.alive()).toBe(false);
    expect(await timersOf(room.id)).toMatchObject([{ name: "directory" }]);
  });

  test("[T3, S8] does not ring in a loop while a save is under way", async () => {
    const room = await start("saved");
    setScript(room.id, { saveRoomState: () => ({ error: "down" }) });
    await room.updateState(() => ({ n: 1 }));
    await expect.poll(async () => (await room.info()).save.status).toBe("failing");
    const { promise, resolve } = gate();
    setScript(room.id, { saveRoomState: () => promise });
    pass(1000);
    await ring(room.id);
    await hookCalled(room.id, "saveRoomState", 2);
    expect(await alarmOf(room.id)).toBeGreaterThan(Date.now());
    pass(5000);
    await ring(room.id);
    expect(await alarmOf(room.id)).toBeGreaterThan(Date.now());
    resolve();
    await expect.poll(async () => (await room.info()).save.status).toBe("saved");
    expect(callsOf(room.id).filter(({ hook }) => hook === "saveRoomState")).toHaveLength(2);
  });

  test("[T3] rings again even if no timer can be written", async () => {
    const room = await start();
    await breakWrites(room.id, "timers");
    await breakWrites(room.id, "room");
    pass(70_000);
    await ring(room.id);
    expect(await alarmOf(room.id)).toBeGreaterThan(Date.now());
    await mendWrites(room.id, "timers");
    await mendWrites(room.id, "room");
    passUntil((await alarmOf(room.id)) ?? 0);
    await ring(room.id);
    expect(await room.alive()).toBe(false);
  });

  test("[T3] that the platform has given up on is set again when anything wakes the room", async () => {
    const room = await start();
    await dropAlarm(room.id);
    await evict(room.id);
    expect(await alarmOf(room.id)).toBeNull();
    await room.getState();
    expect(await alarmOf(room.id)).toBe(Date.parse((await room.info()).createdAt) + 60_000);
  });
});
