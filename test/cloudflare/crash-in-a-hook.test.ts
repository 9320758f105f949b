// Objects that crash while a hook of their room runs.

import type { JsonObject, RoomHandle, RoomInfo } from "collab-room";
import { describe, expect, test, vi } from "vitest";
import { callsOf, hang, setScript } from "../fixtures/scripts.ts";
import { passUntil, useFakeDate } from "../support/fake-date.ts";
import { told, userIds } from "../support/membership.ts";
import { alarmOf, crash, failureCode, hookCalled, newId, ring, rooms } from "../support/rooms.ts";

useFakeDate();

describe("a user who leaves", () => {
  test("[U4, R6] stays gone, and is reported once, if the object crashes during onLeave", async () => {
    const room = await rooms.joinOrCreateRoom(newId()); // here a hook may hang for 5 s
    for (const id of ["ada", "bob"]) await room.join({ id });
    setScript(room.id, { onLeave: hang });
    const leaving = failureCode(room.leave("ada"));
    await hookCalled(room.id, "onLeave");
    await crash(room.id);
    expect(await leaving).toBe("room_unavailable");
    await room.leave("ada");
    expect(await room.getUsers()).toMatchObject([{ id: "bob" }]);
    expect(told(room.id, "onLeave")).toEqual(["ada"]);
  });

  test("[U7, U4, R6, B6] whose lease ends leaves once, together with others, although the object crashes while a hook hangs", async () => {
    vi.useRealTimers();
    const room = await rooms.joinOrCreateRoom(newId()); // here a hook may hang for 5 s
    setScript(room.id, { onLeave: (_, { id }) => (id === "bob" ? hang() : undefined) });
    for (const id of ["ada", "bob", "cyn"]) await room.join({ id }, { ttl: 1000 });
    // These hooks run outside the turn, so bob's hook delays nobody.
    await hookCalled(room.id, "onLeave", 3);
    await crash(room.id);
    await expect.poll(() => userIds(room), { timeout: 20_000 }).toEqual([]);
    expect(told(room.id, "onLeave")).toEqual(["ada", "bob", "cyn"]);
  });
});

describe("a store that hangs", () => {
  /** The states that the store received, in order. */
  const savesOf = ({ id }: RoomHandle): (JsonObject | undefined)[] =>
    callsOf(id).flatMap(({ hook, state }) => (hook === "saveRoomState" ? [state] : []));

  /** Wait until the room's info shows this save status. */
  const saveStatus = (room: RoomHandle, save: RoomInfo["save"]) =>
    expect.poll(async () => (await room.info()).save).toEqual(save);

  /** A room whose object crashed during its first save. */
  async function startAndCrash(): Promise<RoomHandle> {
    const id = newId();
    setScript(id, { saveRoomState: hang });
    const room = await rooms.joinOrCreateRoom(id, { behaviour: "patient" });
    await room.patchState([{ op: "add", path: "/n", value: 1 }]);
    await hookCalled(id, "saveRoomState");
    await crash(id);
    setScript(id, {});
    return room;
  }

  test("[S8, S4, R6] is called again by the timer if the object crashes during a save", async () => {
    const room = await startAndCrash();
    expect((await room.info()).save).toEqual({ status: "pending" });
    expect(savesOf(room)).toHaveLength(1);
    const alarm = await alarmOf(room.id);
    expect(alarm).toBeGreaterThan(Date.now());
    passUntil(alarm ?? 0);
    await ring(room.id);
    await saveStatus(room, { status: "saved" });
    expect(savesOf(room)).toEqual([{ n: 1 }, { n: 1 }]);
  });

  test("[S8] receives a change after a crash together with earlier unsaved changes", async () => {
    const room = await startAndCrash();
    await room.act("rename", { title: "x" });
    await saveStatus(room, { status: "saved" });
    expect(savesOf(room)).toEqual([{ n: 1 }, { n: 1, title: "x" }]);
  });
});
