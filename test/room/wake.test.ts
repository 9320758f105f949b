// Waking is not starting: what an object has after an eviction or a crash, and what a room does if its behaviour is
// missing after a deploy.

import { describe, expect, test } from "vitest";
import type { RoomHandle } from "collab-room";
import { callsOf, setScript } from "../fixtures/scripts.ts";
import { pass, useFakeDate } from "../support/fake-date.ts";
import {
  alarmOf,
  evict,
  failure,
  failureCode,
  isListed,
  newId,
  ring,
  rooms,
  sql,
  stored,
} from "../support/core/rooms.ts";

useFakeDate();

const everything = async (room: RoomHandle) => [
  await room.info(),
  await room.getUsers(),
  await room.getState(),
  await stored(room.id),
];

describe("a room whose behaviour is missing after a deploy", () => {
  /** Change the behaviour in the room's record, as if the room had been started with it. */
  async function rename(id: string, behaviour: string): Promise<void> {
    await sql(id, "UPDATE room SET data = json_set(data, '$.behaviour', ?)", behaviour);
    await evict(id);
  }

  async function startAndLose(behaviour = "brief") {
    const room = await rooms.joinOrCreateRoom(newId(), { behaviour });
    await room.join({ id: "ada" });
    await room.updateState(() => ({ n: 1 }));
    return room;
  }

  const asks: [string, (room: RoomHandle) => Promise<unknown>][] = [
    ["getState", (room) => room.getState()],
    ["getUsers", (room) => room.getUsers()],
    ["updateState", (room) => room.updateState(() => ({}))],
    ["act", (room) => room.act("nothing")],
    ["touch", (room) => room.touch()],
    ["broadcast", (room) => room.broadcast("hello")],
    ["info", (room) => room.info()],
    ["join", (room) => room.join({ id: "bob" })],
    ["leave", (room) => room.leave("ada")],
    ["start", (room) => rooms.joinOrCreateRoom(room.id)],
  ];

  test.for(asks)("[R6] answers %s with behaviour_missing, and keeps its data", async ([, ask]) => {
    const room = await startAndLose();
    await rename(room.id, "gone");
    const before = await stored(room.id);
    expect(await failure(ask(room))).toEqual({ code: "behaviour_missing" });
    expect(await stored(room.id)).toEqual(before);
    expect(await room.alive()).toBe(true);
  });

  test("[R6] is unchanged when the behaviour is back", async () => {
    const room = await startAndLose();
    const before = await everything(room);
    await rename(room.id, "gone");
    expect(await failureCode(room.getState())).toBe("behaviour_missing");
    await rename(room.id, "brief");
    expect(await everything(room)).toEqual(before);
  });

  test("[T2, R7] stops when it is idle, and keeps its state for a start with another behaviour", async () => {
    const room = await startAndLose();
    await room.leave("ada");
    await rename(room.id, "gone");
    pass(60_000);
    await ring(room.id);
    expect(await room.alive()).toBe(false);
    expect(await isListed(room.id)).toBe(false);
    expect(await alarmOf(room.id)).toBeNull();
    await rooms.joinOrCreateRoom(room.id, { behaviour: "scripted" });
    expect(await room.getState()).toEqual({ n: 1 });
  });

  test("[T2] does not stop while it has users", async () => {
    const room = await startAndLose();
    await rename(room.id, "gone");
    pass(600_000);
    await ring(room.id);
    expect(await room.alive()).toBe(true);
  });

  test("[R7] stops on request, and keeps its state", async () => {
    const room = await startAndLose();
    await rename(room.id, "gone");
    await room.stop();
    await rooms.joinOrCreateRoom(room.id, { behaviour: "scripted" });
    expect(await room.getState()).toEqual({ n: 1 });
  });

  test("[R7, S8] keeps an unsaved state until the behaviour is back", async () => {
    const room = await rooms.joinOrCreateRoom(newId(), { behaviour: "saved" });
    setScript(room.id, { saveRoomState: () => ({ error: "down" }) });
    await room.updateState(() => ({ n: 1 }));
    await expect.poll(async () => (await room.info()).save.status).toBe("failing");
    await rename(room.id, "gone");
    for (let round = 0; round < 3; round++) {
      pass(3_600_000);
      await ring(room.id);
      expect(await failureCode(room.stop())).toBe("save_failed");
    }
    setScript(room.id, {});
    await rename(room.id, "saved");
    expect(await room.getState()).toEqual({ n: 1 });
    pass(300_000);
    await ring(room.id);
    await expect.poll(() => callsOf(room.id).at(-1)?.state).toEqual({ n: 1 });
    await expect
      .poll(async () => {
        await ring(room.id);
        return room.alive();
      })
      .toBe(false);
  });
});
