// Objects that crash in the middle of an operation. Nobody rings the alarm by hand here: the platform repeats an alarm
// during which the object crashed, and the room must then continue its work.

import { describe, expect, test } from "vitest";
import type { RoomHandle } from "collab-room";
import { callsOf, hang, setScript } from "../fixtures/scripts.ts";
import {
  alarmOf,
  crash,
  failureCode,
  hookCalled,
  isListed,
  newId,
  nothingStored,
  rooms,
  stored,
} from "../support/rooms.ts";

const left = (id: string): (string | undefined)[] =>
  callsOf(id).flatMap(({ hook, user }) => (hook === "onLeave" ? [user] : []));

/** The platform waits 2 s before it repeats an alarm, and longer each time. The directory's timer takes up to 6 s. */
const soon = { timeout: 25_000 };

async function stops(room: RoomHandle): Promise<void> {
  await expect.poll(() => room.alive(), soon).toBe(false);
  await expect.poll(() => isListed(room.id), soon).toBe(false);
  await expect.poll(() => alarmOf(room.id), soon).toBeNull();
}

/** Let the directory hang when it is first asked to remove the room. */
function hangAtTheDirectory(id: string): { asked: number } {
  const count = { asked: 0 };
  setScript(id, { unlisting: () => (++count.asked === 1 ? hang() : undefined) });
  return count;
}

describe("a crash", () => {
  test("[R2, D2, R6] of a starting room before it is listed is repaired by the next start, which lists it", async () => {
    const id = newId();
    let asked = 0;
    setScript(id, { listing: () => (++asked === 1 ? hang() : undefined) });
    const starting = failureCode(rooms.joinOrCreateRoom(id));
    await expect.poll(() => asked).toBe(1);
    await crash(id);
    expect(await starting).toBe("room_unavailable");
    expect(await isListed(id)).toBe(false);
    await rooms.joinOrCreateRoom(id);
    expect(await isListed(id)).toBe(true);
    await rooms.joinOrCreateRoom(id);
    expect(asked).toBe(2);
  });

  test("[R3, D1, D3] of a room that a join starts, before it is listed, is repaired without another call", async () => {
    const id = newId();
    let asked = 0;
    setScript(id, { listing: () => (++asked === 1 ? hang() : undefined) });
    const joined = failureCode(rooms.room(id).join({ id: "ada" }));
    await expect.poll(() => asked).toBe(1);
    await crash(id);
    expect(await joined).toBe("room_unavailable");
    await expect.poll(() => isListed(id), soon).toBe(true);
    expect(await rooms.room(id).getUsers()).toMatchObject([{ id: "ada" }]);
  });

  test("[R7, R6, U4] while users leave does not undo a stop, and nobody leaves twice", async () => {
    const room = await rooms.joinOrCreateRoom(newId()); // here a hook may hang for 5 s
    for (const id of ["ada", "bob", "cyn"]) await room.join({ id });
    await room.updateState(() => ({ n: 1 }));
    setScript(room.id, { onLeave: (_, { id }) => (id === "bob" ? hang() : undefined) });
    const stopping = failureCode(room.stop());
    await hookCalled(room.id, "onLeave", 2);
    await crash(room.id);
    expect(await stopping).toBe("room_unavailable");
    await stops(room);
    expect(left(room.id)).toEqual(["ada", "bob", "cyn"]);
    await rooms.joinOrCreateRoom(room.id);
    expect(await room.getState()).toEqual({ n: 1 });
  });

  test("[R7, R6] while users leave does not undo a purge", async () => {
    const room = await rooms.joinOrCreateRoom(newId());
    await room.join({ id: "ada" });
    setScript(room.id, { onLeave: hang });
    const stopping = failureCode(room.stop({ purge: true }));
    await hookCalled(room.id, "onLeave");
    await crash(room.id);
    expect(await stopping).toBe("room_unavailable");
    await stops(room);
    // Its directory entry is removed afterwards.
    await expect.poll(() => stored(room.id), soon).toEqual(nothingStored);
  });

  test("[R7, T2] while the entry of an idle room is removed does not keep the room", async () => {
    const id = newId();
    const directory = hangAtTheDirectory(id);
    const room = await rooms.joinOrCreateRoom(id, { behaviour: "scripted", idleTimeout: 100 });
    await expect.poll(() => directory.asked, { timeout: 10_000 }).toBe(1);
    await crash(id);
    await stops(room);
    expect(directory.asked).toBe(2);
  });

  test("[R7, S8] between a late save and the end of its stop does not keep the room", async () => {
    const room = await rooms.joinOrCreateRoom(newId(), { behaviour: "saved" });
    await room.join({ id: "ada" });
    setScript(room.id, { saveRoomState: () => ({ error: "down" }) });
    await room.updateState(() => ({ n: 1 }));
    expect(await failureCode(room.stop())).toBe("save_failed");
    const directory = hangAtTheDirectory(room.id);
    await expect.poll(() => directory.asked, { timeout: 10_000 }).toBe(1);
    await crash(room.id);
    await stops(room);
    expect(left(room.id)).toEqual(["ada"]);
    expect(await stored(room.id)).toEqual(nothingStored);
  });

  test("[R7, S8] during a save does not lose the change", async () => {
    const room = await rooms.joinOrCreateRoom(newId(), { behaviour: "saved" });
    setScript(room.id, { saveRoomState: hang });
    await room.updateState(() => ({ n: 1 }));
    await hookCalled(room.id, "saveRoomState");
    await crash(room.id);
    setScript(room.id, {});
    await hookCalled(room.id, "saveRoomState", 2);
    expect(callsOf(room.id).at(-1)?.state).toEqual({ n: 1 });
    await expect.poll(async () => (await room.info()).save).toEqual({ status: "saved" });
  });
});
