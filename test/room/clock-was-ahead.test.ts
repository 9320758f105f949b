// The clock was an hour ahead when the room wrote its data, and is right when the room wakes. No deadline is delayed by
// that hour, and what sessions do now counts as later than what they did then.

import { beforeEach, describe, expect, test } from "vitest";
import { setScript } from "../fixtures/scripts.ts";
import { pass, passUntil, useFakeDate } from "../support/fake-date.ts";
import { told, userIds } from "../support/membership.ts";
import { alarmOf, failureCode, hibernate, newId, ring, rooms, sql } from "../support/core/rooms.ts";
import { connect } from "../support/core/socket-client.ts";

useFakeDate();

const second = 1000;
const minute = 60 * second;

let rightNow = 0;
beforeEach(() => {
  rightNow = Date.now();
  pass(60 * minute);
});

/** The room goes to sleep, the clock is corrected, and something wakes the room. */
async function wakeWithRightClock(id: string): Promise<void> {
  await hibernate(id);
  passUntil(rightNow + second);
  await sql(id, "SELECT 1");
}

/** The ms from now until a timer rings. */
async function waitOf(id: string, timer: string): Promise<number> {
  const [row] = await sql(id, "SELECT at FROM timers WHERE name = ?", timer);
  const wait = Number(row?.["at"]) - Date.now();
  expect(await alarmOf(id)).toBeLessThanOrEqual(Date.now() + wait);
  return wait;
}

describe("a room that wakes after a clock that was ahead has been corrected", () => {
  test("[T5, U7] removes a user when their lease ends", async () => {
    const room = await rooms.joinOrCreateRoom(newId(), { behaviour: "scripted" });
    await room.join({ id: "ada" }, { ttl: minute });
    await wakeWithRightClock(room.id);
    expect(await waitOf(room.id, "lease")).toBeLessThanOrEqual(1.1 * minute);
    pass(1.1 * minute);
    await ring(room.id);
    expect(await userIds(room)).toEqual([]);
  });

  test("[T5, U6] removes a user when their grace period ends", async () => {
    const room = await rooms.joinOrCreateRoom(newId(), { behaviour: "forgiving" });
    const bob = await connect(room.id, { id: "bob" });
    await (await connect(room.id, { id: "ada" })).close();
    await bob.until(({ presence }) => presence["ada"]?.status === "away");
    await wakeWithRightClock(room.id);
    expect(await waitOf(room.id, "grace")).toBeLessThanOrEqual(minute);
    pass(minute);
    await ring(room.id);
    expect(await userIds(room)).toEqual(["bob"]);
  });

  test("[T5, P4] ends held presence", async () => {
    const room = await rooms.joinOrCreateRoom(newId(), { behaviour: "scripted" });
    await room.join({ id: "bot" });
    await room.holdPresence("bot", { mood: "fine" }, { ttl: minute });
    await wakeWithRightClock(room.id);
    expect(await waitOf(room.id, "presence")).toBeLessThanOrEqual(minute);
    pass(minute);
    await ring(room.id);
    expect(await room.getPresence()).toEqual({});
  });

  test("[T5, T2] stops after it has been empty for `idleTimeout`", async () => {
    const room = await rooms.joinOrCreateRoom(newId(), { behaviour: "brief" });
    await room.join({ id: "ada" });
    await room.leave("ada");
    await wakeWithRightClock(room.id);
    expect(await waitOf(room.id, "idle")).toBeLessThanOrEqual(1.1 * minute);
    pass(1.1 * minute);
    await ring(room.id);
    expect(await failureCode(room.info())).toBe("room_not_running");
  });

  test("[T5, U8] still looks for dead sockets", async () => {
    const room = await rooms.joinOrCreateRoom(newId(), { behaviour: "graceless" });
    const ada = await connect(room.id, { id: "ada" }, { acks: false });
    await wakeWithRightClock(room.id);
    expect(await waitOf(room.id, "liveness")).toBeLessThanOrEqual(5 * minute);
    pass(5 * minute);
    await ring(room.id);
    await ada.next("mark");
    pass(minute);
    await ring(room.id);
    expect(await ada.closed).toEqual({ code: 4202, reason: "silent" });
  });

  test("[T5, S8] retries a save, with its failures counted", async () => {
    const id = newId();
    const room = await rooms.joinOrCreateRoom(id, { behaviour: "saved" });
    setScript(id, { saveRoomState: () => ({ error: "down" }) });
    await room.updateState(() => ({ n: 1 }));
    await expect.poll(async () => (await room.info()).save.status).toBe("failing");
    await wakeWithRightClock(id);
    expect(await waitOf(id, "save")).toBeLessThanOrEqual(5 * minute);
    expect(await sql(id, "SELECT attempts FROM timers WHERE name = 'save'")).toEqual([
      { attempts: 1 },
    ]);
    pass(5 * minute);
    await ring(id);
    expect(told(id, "saveRoomState")).toHaveLength(2);
  });

  test("[T5, D3] retries the directory", async () => {
    const id = newId();
    setScript(id, { directoryDown: () => true });
    await rooms.joinOrCreateRoom(id, { behaviour: "scripted" });
    await wakeWithRightClock(id);
    expect(await waitOf(id, "directory")).toBeLessThanOrEqual(5 * minute);
  });

  test("[T5, P1] shows the session that moved last, even if an earlier move has a later time", async () => {
    const room = await rooms.joinOrCreateRoom(newId(), { behaviour: "scripted" });
    const tabs = [
      await connect(room.id, { id: "ada" }),
      await connect(room.id, { id: "ada" }),
    ] as const;
    await tabs[1].show({ cursor: "then" });
    await wakeWithRightClock(room.id);
    for (const [index, cursor] of (["now", "later", "at last"] as const).entries()) {
      await tabs[index % 2 === 0 ? 0 : 1].show({ cursor });
      expect(await room.getPresence()).toMatchObject({ ada: { cursor } });
    }
  });

  test("[T5, U5] puts users who join now behind those who joined before", async () => {
    const room = await rooms.joinOrCreateRoom(newId(), { behaviour: "scripted" });
    const bob = await connect(room.id, { id: "bob" });
    await room.join({ id: "then" });
    await wakeWithRightClock(room.id);
    await room.join({ id: "now" });
    await bob.fence();
    expect(bob.users.map(({ id }) => id)).toEqual(["bob", "then", "now"]);
    expect(bob.users).toEqual(await room.getUsers());
  });
});
