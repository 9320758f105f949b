// An alarm that rings twice, or a day late, or whose object crashes halfway. The work of each timer is done, and work
// that may happen only once happens once. The timer `directory` is tested in ../crash-at-any-point.test.ts.

import { describe, expect, test } from "vitest";
import type { RoomHandle } from "collab-room";
import { callsOf, setScript } from "../../fixtures/scripts.ts";
import { pass, useFakeDate } from "../../support/fake-date.ts";
import { told, userIds } from "../../support/membership.ts";
import { platform } from "../../support/core/platform.ts";
import { newId, ring, rooms } from "../../support/core/rooms.ts";
import { connect } from "../../support/core/socket-client.ts";

useFakeDate();

const minute = 60_000;

type Case = {
  readonly timer: string;
  readonly behaviour: string;
  /** Set the timer. @returns the ms after which it is due */
  prepare(room: RoomHandle): Promise<number>;
  isDone(room: RoomHandle): Promise<boolean>;
  /** Check that the work was done only once. */
  once?(room: RoomHandle): Promise<void>;
};

const leftOnce = async ({ id }: RoomHandle): Promise<void> => {
  expect(told(id, "onLeave").length).toBeLessThanOrEqual(1);
};

const cases: Case[] = [
  {
    timer: "lease",
    behaviour: "scripted",
    async prepare(room) {
      await room.join({ id: "ada" }, { ttl: minute });
      return minute;
    },
    isDone: async (room) => (await userIds(room)).length === 0,
    once: leftOnce,
  },
  {
    timer: "grace",
    behaviour: "scripted",
    async prepare(room) {
      await (await connect(room.id, { id: "ada" })).close();
      return 10_000;
    },
    isDone: async (room) => (await userIds(room)).length === 0,
    once: leftOnce,
  },
  {
    timer: "presence",
    behaviour: "scripted",
    async prepare(room) {
      await room.join({ id: "ada" });
      await room.holdPresence("ada", { mood: "calm" }, { ttl: minute });
      return minute;
    },
    isDone: async (room) => Object.keys(await room.getPresence()).length === 0,
  },
  {
    timer: "schedule",
    behaviour: "scripted",
    async prepare(room) {
      await room.updateState(() => ({ runs: 0 }));
      setScript(room.id, {
        play: ({ schedule, now, caller }, state) => {
          if (caller.door === "room") return { state: { runs: Number(state["runs"]) + 1 } };
          schedule("play", {}, now + minute);
          return {};
        },
      });
      await room.act("play");
      return minute;
    },
    isDone: async (room) => (await room.getState())["runs"] !== 0,
    async once(room) {
      expect(await room.getState()).toEqual({ runs: 1 });
    },
  },
  {
    timer: "save",
    behaviour: "debounced",
    async prepare(room) {
      await room.join({ id: "ada" });
      await room.updateState(() => ({ n: 1 }));
      return 2000;
    },
    isDone: async (room) => (await room.info()).save.status === "saved",
    async once({ id }) {
      const saves = callsOf(id).filter(({ hook }) => hook === "saveRoomState");
      expect(saves.at(-1)?.state).toEqual({ n: 1 });
    },
  },
  {
    timer: "idle",
    behaviour: "brief",
    prepare: async () => minute,
    isDone: async (room) => !(await room.alive()),
  },
];

async function start({ behaviour, prepare }: Case) {
  const room = await rooms.joinOrCreateRoom(newId(), { behaviour });
  const due = await prepare(room);
  return { room, due };
}

/** Ring the alarm, whether or not it is set. */
async function ringAgain(id: string): Promise<void> {
  await platform.object(id).look(({ alarm }) => alarm.set(Date.now()));
  await ring(id);
}

/** Ring whenever the alarm is due, until the work is done. */
async function ringUntilDone(room: RoomHandle, isDone: Case["isDone"]): Promise<void> {
  for (let rings = 0; !(await isDone(room)); rings++) {
    expect(rings).toBeLessThan(10);
    const { alarmAt } = platform.object(room.id).atRest;
    pass(Math.max(0, (alarmAt ?? 0) - Date.now()));
    await ring(room.id);
  }
}

describe.for(cases)("the timer $timer", (each) => {
  test("[T3] does its work once if the alarm rings twice or again later", async () => {
    const { room, due } = await start(each);
    pass(due);
    await Promise.all([ringAgain(room.id), ringAgain(room.id)]);
    await ringUntilDone(room, each.isDone);
    for (let times = 0; times < 3; times++) await ringAgain(room.id);
    expect(await each.isDone(room)).toBe(true);
    await each.once?.(room);
  });

  test("[T3, T5] does its work if the alarm rings a day late", async () => {
    const { room, due } = await start(each);
    pass(due + 24 * 60 * minute);
    await ring(room.id);
    await ringUntilDone(room, each.isDone);
    await each.once?.(room);
  });

  test("[T3, R6, S4] does its work once if the object crashes at any point", async () => {
    let uses = 0;
    for (let isThrough = false; !isThrough; uses++) {
      const { room, due } = await start(each);
      const object = platform.object(room.id);
      pass(due);
      await object.dieAfter(uses);
      await ringAgain(room.id).catch(() => {});
      isThrough = !object.isDead;
      if (isThrough) await object.dieAfter(Infinity);
      await ringUntilDone(room, each.isDone);
      await each.once?.(room);
    }
    expect(uses).toBeGreaterThan(2);
  });
});
