// The directory and its rooms. An entry is written by the start and removed by the stop, and nothing else calls the
// directory. When a shard is down, rooms still work, and a timer corrects the entry later.

import { beforeEach, describe, expect, test } from "vitest";
import { setScript } from "../fixtures/scripts.ts";
import { pass, useFakeDate } from "../support/fake-date.ts";
import { at, expectJson, expectProblem, send } from "../support/core/http.ts";
import {
  alarmOf,
  evict,
  failureCode,
  isListed,
  newId,
  nothingStored,
  ring,
  rooms,
  stored,
} from "../support/core/rooms.ts";

useFakeDate();

/** Make a room's shard fail until told otherwise, and count the calls to it. */
function shardOf(id: string, down = false) {
  const shard = { down, asked: 0 };
  setScript(id, {
    directoryDown() {
      shard.asked++;
      return shard.down;
    },
  });
  return shard;
}

const listed = async (id: string) =>
  (await rooms.listRooms({ prefix: id })).rooms.find((entry) => entry.id === id);

/** Ring the room's alarm a minute later. */
async function ringLater(id: string): Promise<void> {
  pass(60_000);
  expect(await ring(id)).toBe(true);
}

describe("a directory entry", () => {
  test("[D1, D2] exists, with the user, when a join that starts the room returns", async () => {
    const room = rooms.room(newId());
    const { joinedAt } = await room.join({ id: "ada" });
    expect(await listed(room.id)).toEqual({
      id: room.id,
      behaviour: "default",
      users: 1,
      createdAt: joinedAt,
    });
  });

  test("[D2] is not written for a refused start or a refused join", async () => {
    const id = newId();
    const shard = shardOf(id);
    await failureCode(rooms.joinOrCreateRoom(id, { behaviour: "nobody-wrote-this" }));
    await failureCode(rooms.room(id).join({ id: "" }));
    await rooms.getRoom(id);
    await rooms.leaveRoom(id, "ada");
    expect(shard.asked).toBe(0);
  });

  test("[D2] is written only by start and stop, whatever happens in between", async () => {
    const id = newId();
    const shard = shardOf(id);
    const room = await rooms.joinOrCreateRoom(id, { behaviour: "scripted" });
    expect(shard.asked).toBe(1);
    for (let n = 0; n < 20; n++) {
      await room.updateState(() => ({ n }));
      await room.act("rename", { title: `${n}` });
      await room.touch();
      await room.broadcast("wave");
      await room.getState();
      await rooms.joinOrCreateRoom(id);
    }
    await evict(id);
    await room.info();
    expect(shard.asked).toBe(1);
    pass(1); // two instances do not send in the same millisecond
    await room.stop();
    expect(shard.asked).toBe(2);
  });

  test("[D3] updates its user count after 5 s, for many changes at once", async () => {
    const id = newId();
    const shard = shardOf(id);
    const room = await rooms.joinOrCreateRoom(id, { behaviour: "scripted" });
    for (let n = 0; n < 20; n++) await room.join({ id: `user-${n}` });
    for (let n = 0; n < 5; n++) await room.leave(`user-${n}`);
    expect((await listed(id))?.users).toBe(0);
    expect(shard.asked).toBe(1);
    expect(await alarmOf(id)).toBe(Date.now() + 5000);
    pass(4999);
    await ring(id);
    expect(shard.asked).toBe(1);
    pass(1);
    await ring(id);
    expect((await listed(id))?.users).toBe(15);
    expect(shard.asked).toBe(2);
  });

  test("[D3, R6] updates its user count even if the object was evicted before that", async () => {
    const room = await rooms.joinOrCreateRoom(newId());
    await room.join({ id: "ada" });
    await evict(room.id);
    pass(5000);
    await ring(room.id);
    expect((await listed(room.id))?.users).toBe(1);
  });
});

describe("a shard that is down", () => {
  // Alarms are set by the fake Date. This far ahead, none of them rings by itself.
  beforeEach(() => pass(3_600_000));

  test("[D3] lets a room start and work, and the room is listed after the timer has rung", async () => {
    const id = newId();
    const shard = shardOf(id, true);
    const response = await send("PUT", at(id), { json: { behaviour: "scripted" } });
    await expectJson(response, 201);
    const room = rooms.room(id);
    await room.join({ id: "ada" });
    await room.updateState(() => ({ n: 1 }));
    expect(await room.getState()).toEqual({ n: 1 });
    expect(await isListed(id)).toBe(false);
    await ringLater(id);
    await ringLater(id);
    expect(shard.asked).toBe(3);
    expect(await isListed(id)).toBe(false);
    shard.down = false;
    await ringLater(id);
    expect(await listed(id)).toMatchObject({ id, behaviour: "scripted", users: 1 });
    await ringLater(id);
    expect(shard.asked).toBe(4);
  });

  test("[D3] is retried after 1 s, and then after twice as long each time, up to 5 min", async () => {
    const id = newId();
    const shard = shardOf(id, true);
    await rooms.joinOrCreateRoom(id, { behaviour: "scripted" });
    const waits: number[] = [];
    for (let tries = 1; tries <= 11; tries++) {
      const next = Number(await alarmOf(id));
      waits.push((next - Date.now()) / 1000);
      pass(next - Date.now());
      await ring(id);
      expect(shard.asked).toBe(tries + 1);
    }
    expect(waits).toEqual([1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300]);
  });

  test("[D3, R7] lets a room stop, and the entry is removed after the timer has rung", async () => {
    const room = await rooms.joinOrCreateRoom(newId(), { behaviour: "scripted" });
    await room.updateState(() => ({ kept: true }));
    const shard = shardOf(room.id, true);
    await room.stop();
    expect(await room.alive()).toBe(false);
    expect(await isListed(room.id)).toBe(true);
    await ringLater(room.id);
    expect(await isListed(room.id)).toBe(true);
    shard.down = false;
    await ringLater(room.id);
    expect(await isListed(room.id)).toBe(false);
    expect(await alarmOf(room.id)).toBeNull();
    await rooms.joinOrCreateRoom(room.id);
    expect(await room.getState()).toEqual({ kept: true });
  });

  test("[D3, R7] lets a room be purged, and nothing is left once its entry is removed", async () => {
    for (const behaviour of ["scripted", "dropped"]) {
      const room = await rooms.joinOrCreateRoom(newId(), { behaviour });
      const shard = shardOf(room.id, true);
      await room.stop({ purge: behaviour === "scripted" });
      expect(await failureCode(room.getState())).toBe("room_not_running");
      expect(await stored(room.id)).not.toEqual(nothingStored);
      shard.down = false;
      await ringLater(room.id);
      expect(await isListed(room.id)).toBe(false);
      expect(await stored(room.id)).toEqual(nothingStored);
    }
  });

  test("[D3] forgets a room that started and stopped while it was down", async () => {
    const id = newId();
    const shard = shardOf(id, true);
    const room = await rooms.joinOrCreateRoom(id, { behaviour: "scripted" });
    await room.stop();
    shard.down = false;
    await ringLater(id);
    expect(await isListed(id)).toBe(false);
    expect(await alarmOf(id)).toBeNull();
  });

  test("[D3] finally lists the running room, after several starts and stops", async () => {
    const id = newId();
    const room = await rooms.joinOrCreateRoom(id, { behaviour: "scripted" });
    const shard = shardOf(id, true);
    for (const behaviour of ["saved", "dropped", "plain"]) {
      await room.stop();
      pass(1000);
      await rooms.joinOrCreateRoom(id, { behaviour });
    }
    expect((await listed(id))?.behaviour).toBe("scripted");
    shard.down = false;
    const { createdAt } = await room.info();
    await ringLater(id);
    expect(await listed(id)).toEqual({ id, behaviour: "plain", users: 0, createdAt });
  });

  test("[D3] makes lists and counts fail, because they would be incomplete", async () => {
    const room = await rooms.joinOrCreateRoom(newId());
    setScript("shard-2-of-4", { directoryDown: () => true });
    try {
      expect(await failureCode(rooms.listRooms({ prefix: room.id }))).toBe("directory_unavailable");
      expect(await failureCode(rooms.roomCount())).toBe("directory_unavailable");
      const response = await send("GET", "/rooms");
      expect(response.headers.get("retry-after")).toBe("1");
      await expectProblem(response, 503, "directory_unavailable");
      expect(await room.alive()).toBe(true);
    } finally {
      setScript("shard-2-of-4", {});
    }
    expect(await isListed(room.id)).toBe(true);
  });
});
