// The source of a starting room's state: its hook, its storage, or neither. And the effect of a failing hook on the
// start.

import { describe, expect, test } from "vitest";
import type { RoomContext } from "collab-room";
import { callsOf, hang, setScript, type Script } from "../../fixtures/scripts.ts";
import {
  evict,
  failure,
  isListed,
  newId,
  nothingStored,
  rooms,
  sql,
  stored,
} from "../../support/core/rooms.ts";
import { watchLog } from "../../support/watch-log.ts";

const start = (id = newId(), behaviour = "loaded") => rooms.joinOrCreateRoom(id, { behaviour });

type Load = NonNullable<Script["loadRoomState"]>;

describe("a room without loadRoomState", () => {
  test("[R5] starts with {} the first time, and then with its stored state", async () => {
    const room = await start(newId(), "scripted");
    expect(await room.getState()).toEqual({});
    await room.updateState(() => ({ kept: [1, { two: 2 }] }));
    await room.stop();
    await evict(room.id);
    await start(room.id, "scripted");
    expect(await room.getState()).toEqual({ kept: [1, { two: 2 }] });
  });
});

describe("loadRoomState", () => {
  test("[R5] provides the state of a room that starts, and is called once", async () => {
    const id = newId();
    setScript(id, { loadRoomState: () => ({ ok: { title: "Plan", list: [1, null] } }) });
    const room = await start(id);
    await start(id);
    expect(await room.getState()).toEqual({ title: "Plan", list: [1, null] });
    expect(await room.info()).toMatchObject({ version: 0 });
    expect(callsOf(id)).toEqual([{ hook: "loadRoomState" }]);
  });

  test("[R5, R6] is not called again after an eviction, because its state is stored", async () => {
    const id = newId();
    setScript(id, { loadRoomState: () => ({ ok: { n: 1 } }) });
    const room = await start(id);
    await evict(id);
    expect(await room.getState()).toEqual({ n: 1 });
    await room.updateState<{ n: number }>(({ n }) => ({ n: n + 1 }));
    await evict(id);
    expect(await room.getState()).toEqual({ n: 2 });
    expect(callsOf(id)).toHaveLength(1);
  });

  test("[R5] receives the stored state, and can return it", async () => {
    const room = await start();
    await room.updateState(() => ({ kept: true }));
    await room.stop();
    const told: Pick<RoomContext, "id" | "state" | "users" | "version">[] = [];
    setScript(room.id, {
      loadRoomState({ id, state, users, version }) {
        told.push({ id, state, users, version });
        return { ok: { ...state, more: 1 } };
      },
    });
    await start(room.id);
    expect(told).toEqual([{ id: room.id, state: { kept: true }, users: [], version: 1 }]);
    expect(await room.getState()).toEqual({ kept: true, more: 1 });
    expect(await room.info()).toMatchObject({ version: 2 });
  });

  test("[R5, S8] returns a state that the room copies, so that its author may change it later", async () => {
    const id = newId();
    const mine = { list: [1] };
    setScript(id, { loadRoomState: () => ({ ok: mine }) });
    const room = await start(id);
    mine.list.push(2);
    expect(await room.getState()).toEqual({ list: [1] });
  });

  test("[R5] starts the room with {} if it returns an error, whose reason is logged", async () => {
    const id = newId();
    setScript(id, { loadRoomState: () => ({ error: "no such document" }) });
    const lines = watchLog({ room: id });
    const room = await start(id);
    expect(lines()).toContainEqual({
      level: "warn",
      event: "load_refused",
      door: "worker",
      room: id,
      reason: "no such document",
    });
    expect(await room.getState()).toEqual({});
    expect(await isListed(id)).toBe(true);
  });

  test("[R5] starts the room with {} if it returns an error, even if another state was stored", async () => {
    const room = await start();
    await room.updateState(() => ({ kept: true }));
    await room.stop();
    setScript(room.id, { loadRoomState: () => ({ error: "gone" }) });
    await start(room.id);
    expect(await room.getState()).toEqual({});
    await evict(room.id);
    expect(await room.getState()).toEqual({});
  });

  const failures: [string, Load][] = [
    [
      "throws",
      () => {
        throw new Error("secret: the store is down");
      },
    ],
    ["rejects", () => Promise.reject(new Error("secret: the store is down"))],
    ["hangs", hang],
    ["returns 42", () => 42 as never],
    ["returns null", () => null as never],
    ["returns nothing", () => undefined as never],
    ["gives 42", () => ({ ok: 42 as never })],
    ["gives null", () => ({ ok: null as never })],
    ["gives undefined", () => ({ ok: undefined as never })],
    ["gives an array", () => ({ ok: [] as never })],
    ["gives a Date", () => ({ ok: new Date() as never })],
    ["gives a state with a Date in it", () => ({ ok: { at: new Date() as never } })],
    ["gives a state beyond the limit", () => ({ ok: { text: "x".repeat(1024 * 1024) } })],
  ];

  test.for(failures)(
    "[R5, A6] that %s fails the start: nothing is stored, and the next start tries again",
    async ([, loadRoomState]) => {
      const id = newId();
      setScript(id, { loadRoomState });
      const refused = { code: "load_failed", instance: expect.any(String) };
      expect(await failure(start(id))).toEqual(refused);
      expect(await failure(start(id))).toEqual(refused);
      expect(await rooms.room(id).alive()).toBe(false);
      expect(await stored(id)).toEqual(nothingStored);
      expect(await isListed(id)).toBe(false);
      setScript(id, { loadRoomState: () => ({ ok: { n: 1 } }) });
      const room = await start(id);
      expect(await room.getState()).toEqual({ n: 1 });
      expect(callsOf(id)).toHaveLength(3);
    },
  );

  test.for(failures)(
    "[R5, R7] that %s leaves a stopped room as it was, with its stored state",
    async ([, loadRoomState]) => {
      const room = await start();
      await room.updateState(() => ({ kept: true }));
      await room.stop();
      const before = await stored(room.id);
      setScript(room.id, { loadRoomState });
      expect(await failure(start(room.id))).toMatchObject({ code: "load_failed" });
      expect(await stored(room.id)).toEqual(before);
      setScript(room.id, {});
      await start(room.id);
      expect(await room.getState()).toEqual({ kept: true });
    },
  );

  test("[R8, S10] does not hide lost versions if it fails: the epoch still changes", async () => {
    const room = await start();
    await room.updateState(() => ({ n: 1 }));
    await room.updateState(() => ({ n: 2 }));
    const { epoch } = await room.info();
    await room.stop();
    await sql(room.id, "UPDATE changes SET patch = x'00' WHERE version = 2");
    await evict(room.id);
    setScript(room.id, { loadRoomState: () => Promise.reject(new Error("secret")) });
    expect(await failure(start(room.id))).toMatchObject({ code: "load_failed" });
    setScript(room.id, {});
    await start(room.id);
    expect(await room.getState()).toEqual({ n: 1 });
    const info = await room.info();
    expect(info.version).toBe(1);
    expect(info.epoch).not.toBe(epoch);
  });
});
