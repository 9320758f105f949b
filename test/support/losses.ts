// What must hold however a room's object loses what is in memory: one suite for every way to lose it. It runs
// in Node for evictions (room/losses.test.ts), and in workerd for those and for real crashes
// (cloudflare/losses.test.ts).

import type { RoomHandle, RoomManager } from "collab-room";
import { describe, expect, test } from "vitest";
import { callsOf, setScript } from "../fixtures/scripts.ts";
import type { Clients } from "./clients.ts";
import { pass, passUntil } from "./fake-date.ts";
import { told, userIds } from "./membership.ts";
import { failureCode, newId, nothingStored, type Stored } from "./room-helpers.ts";
import { expectFailed } from "./session.ts";
import { set } from "./session-helpers.ts";

/** The platform that the rooms are on. */
export type Platform = {
  readonly rooms: RoomManager;
  readonly connect: Clients["connect"];
  ring(id: string): Promise<boolean>;
  stored(id: string): Promise<Stored>;
};

export type Loss = {
  readonly name: string;
  /** Whether sockets stay open. */
  readonly socketsStay: boolean;
  lose(id: string): Promise<void>;
};

/** ms of the default grace period. */
const grace = 10_000;
const minute = 60_000;

/** Define the tests of one way to lose what is in memory. Date must be fake. */
export function describeLoss(platform: Platform, { name, socketsStay, lose }: Loss): void {
  const { rooms, connect, ring, stored } = platform;

  const everything = async (room: RoomHandle) => [
    await room.info(),
    await room.getUsers(),
    await room.getState(),
    await stored(room.id),
  ];

  /** A user is there until this time, and leaves then, once. */
  async function leavesAt(room: RoomHandle, userId: string, time: number): Promise<void> {
    passUntil(time - 1);
    await ring(room.id);
    expect(await userIds(room)).toContain(userId);
    expect(told(room.id, "onLeave")).not.toContain(userId);
    passUntil(time);
    await ring(room.id);
    await ring(room.id);
    expect(await userIds(room)).not.toContain(userId);
    expect(told(room.id, "onLeave").filter((id) => id === userId)).toEqual([userId]);
  }

  describe(`${name}: a room`, () => {
    test("[R6, S4] has the same users, state, version, epoch and deadlines, and no hook is called", async () => {
      const room = await rooms.joinOrCreateRoom(newId(), { behaviour: "loaded" });
      setScript(room.id, { onJoin: (_, user) => ({ ok: { of: user.id } }) });
      for (const id of ["zoe", "ada"]) await room.join({ id, color: "red" });
      await room.join({ id: "bob" }, { ttl: 60_000 });
      for (let n = 1; n <= 3; n++)
        await room.updateState((state) => ({ ...state, [`key${n}`]: n }));
      const before = await everything(room);
      const calls = [...callsOf(room.id)];
      await lose(room.id);
      expect(await everything(room)).toEqual(before);
      expect(callsOf(room.id)).toEqual(calls);
    });

    test("[R6, T2] that was empty has the same deadline, to the millisecond", async () => {
      const room = await rooms.joinOrCreateRoom(newId(), { behaviour: "brief" });
      await room.join({ id: "ada" });
      pass(12_345);
      await room.leave("ada");
      const before = await everything(room);
      await lose(room.id);
      pass(54_321);
      expect(await everything(room)).toEqual(before);
    });

    test("[R6, R2] is the running room for who starts or joins it", async () => {
      const room = await rooms.joinOrCreateRoom(newId(), { behaviour: "loaded" });
      const before = await everything(room);
      await lose(room.id);
      await rooms.joinOrCreateRoom(room.id, { behaviour: "scripted", idleTimeout: 1 });
      expect(await everything(room)).toEqual(before);
      await lose(room.id);
      await room.join({ id: "ada" });
      expect(callsOf(room.id).map(({ hook }) => hook)).toEqual(["loadRoomState", "onJoin"]);
    });

    test("[R6, R1] goes on with the next version, journal and order", async () => {
      const room = await rooms.joinOrCreateRoom(newId());
      for (let n = 1; n <= 5; n++) {
        await lose(room.id);
        expect(await room.updateState(() => ({ n }))).toEqual({ version: n });
        await room.join({ id: `user-${n}` });
      }
      await lose(room.id);
      expect(await room.getState()).toEqual({ n: 5 });
      expect((await room.getUsers()).map(({ id }) => id)).toEqual(
        [1, 2, 3, 4, 5].map((n) => `user-${n}`),
      );
    });

    test("[R6, R4] that was stopped stays stopped, and one that never ran stays nothing", async () => {
      const stopped = await rooms.joinOrCreateRoom(newId());
      await stopped.stop();
      const never = rooms.room(newId());
      for (const room of [stopped, never]) {
        const before = await stored(room.id);
        await lose(room.id);
        expect(await room.alive()).toBe(false);
        expect(await failureCode(room.getState())).toBe("room_not_running");
        expect(await stored(room.id)).toEqual(before);
      }
    });

    test("[R6, S8] has a save that still fails, with its next try", async () => {
      const room = await rooms.joinOrCreateRoom(newId(), { behaviour: "saved" });
      setScript(room.id, { saveRoomState: () => ({ error: "down" }) });
      await room.updateState(() => ({ n: 1 }));
      await expect.poll(async () => (await room.info()).save.status).toBe("failing");
      const { timers } = (await stored(room.id)).tables;
      await lose(room.id);
      expect(await room.info()).toMatchObject({
        save: { status: "failing", error: "save_failed" },
      });
      expect((await stored(room.id)).tables).toMatchObject({ timers });
    });

    test("[U6, R6] keeps the deadline of who was away already exactly", async () => {
      const room = await rooms.joinOrCreateRoom(newId(), { behaviour: "scripted" });
      const bob = await connect(room.id, { id: "bob" });
      await (await connect(room.id, { id: "ada" })).close();
      const deadline = Date.now() + grace;
      await bob.close(1000);
      for (let times = 0; times < 3; times++) {
        pass(2000);
        await lose(room.id);
        expect(await room.getPresence()).toMatchObject({ ada: { status: "away" } });
      }
      await leavesAt(room, "ada", deadline);
      expect(told(room.id, "onJoin")).toEqual(["bob", "ada"]);
    });

    test("[P4, R6] keeps held presence, which ends in time", async () => {
      const room = await rooms.joinOrCreateRoom(newId(), { behaviour: "scripted" });
      await connect(room.id, { id: "bob" });
      await room.join({ id: "bot" });
      await room.holdPresence("bot", { name: "Bot" }, { ttl: minute });
      pass(minute - 1);
      await lose(room.id);
      const shown = { name: "Bot", color: "#6366F1", typing: false, status: "online" };
      expect(await room.getPresence()).toMatchObject({ bot: shown });
      pass(1);
      await ring(room.id);
      expect(await room.getPresence()).not.toHaveProperty("bot");
    });

    test("[R7, R6] remembers a stop that a failing save puts off, and that it was to purge", async () => {
      const room = await rooms.joinOrCreateRoom(newId(), { behaviour: "saved" });
      await room.join({ id: "ada" });
      setScript(room.id, { saveRoomState: () => ({ error: "down" }) });
      await room.updateState(() => ({ n: 2 }));
      expect(await failureCode(room.stop({ purge: true }))).toBe("save_failed");
      await lose(room.id);
      pass(1000);
      await ring(room.id);
      expect(await room.alive()).toBe(true);
      await lose(room.id);
      setScript(room.id, {});
      await expect
        .poll(async () => {
          pass(300_000); // the longest that a save waits
          await ring(room.id);
          return room.alive();
        })
        .toBe(false);
      expect(told(room.id, "onLeave")).toEqual(["ada"]);
      expect(await stored(room.id)).toEqual(nothingStored);
    });

    test("[A3, R6] keeps a change of scopes, beside a reconnect", async () => {
      const room = await rooms.joinOrCreateRoom(newId(), { behaviour: "swift" });
      const { id } = room;
      const ada = await connect(id, { id: "ada" });
      await room.setScopes("ada", ["room:read"]);
      await ada.next("scopes");
      await ada.close();
      const back = await connect(id, { id: "ada" });
      expect(back.welcome.scopes).toEqual(["room:read"]);
      expectFailed(await back.update(set("n", 1)), "forbidden");
      await lose(id);
      let again = back;
      if (!socketsStay) {
        await back.closed;
        again = await connect(id, { id: "ada" });
        expect(again.welcome.scopes).toEqual(["room:read"]);
      }
      expectFailed(await again.update(set("n", 1)), "forbidden");
      expect(told(id, "onJoin")).toEqual(["ada"]);
    });
  });

  if (!socketsStay)
    describe(`${name}, which takes the sockets`, () => {
      test("[U6, U8] begins the grace period of those who had them when the room wakes", async () => {
        const room = await rooms.joinOrCreateRoom(newId(), { behaviour: "scripted" });
        const tabs = [
          await connect(room.id, { id: "ada" }),
          await connect(room.id, { id: "ada" }),
          await connect(room.id, { id: "bob" }),
        ];
        await lose(room.id);
        for (const { closed } of tabs) expect(await closed).toMatchObject({ code: 1006 });
        pass(7000);
        expect(await room.getPresence()).toMatchObject({
          ada: { status: "away" },
          bob: { status: "away" },
        });
        expect(await room.info()).toMatchObject({ users: 2, sockets: 0 });
        const deadline = Date.now() + grace;
        pass(1000);
        await connect(room.id, { id: "bob" });
        await leavesAt(room, "ada", deadline);
        expect(await userIds(room)).toEqual(["bob"]);
        expect(told(room.id, "onJoin")).toEqual(["ada", "bob"]);
      });

      test("[U6, U8] lets those leave who had them as soon as the room wakes, where the grace period is 0", async () => {
        const room = await rooms.joinOrCreateRoom(newId(), { behaviour: "graceless" });
        await connect(room.id, { id: "ada" });
        await lose(room.id);
        await room.info();
        await ring(room.id);
        expect(await userIds(room)).toEqual([]);
        expect(told(room.id, "onLeave")).toEqual(["ada"]);
      });

      test("[U7, U8] begins the ttl of a user who had one anew, exactly", async () => {
        const room = await rooms.joinOrCreateRoom(newId(), { behaviour: "scripted" });
        await room.join({ id: "ada" }, { ttl: minute });
        await connect(room.id, { id: "ada" });
        pass(minute - 1);
        await ring(room.id);
        await lose(room.id);
        await room.info();
        await leavesAt(room, "ada", Date.now() + minute);
      });
    });
}
