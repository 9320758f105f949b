// Scheduled actions (rule B5). They are stored with the commit or not at all, run at least once at or after their time,
// and their changes are applied once. Tests move the clock and ring the alarm.

import { describe, expect, test } from "vitest";
import { action, type ActionContext, type JsonObject, type RoomBehaviour } from "collab-room";
import * as z from "zod";
import { workerCaller } from "../../../src/protocol/caller.ts";
import type { Member } from "../../../src/model/members.ts";
import type { RoomRecord } from "../../../src/model/record.ts";
import { callAction } from "../../../src/room/operations/call-action.ts";
import { getRoomInfo } from "../../../src/room/operations/get-room-info.ts";
import { getState } from "../../../src/room/operations/get-state.ts";
import { joinRoom } from "../../../src/room/operations/join-room.ts";
import { leaveRoom } from "../../../src/room/operations/leave-room.ts";
import { startRoom } from "../../../src/room/operations/start-room.ts";
import { stopRoom } from "../../../src/room/operations/stop-room.ts";
import { MemoryRoomStorage } from "../../../src/storage/memory.ts";
import { RoomByHand } from "../../support/room-by-hand.ts";

type Play = (room: ActionContext, state: JsonObject) => unknown;

/** A storage whose changes can be made to fail. */
class FailingStorage extends MemoryRoomStorage<RoomRecord, Member> {
  isFull = false;

  override appendChange(
    change: Parameters<MemoryRoomStorage<RoomRecord, Member>["appendChange"]>[0],
  ) {
    if (this.isFull) throw new Error("the disk is full");
    super.appendChange(change);
  }
}

const later = 60_000;

/** A room with the actions `add`, which counts, `fail`, `refuse`, and `play`, which does what the test says. */
async function open(settings: RoomBehaviour = {}) {
  const script: { play: Play; fails: boolean } = { play: () => {}, fails: true };
  /** Each run of `add` and `fail`: who called it, and when. */
  const runs: string[] = [];
  const behaviour: RoomBehaviour = {
    ...settings,
    actions: {
      add: action(z.object({ by: z.number() }), (room, state, { by }) => {
        runs.push(`${room.caller.door} ${room.now}`);
        return { state: { ...state, n: Number(state["n"] ?? 0) + by } };
      }),
      fail: action(z.unknown(), (room, state) => {
        runs.push(`${room.caller.door} ${room.now}`);
        if (script.fails) throw new Error("secret");
        return { state: { ...state, mended: true } };
      }),
      refuse: action(z.unknown(), () => ({ error: "not_today" })),
      later: action(
        z.unknown().refine(async () => true),
        () => {},
      ),
      play: action(z.unknown(), (room, state) => script.play(room, state) as undefined),
    },
  };
  const storage = new FailingStorage();
  let hand = new RoomByHand({ storage, behaviour });
  await hand.call(startRoom, {});
  const call = async (name: string): Promise<unknown> => {
    const { result } = await hand.call(callAction, { name, payload: { json: {} } }, workerCaller);
    return JSON.parse(result) as unknown;
  };
  return {
    runs,
    script,
    storage,
    get hand() {
      return hand;
    },
    call,
    /** Run the action `play` with this implementation. */
    play(play: Play): Promise<unknown> {
      script.play = play;
      return call("play");
    },
    /** Ring the alarm whenever it is due, until this much time has passed. */
    async pass(ms: number): Promise<void> {
      const end = hand.now + ms;
      for (let rings = 0; hand.alarmAt !== null && hand.alarmAt <= end; rings++) {
        expect(rings).toBeLessThan(100);
        await hand.pass(Math.max(0, hand.alarmAt - hand.now));
        hand.alarmAt = null;
        await Promise.all([hand.room.ring(), hand.pass(20)]);
      }
      await hand.pass(Math.max(0, end - hand.now));
    },
    /** Crash the process, and open its storage in another one. @param wall the difference of that one's clock */
    kill(wall = 0): void {
      const { now } = hand;
      hand = new RoomByHand({ storage, behaviour });
      hand.now = now + wall;
      hand.alarmAt = hand.now;
    },
    state: async (): Promise<unknown> => {
      const { text } = await hand.call(getState, {});
      return JSON.parse(text ?? "") as unknown;
    },
  };
}

const failed = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => "succeeded",
    (error: { code?: string }) => error.code,
  );

describe("a scheduled action", () => {
  test("[B5, B1] runs once, at its time, as the room", async () => {
    const room = await open();
    const at = room.hand.now + later;
    await room.play((now) => void now.schedule("add", { by: 2 }, at));
    await room.pass(later - 1);
    expect(room.runs).toEqual([]);
    await room.pass(1000);
    expect(room.runs).toEqual([`room ${at}`]);
    expect(await room.state()).toEqual({ n: 2 });
    await room.pass(10 * later);
    expect(room.runs).toHaveLength(1);
    expect(room.storage.readSchedules()).toEqual([]);
  });

  test("[B5] takes a Date, and runs at once if its time has passed", async () => {
    const room = await open();
    await room.play((now) => {
      now.schedule("add", { by: 1 }, new Date(now.now + later));
      now.schedule("add", { by: 10 }, 0);
    });
    await room.pass(1);
    expect(await room.state()).toEqual({ n: 10 });
    await room.pass(later);
    expect(await room.state()).toEqual({ n: 11 });
  });

  test("[B5] can schedule the next one", async () => {
    const room = await open();
    const tick: Play = (now, state) => {
      if (Number(state["n"] ?? 0) < 3) now.schedule("play", {}, now.now + 1000);
      return { state: { ...state, n: Number(state["n"] ?? 0) + 1 } };
    };
    await room.play(tick);
    await room.pass(later);
    expect(await room.state()).toEqual({ n: 4 });
  });

  test("[B5] survives a crash before and after its time", async () => {
    const room = await open();
    await room.play((now) => void now.schedule("add", { by: 1 }, now.now + later));
    room.kill();
    await room.pass(later - 1000);
    expect(room.runs).toEqual([]);
    room.kill(2 * later);
    await room.pass(1);
    expect(await room.state()).toEqual({ n: 1 });
    room.kill();
    await room.pass(later);
    expect([room.runs.length, await room.state()]).toEqual([1, { n: 1 }]);
  });

  test("[B5] runs again if the process crashes while it runs, and changes the state once", async () => {
    const room = await open();
    await room.play((now) => void now.schedule("play", {}, now.now + later));
    let started = 0;
    room.script.play = () => {
      started++;
      return new Promise(() => {}); // the process crashes first
    };
    await room.hand.pass(later);
    void room.hand.room.ring();
    await room.hand.isAwake();
    room.kill();
    room.script.play = (_now, state) => {
      started++;
      return { state: { ...state, done: Number(state["done"] ?? 0) + 1 } };
    };
    await room.pass(later);
    expect([started, await room.state()]).toEqual([2, { done: 1 }]);
  });

  test("[B5, T5] is not delayed if the clock was ahead", async () => {
    const room = await open();
    await room.play((now) => void now.schedule("add", { by: 1 }, now.now + later));
    room.kill(-100 * later);
    await room.pass(later - 1);
    expect(room.runs).toEqual([]);
    await room.pass(1000);
    expect(await room.state()).toEqual({ n: 1 });
  });

  test("[B5, R1] lets clients have their turns between two runs", async () => {
    const room = await open();
    await room.play((now) => {
      for (let n = 0; n < 3; n++) now.schedule("add", { by: 1 }, 0);
    });
    room.hand.alarmAt = null;
    await Promise.all([room.hand.room.ring(), room.hand.pass(20)]);
    expect(room.runs).toHaveLength(1);
    expect(room.hand.alarmAt).not.toBeNull();
  });
});

describe("an action scheduled by another one", () => {
  test.each<[string, Play]>([
    [
      "throws",
      () => {
        throw new Error("secret");
      },
    ],
    ["refuses", () => ({ error: "no" })],
    ["returns an invalid state", () => ({ state: 42 })],
  ])("[B5] is not stored when the action %s", async (_, end) => {
    const room = await open();
    const play: Play = (now, state) => {
      now.schedule("add", { by: 1 }, 0);
      return end(now, state);
    };
    expect(await failed(room.play(play))).not.toBe("succeeded");
    await room.pass(later);
    expect([room.runs, room.storage.readSchedules()]).toEqual([[], []]);
    expect(await room.play((now) => ({ result: [...now.schedules] }))).toEqual([]);
  });

  test("[B5, S4] is not stored when the commit fails, and a cancelled one stays", async () => {
    const room = await open();
    const kept = await room.play((now) => ({
      result: now.schedule("add", { by: 1 }, now.now + later),
    }));
    room.storage.isFull = true;
    const lost = failed(
      room.play((now, state) => {
        now.cancel(String(kept));
        now.schedule("add", { by: 10 }, now.now + later);
        return { state: { ...state, lost: true } };
      }),
    );
    await room.hand.pass(100);
    expect(await lost).toBe("commit_failed");
    room.storage.isFull = false;
    await room.pass(2 * later);
    expect(await room.state()).toEqual({ n: 1 });
  });

  test("[B5, S4] runs again later when its change cannot be committed", async () => {
    const room = await open();
    await room.play((now) => void now.schedule("add", { by: 1 }, now.now + later));
    room.storage.isFull = true;
    await room.pass(later + 100);
    expect(room.runs).toHaveLength(1);
    room.storage.isFull = false;
    await room.pass(later);
    expect([room.runs.length, await room.state()]).toEqual([2, { n: 1 }]);
  });

  test("[B5] is visible to the action itself and to later ones, in order of time", async () => {
    const room = await open();
    const play: Play = (now) => {
      now.schedule("refuse", {}, 2e9);
      now.schedule("add", { by: 1 }, 1e9);
      return { result: now.schedules.map(({ name, at }) => [name, at]) };
    };
    const both = [
      ["add", 1e9],
      ["refuse", 2e9],
    ];
    expect(await room.play(play)).toEqual(both);
    room.kill();
    const list: Play = (now) => {
      expect([Object.isFrozen(now.schedules), Object.isFrozen(now.schedules[0])]).toEqual([
        true,
        true,
      ]);
      return { result: now.schedules.map(({ name, at }) => [name, at]) };
    };
    expect(await room.play(list)).toEqual(both);
  });

  test("[B5] never runs once it has been cancelled", async () => {
    const room = await open();
    const id = await room.play((now) => ({
      result: now.schedule("add", { by: 1 }, now.now + later),
    }));
    const cancel: Play = (now) => ({ result: [now.cancel(String(id)), now.cancel(String(id))] });
    expect(await room.play(cancel)).toEqual([true, false]);
    expect(await room.play(cancel)).toEqual([false, false]);
    room.kill();
    await room.pass(2 * later);
    expect([room.runs, room.storage.readSchedules()]).toEqual([[], []]);
  });

  test("[B5] can be cancelled by the same action, and then nothing is written", async () => {
    const room = await open();
    await room.play((now) => void now.cancel(now.schedule("add", { by: 1 }, 0)));
    await room.pass(later);
    expect([room.runs, room.storage.readSchedules()]).toEqual([[], []]);
  });

  const wrong: [string, (room: ActionContext) => unknown, RegExp][] = [
    ["an unknown action", (now) => now.schedule("nope", {}, 0), /no action "nope".* add, fail/],
    ["an inherited name", (now) => now.schedule("toString", {}, 0), /no action/],
    [
      "an input that does not match",
      (now) => now.schedule("add", { by: "1" }, 0),
      /does not match the schema of add/,
    ],
    ["an asynchronous schema", (now) => now.schedule("later", {}, 0), /synchronous/],
    ["no time", (now) => now.schedule("add", { by: 1 }, Number.NaN), /Date or epoch ms/],
    ["an invalid Date", (now) => now.schedule("add", { by: 1 }, new Date("?")), /Date or epoch ms/],
    [
      "a large input",
      (now) => now.schedule("fail", "x".repeat(16_383), 0),
      /16385 bytes; the limit is 16384/,
    ],
  ];
  test.each(wrong)(
    "[B5] is refused for %s, and its author learns what is wrong",
    async (_, run, text) => {
      const room = await open();
      expect(await failed(room.play(run))).toBe("action_failed");
      let told = "";
      await room.play((now) => {
        try {
          run(now);
        } catch (error) {
          told = String(error);
        }
      });
      expect(told).toMatch(text);
      expect(room.storage.readSchedules()).toEqual([]);
    },
  );

  test("[B5] counts towards a limit of 1,000 pending ones per room", async () => {
    const room = await open();
    const add = (count: number): Play => {
      return (now) => {
        for (let n = 0; n < count; n++) now.schedule("add", { by: 1 }, 1e12);
      };
    };
    await room.play(add(999));
    expect(await failed(room.play(add(2)))).toBe("action_failed");
    await room.play(add(1));
    expect(await failed(room.play(add(1)))).toBe("action_failed");
    expect(room.storage.readSchedules()).toHaveLength(1000);
  });

  test("[B5] keeps a copy of its input", async () => {
    const room = await open();
    await room.play((now) => {
      const input = { by: 1 };
      now.schedule("add", input, 0);
      input.by = 100;
    });
    await room.pass(later);
    expect(await room.state()).toEqual({ n: 1 });
  });

  test("[B5] can be scheduled and cancelled only while the action runs", async () => {
    const room = await open();
    let kept: ActionContext | undefined;
    await room.play((now) => void (kept = now));
    expect(() => kept?.schedule("add", { by: 1 }, 0)).toThrow(/after the action had ended/);
    expect(() => kept?.cancel("x")).toThrow(/after the action had ended/);
    await room.pass(later);
    expect(room.runs).toEqual([]);
  });
});

describe("a scheduled action that fails", () => {
  test("[B5] is retried with backoff", async () => {
    const room = await open();
    const at = room.hand.now + later;
    await room.play((now) => void now.schedule("fail", {}, at));
    await room.pass(later + 2500);
    expect(room.runs).toEqual([`room ${at}`, expect.stringMatching(/^room /)]);
    room.kill(); // previous attempts still count
    expect(room.storage.readSchedules()).toMatchObject([{ attempts: 2, at }]);
    room.script.fails = false;
    await room.pass(later);
    expect([room.runs.length, await room.state()]).toEqual([3, { mended: true }]);
    expect(room.storage.readSchedules()).toEqual([]);
  });

  test("[B5] is dropped after ten attempts, which is logged", async () => {
    const room = await open();
    await room.play((now) => void now.schedule("fail", {}, now.now + later));
    await room.pass(60 * later);
    expect(room.runs).toHaveLength(10);
    expect(room.hand.logged).toContain("schedule_dropped");
    expect(room.storage.readSchedules()).toEqual([]);
  });

  test("[B5] is dropped at once if it refuses", async () => {
    const room = await open();
    await room.play((now) => void now.schedule("refuse", {}, now.now + later));
    await room.pass(later + 100);
    expect(room.hand.logged).toContain("schedule_refused");
    expect(room.storage.readSchedules()).toEqual([]);
  });

  test("[B5] does not delay others", async () => {
    const room = await open();
    await room.play((now) => {
      now.schedule("fail", {}, now.now + 1000);
      now.schedule("add", { by: 1 }, now.now + 1001);
    });
    await room.pass(1500);
    expect(await room.state()).toEqual({ n: 1 });
  });
});

describe("a room with a scheduled action", () => {
  const isRunning = async (room: Awaited<ReturnType<typeof open>>): Promise<boolean> =>
    (await failed(room.hand.call(getRoomInfo, undefined))) === "succeeded";

  test("[B5, T2] does not stop by itself before the action has run, but does so afterwards", async () => {
    const room = await open({ idleTimeout: 1000 });
    await room.play((now) => void now.schedule("add", { by: 1 }, now.now + later));
    await room.pass(later - 1);
    expect([room.hand.logged, await isRunning(room)]).toEqual([["room_started"], true]);
    await room.pass(1 + 500);
    expect([room.runs.length, await isRunning(room)]).toEqual([1, true]);
    await room.pass(2000);
    expect(await isRunning(room)).toBe(false);
  });

  test("[B5, T2] stops once the action has been cancelled", async () => {
    const room = await open({ idleTimeout: 1000 });
    await room.play((now) => void now.schedule("add", { by: 1 }, now.now + later));
    await room.pass(5000);
    await room.play((now) => void now.schedules.map(({ id }) => now.cancel(id)));
    await room.pass(2000);
    expect(await isRunning(room)).toBe(false);
  });

  test("[B5, T2] keeps running when its last user leaves", async () => {
    const room = await open({ idleTimeout: 1000 });
    await room.hand.call(joinRoom, { user: { json: { id: "ada" } } });
    await room.play((now) => void now.schedule("add", { by: 1 }, now.now + later));
    await room.hand.call(leaveRoom, { userId: "ada" });
    await room.pass(later - 100);
    expect(await isRunning(room)).toBe(true);
  });

  test("[B5, R7] drops the action when it is stopped", async () => {
    const room = await open();
    await room.play((now) => void now.schedule("add", { by: 1 }, now.now + later));
    await room.hand.call(stopRoom, { purge: false });
    expect(room.storage.readSchedules()).toEqual([]);
    await room.hand.call(startRoom, {});
    await room.pass(2 * later);
    expect(room.runs).toEqual([]);
  });
});

describe("an attempt of a scheduled action", () => {
  /** A room with this action `work`, which `plan` schedules a minute ahead. */
  async function planned(work: Parameters<typeof action>[1], settings: RoomBehaviour = {}) {
    const hand = new RoomByHand({
      behaviour: {
        ...settings,
        actions: {
          plan: action(
            z.unknown(),
            (room) => void room.schedule("work", { queue: ["a", "b"] }, room.now + later),
          ),
          work: action(z.custom<{ queue: string[] }>(), work),
        },
      },
    });
    await hand.call(startRoom, {});
    const call = (name: string): Promise<unknown> =>
      hand.call(callAction, { name, payload: { json: {} } }, workerCaller);
    await Promise.all([call("plan"), hand.pass(100)]);
    /** Ring the alarm whenever it is due during this time. */
    const pass = async (ms: number, beforeEach = async (): Promise<void> => {}): Promise<void> => {
      const end = hand.now + ms;
      while (hand.alarmAt !== null && hand.alarmAt <= end) {
        await hand.pass(Math.max(0, hand.alarmAt - hand.now));
        hand.alarmAt = null;
        await beforeEach();
        await Promise.all([hand.room.ring(), hand.pass(20)]);
      }
    };
    return { hand, call, pass };
  }

  test("[B5] gets the original input, whatever an earlier attempt has done to it", async () => {
    const inputs: string[] = [];
    const { hand, pass } = await planned((_room, _state, input) => {
      const { queue } = input as { queue: string[] };
      inputs.push(queue.join());
      queue.shift();
      if (inputs.length < 3) throw new Error("the service is down");
    });
    await pass(10 * later);
    expect(inputs).toEqual(["a,b", "a,b", "a,b"]);
    expect(hand.storage.readSchedules()).toEqual([]);
  });

  test("[B5, B6] is not counted while the circuit breaker is open, because the action is not run", async () => {
    let isHanging = true;
    let runs = 0;
    const { hand, call, pass } = await planned(
      () => {
        if (isHanging) return new Promise<never>(() => {});
        runs++;
      },
      { callTimeout: 20 },
    );
    // Somebody keeps calling it while it hangs, so the breaker stays open.
    const keepCutOff = async (): Promise<void> => {
      await Promise.all([call("work").catch(() => {}), hand.pass(20)]);
    };
    await keepCutOff();
    await keepCutOff();
    await pass(15 * later, keepCutOff);
    expect(hand.storage.readSchedules()).toHaveLength(1);
    isHanging = false;
    await pass(60 * later);
    expect(runs).toBe(1);
    expect(hand.storage.readSchedules()).toEqual([]);
  });
});
