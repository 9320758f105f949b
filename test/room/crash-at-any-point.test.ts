// The object crashes at any use of its storage, its alarm or the directory while its room starts or stops. After that
// only its alarm wakes it, and the directory must still become correct.

import { describe, expect, test } from "vitest";
import { callsOf, gate, hang, setScript } from "../fixtures/scripts.ts";
import { passUntil, useFakeDate } from "../support/fake-date.ts";
import { platform } from "../support/core/platform.ts";
import { crash, hookCalled, isListed, newId, ring, rooms } from "../support/core/rooms.ts";
import { connect } from "../support/core/socket-client.ts";

useFakeDate();

/**
 * What the storage says about a room, read without waking it: its status, and whether the directory needs an update.
 */
function atRest(id: string) {
  const { sql, alarmAt } = platform.object(id).atRest;
  const has = (table: string): boolean =>
    sql.exec("SELECT 1 FROM sqlite_master WHERE name = ?", table).toArray().length > 0;
  if (!has("room")) return { status: "absent", isStale: false, alarmAt };
  const [record] = sql.exec("SELECT data ->> 'status' AS status FROM room").toArray();
  const stale = sql.exec("SELECT 1 FROM timers WHERE name = 'directory'").toArray();
  return { status: String(record?.["status"] ?? "absent"), isStale: stale.length > 0, alarmAt };
}

/** Whether the directory needs no update, or an alarm is set for it. */
const isSettled = (id: string): boolean => {
  const { isStale, alarmAt } = atRest(id);
  return !isStale || alarmAt !== null;
};

/** Ring the alarm until the directory is up to date. Nothing else wakes the object. */
async function ringUntilTold(id: string): Promise<void> {
  for (let rings = 0; rings < 10; rings++) {
    // While an alarm is ringing by itself, none is set.
    await expect.poll(() => isSettled(id)).toBe(true);
    const { isStale, alarmAt } = atRest(id);
    if (!isStale) return;
    passUntil(Math.max(Date.now(), alarmAt ?? 0));
    await ring(id);
  }
  expect.unreachable("the alarm rings on and on");
}

type Case = {
  readonly what: string;
  /** Prepare what exists before. */
  prepare?(id: string): Promise<unknown>;
  operate(id: string): Promise<unknown>;
};

const start = (id: string, behaviour = "scripted") => rooms.joinOrCreateRoom(id, { behaviour });

const startWithUsers = async (id: string, behaviour?: string): Promise<void> => {
  const room = await start(id, behaviour);
  for (const userId of ["ada", "bob"]) await room.join({ id: userId });
  await room.updateState(() => ({ n: 1 }));
};

const startAndStop = async (id: string): Promise<void> => {
  await startWithUsers(id);
  await rooms.room(id).stop();
};

const cases: Case[] = [
  { what: "a start", operate: (id) => start(id) },
  { what: "a start that loads a state", operate: (id) => start(id, "loaded") },
  { what: "a start after a stop", prepare: startAndStop, operate: (id) => start(id) },
  { what: "a join that starts it", operate: (id) => rooms.room(id).join({ id: "ada" }) },
  { what: "a socket that starts it", operate: (id) => connect(id, { id: "ada" }) },
  {
    what: "a stop that keeps the state",
    prepare: startWithUsers,
    operate: (id) => rooms.room(id).stop(),
  },
  {
    what: "a stop that drops the state",
    prepare: (id) => startWithUsers(id, "dropped"),
    operate: (id) => rooms.room(id).stop(),
  },
  {
    what: "a stop that purges",
    prepare: startWithUsers,
    operate: (id) => rooms.room(id).stop({ purge: true }),
  },
  {
    what: "a stop that saves",
    prepare: (id) => startWithUsers(id, "debounced"),
    operate: (id) => rooms.room(id).stop(),
  },
  {
    what: "a stop for idleness",
    prepare: (id) => start(id, "brief"),
    async operate(id) {
      passUntil(Date.now() + 60_000);
      await ring(id);
    },
  },
  {
    what: "a purge of what was kept",
    prepare: startAndStop,
    operate: (id) => rooms.room(id).stop({ purge: true }),
  },
];

describe("a crash at any point", () => {
  test.for(cases)(
    "[D1, D3, R6] of $what leaves a room that is listed if and only if it runs, once its alarm has rung",
    async ({ prepare, operate }) => {
      const seen = new Set<string>();
      let uses = 0;
      for (let isThrough = false; !isThrough; uses++) {
        const id = newId();
        await prepare?.(id);
        await platform.object(id).dieAfter(uses);
        await operate(id).catch(() => {});
        isThrough = !platform.object(id).isDead;
        if (isThrough) await platform.object(id).dieAfter(Infinity);
        seen.add(atRest(id).status);
        await ringUntilTold(id);
        const { status } = atRest(id);
        expect([uses, status, await isListed(id)]).toEqual([uses, status, status === "running"]);
        // Whatever state it is in, it works.
        await start(id);
        await rooms.room(id).updateState(() => ({ n: 2 }));
        expect(await isListed(id)).toBe(true);
      }
      expect(uses).toBeGreaterThan(5);
      // Some crashes came before the write, and some after it.
      expect(seen.size).toBeGreaterThan(1);
    },
  );
});

describe("a call to the directory during which the object crashed", () => {
  /**
   * Start a room whose first call to the directory stays in transit until the test lets it through. The object
   * crashes.
   */
  async function startAndDie() {
    const id = newId();
    const [sent, { promise, resolve }] = [gate(), gate()];
    let calls = 0;
    setScript(id, {
      listing() {
        if (++calls > 1) return undefined;
        sent.resolve();
        return promise;
      },
    });
    const starting = start(id).catch(() => {});
    await sent.promise;
    await crash(id);
    await starting;
    return { id, letGo: resolve };
  }

  test("[D1, D3] has no effect if it arrives after the entry was removed", async () => {
    const { id, letGo } = await startAndDie();
    await rooms.room(id).stop({ purge: true });
    letGo();
    await rooms.roomCount(); // a round trip: the call has arrived
    expect(await isListed(id)).toBe(false);
  });

  test("[D1, D3] has no effect if it arrives after a newer entry", async () => {
    const { id, letGo } = await startAndDie();
    for (const userId of ["ada", "bob"]) await rooms.room(id).join({ id: userId });
    await ringUntilTold(id);
    letGo();
    await rooms.roomCount();
    const { rooms: listed } = await rooms.listRooms({ prefix: id });
    expect(listed).toMatchObject([{ id, users: 2 }]);
  });
});

describe("a crash while users leave", () => {
  test("[B6, U4, R7] does not undo their leaving, and calls onLeave for nobody twice", async () => {
    const id = newId();
    await startWithUsers(id);
    setScript(id, { onLeave: hang });
    const stopping = rooms
      .room(id)
      .stop()
      .catch(() => {});
    await hookCalled(id, "onLeave", 2);
    await crash(id);
    await stopping;
    await ringUntilTold(id);
    expect([atRest(id).status, await isListed(id)]).toEqual(["stopped", false]);
    expect(callsOf(id).filter(({ hook }) => hook === "onLeave")).toHaveLength(2);
  });
});
