// Stopping a room: the order of steps, what is left afterwards, and that a failing save only delays it.

import { describe, expect, test } from "vitest";
import type { RoomHandle } from "collab-room";
import { callsOf, hang, setScript } from "../fixtures/scripts.ts";
import { pass, useFakeDate } from "../support/fake-date.ts";
import {
  alarmOf,
  evict,
  failure,
  failureCode,
  hookCalled,
  isListed,
  newId,
  nothingStored,
  ring,
  rooms,
  stored,
} from "../support/core/rooms.ts";

useFakeDate();

/** A running room with these users and `{ n: 1 }`. */
async function start(behaviour: string, userIds: string[] = []): Promise<RoomHandle> {
  const room = await rooms.joinOrCreateRoom(newId(), { behaviour });
  for (const id of userIds) await room.join({ id });
  await room.updateState(() => ({ n: 1 }));
  return room;
}

const hooksOf = (id: string): string[] =>
  callsOf(id).map(({ hook, user }) => (user === undefined ? hook : `${hook} ${user}`));

const left = (id: string): string[] => hooksOf(id).filter((call) => call.startsWith("onLeave"));

/** Check that nothing of the room runs, and nothing will. */
async function isStopped(room: RoomHandle): Promise<void> {
  expect(await room.alive()).toBe(false);
  expect(await isListed(room.id)).toBe(false);
  expect(await alarmOf(room.id)).toBeNull();
}

describe("a stop", () => {
  test("[R7] saves, makes everybody leave, removes the directory entry and drops the rest, in this order", async () => {
    const room = await start("saved");
    const order: string[] = [];
    let down = true;
    setScript(room.id, {
      saveRoomState() {
        order.push(down ? "save fails" : "save");
        return down ? { error: "down" } : undefined;
      },
      async onLeave({ users, state }, { id }) {
        order.push(`${id} leaves, ${users.length} stay, n is ${String(state["n"])}`);
        order.push((await isListed(room.id)) ? "listed" : "not listed");
      },
      async unlisting() {
        const { room: record, members, timers } = (await stored(room.id)).tables;
        order.push("unlisting", record?.length === 1 && timers?.length ? "kept" : "dropped");
        order.push(`${members?.length} users`);
      },
    });
    for (const id of ["ada", "bob"]) await room.join({ id });
    await room.updateState(() => ({ n: 2 }));
    await hookCalled(room.id, "saveRoomState", 2);
    order.length = 0;
    down = false;
    await room.stop();
    expect(order).toEqual([
      "save",
      "ada leaves, 0 stay, n is 2",
      "bob leaves, 0 stay, n is 2",
      "listed",
      "listed",
      "unlisting",
      "kept",
      "0 users",
    ]);
    expect(await stored(room.id)).toEqual(nothingStored);
  });

  test("[R7, R8] keeps the state for the next start, and nothing else that costs anything", async () => {
    const room = await start("scripted", ["ada"]);
    const { epoch, version } = await room.info();
    await room.stop();
    await isStopped(room);
    const { tables } = await stored(room.id);
    expect(tables).toMatchObject({ members: [], timers: [] });
    await evict(room.id);
    const again = await rooms.joinOrCreateRoom(room.id, { behaviour: "scripted" });
    expect(await again.getState()).toEqual({ n: 1 });
    expect(await again.info()).toMatchObject({ epoch, version, users: 0 });
  });

  test.for(["saved", "debounced", "dropped"])(
    "[R7] empties the storage of a room with the behaviour %s",
    async (behaviour) => {
      const room = await start(behaviour, ["ada"]);
      await room.stop();
      await isStopped(room);
      expect(await stored(room.id)).toEqual(nothingStored);
      const saves = callsOf(room.id).filter(({ hook }) => hook === "saveRoomState");
      expect(saves.at(-1)?.state).toEqual(behaviour === "dropped" ? undefined : { n: 1 });
    },
  );

  test("[R7] does not save a state that is already saved", async () => {
    const room = await start("saved");
    await hookCalled(room.id, "saveRoomState");
    await expect.poll(async () => (await room.info()).save).toEqual({ status: "saved" });
    await room.stop();
    expect(hooksOf(room.id).filter((hook) => hook === "saveRoomState")).toHaveLength(1);
  });

  test("[R7, R1] that is requested several times at once happens once", async () => {
    const room = await start("scripted", ["ada", "bob"]);
    const stops = await Promise.allSettled([1, 2, 3].map(() => rooms.room(room.id).stop()));
    expect(stops.map(({ status }) => status)).toEqual(["fulfilled", "rejected", "rejected"]);
    expect(left(room.id)).toEqual(["onLeave ada", "onLeave bob"]);
  });

  test("[R7, R2] followed at once by a start leads to a fresh room with the stored state", async () => {
    const room = await start("scripted", ["ada"]);
    const [, again] = await Promise.all([
      room.stop(),
      rooms.joinOrCreateRoom(room.id, { behaviour: "scripted" }),
    ]);
    expect(await again.getUsers()).toEqual([]);
    expect(await again.getState()).toEqual({ n: 1 });
    expect(await isListed(room.id)).toBe(true);
  });

  test("[R7, T2] for idleness does the same: the entry, the users and the timers go, and the state stays", async () => {
    const room = await start("brief");
    pass(60_000);
    await ring(room.id);
    await isStopped(room);
    await rooms.joinOrCreateRoom(room.id, { behaviour: "brief" });
    expect(await room.getState()).toEqual({ n: 1 });
  });
});

describe("a stop with purge", () => {
  test.for(["scripted", "saved", "dropped"])(
    "[R7, R8] leaves nothing of a running room with the behaviour %s",
    async (behaviour) => {
      const room = await start(behaviour, ["ada"]);
      await room.stop({ purge: true });
      await isStopped(room);
      expect(await stored(room.id)).toEqual(nothingStored);
      expect(left(room.id)).toEqual(["onLeave ada"]);
    },
  );

  test("[R7, R8] leaves nothing of a stopped room, evicted or not, and can be repeated", async () => {
    for (const between of [() => {}, evict]) {
      const room = await start("scripted");
      await room.stop();
      await between(room.id);
      await room.stop({ purge: true });
      expect(await stored(room.id)).toEqual(nothingStored);
      await room.stop({ purge: true });
      expect(await stored(room.id)).toEqual(nothingStored);
    }
  });
});

describe("while the save fails", () => {
  /** A room whose saves fail until the returned function is called. */
  async function startFailing(saveRoomState: () => { error: string } | Promise<never>) {
    const room = await start("saved", ["ada"]);
    await expect.poll(async () => (await room.info()).save.status).toBe("saved");
    let down = true;
    setScript(room.id, { saveRoomState: () => (down ? saveRoomState() : undefined) });
    const mend = () => {
      down = false;
    };
    return { room, mend };
  }

  /** Let time pass and ring the alarm until the room has stopped. */
  const ringUntilStopped = (room: RoomHandle): Promise<void> =>
    expect
      .poll(async () => {
        pass(300_000); // the longest wait for a save
        await ring(room.id);
        return room.alive();
      })
      .toBe(false);

  test.for([
    ["returns an error", () => ({ error: "secret: down" }), "save_failed"],
    ["throws", () => Promise.reject(new Error("secret: down")), "save_failed"],
    ["hangs", hang, "call_timeout"],
  ] as const)(
    "[R7, S8, A6] because it %s, a stop is refused and the room keeps running with its users",
    async ([, save, error]) => {
      const { room, mend } = await startFailing(save);
      await room.updateState(() => ({ n: 2 }));
      await expect.poll(async () => (await room.info()).save.status).toBe("failing");
      const before = hooksOf(room.id).length;
      expect(await failure(room.stop())).toEqual({ code: "save_failed" });
      expect(hooksOf(room.id).slice(before)).toEqual(["saveRoomState"]);
      expect(await room.info()).toMatchObject({ users: 1, save: { status: "failing", error } });
      expect(await room.getState()).toEqual({ n: 2 });
      expect(await isListed(room.id)).toBe(true);
      expect(left(room.id)).toEqual([]);
      mend();
      await ringUntilStopped(room);
      await isStopped(room);
      expect(left(room.id)).toEqual(["onLeave ada"]);
      expect(callsOf(room.id).findLast(({ hook }) => hook === "saveRoomState")?.state).toEqual({
        n: 2,
      });
      expect(await stored(room.id)).toEqual(nothingStored);
    },
  );

  test("[R7] the room accepts changes and users, and stops once everything is saved", async () => {
    const { room, mend } = await startFailing(() => ({ error: "down" }));
    await room.updateState(() => ({ n: 2 }));
    expect(await failureCode(room.stop())).toBe("save_failed");
    await room.updateState(() => ({ n: 3 }));
    await room.join({ id: "bob" });
    mend();
    await ringUntilStopped(room);
    expect(left(room.id)).toEqual(["onLeave ada", "onLeave bob"]);
    expect(callsOf(room.id).findLast(({ hook }) => hook === "saveRoomState")?.state).toEqual({
      n: 3,
    });
  });

  test("[R7, T2] an idle room keeps running, and stops when the save succeeds", async () => {
    const { room, mend } = await startFailing(() => ({ error: "down" }));
    await room.updateState(() => ({ n: 2 }));
    await room.leave("ada");
    for (let hour = 0; hour < 3; hour++) {
      pass(3_600_000);
      await ring(room.id);
      expect(await room.alive()).toBe(true);
    }
    mend();
    pass(300_000);
    await ringUntilStopped(room);
    expect(await stored(room.id)).toEqual(nothingStored);
  });

  test("[R7, T2] an idle room that is touched before the save succeeds gets its whole idle timeout again", async () => {
    const { room, mend } = await startFailing(() => ({ error: "down" }));
    await room.updateState(() => ({ n: 2 }));
    await room.leave("ada");
    pass(3_600_000);
    await ring(room.id);
    await room.touch();
    const { idleDeadline = "" } = await room.info();
    mend();
    pass(300_000);
    await ring(room.id);
    await expect.poll(async () => (await room.info()).save.status).toBe("saved");
    expect(await alarmOf(room.id)).toBeLessThanOrEqual(Date.parse(idleDeadline));
    pass(Date.parse(idleDeadline) - Date.now() - 1);
    await ring(room.id);
    expect(await room.alive()).toBe(true);
    pass(1);
    await ring(room.id);
    expect(await room.alive()).toBe(false);
  });
});
