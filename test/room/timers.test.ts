// The named timers that share one alarm, by themselves: with storage in memory, and an alarm that only records its
// calls.

import { describe, expect, test } from "vitest";
import { Timers, type TimerName } from "../../src/room/timers.ts";
import type { Member } from "../../src/model/members.ts";
import type { RoomRecord } from "../../src/model/record.ts";
import { MemoryRoomStorage } from "../../src/storage/memory.ts";

class FakeAlarm {
  at: number | null = null;
  /** Every call, because each costs a row. */
  readonly calls: (number | "clear")[] = [];

  set(at: number): void {
    this.at = at;
    this.calls.push(at);
  }

  clear(): void {
    this.at = null;
    this.calls.push("clear");
  }
}

function create() {
  const storage = new MemoryRoomStorage<RoomRecord, Member>();
  const alarm = new FakeAlarm();
  /** The timers of an object that has just woken. */
  const wake = () => {
    const timers = new Timers({ storage, alarm, alarmAt: alarm.at, random: () => 0, log() {} });
    timers.restore();
    return timers;
  };
  /** Ring the alarm at a time. Returns the timers that it fires. */
  const ring = async (timers: Timers, now: number, fire?: (name: TimerName) => Promise<void>) => {
    const fired: TimerName[] = [];
    alarm.at = null; // a ringing alarm is no longer set
    await timers.ring(now, async (name) => {
      fired.push(name);
      await fire?.(name);
    });
    return fired;
  };
  return { storage, alarm, timers: wake(), wake, ring };
}

describe("setting timers", () => {
  test("[T3] each timer is a row, and the alarm is set only for an earlier time", () => {
    const { storage, alarm, timers } = create();
    timers.set("idle", 100);
    timers.set("lease", 200);
    timers.set("save", 50);
    timers.set("directory", 60);
    timers.set("idle", 300);
    expect(alarm.calls).toEqual([100, 50]);
    expect(storage.readTimers()).toEqual([
      { name: "idle", at: 300, attempts: 0 },
      { name: "lease", at: 200, attempts: 0 },
      { name: "save", at: 50, attempts: 0 },
      { name: "directory", at: 60, attempts: 0 },
    ]);
  });

  test("[T3] setting a timer to its current value writes nothing", () => {
    const { storage, alarm, timers } = create();
    timers.set("save", 100, 3);
    storage.removeTimer("save"); // it would be back if it were written again
    timers.set("save", 100, 3);
    timers.setAtLatest("save", 100);
    timers.setAtLatest("save", 101);
    expect(storage.readTimers()).toEqual([]);
    expect(alarm.calls).toEqual([100]);
  });

  test("[T3] a timer is due from its time on, until it is moved or cleared", () => {
    const { timers } = create();
    expect(timers.isDue("idle", 100)).toBe(false);
    timers.set("idle", 100);
    expect([99, 100, 101].map((now) => timers.isDue("idle", now))).toEqual([false, true, true]);
    timers.set("idle", 101);
    expect(timers.isDue("idle", 100)).toBe(false);
    timers.clear("idle");
    expect(timers.isDue("idle", 101)).toBe(false);
  });

  test("[T3, R6] timers that another instance has taken over write nothing and set no alarm", async () => {
    const { storage, alarm, timers, wake, ring } = create();
    timers.set("save", 100);
    const successor = wake();
    timers.retire();
    timers.clear("save");
    timers.set("idle", 50);
    await ring(timers, 100);
    expect(storage.readTimers()).toEqual([{ name: "save", at: 100, attempts: 0 }]);
    expect(alarm.calls).toEqual([100]);
    expect(await ring(successor, 100)).toEqual(["save"]);
  });

  test("[T3] setAtLatest() only moves a timer forward", () => {
    const { alarm, timers } = create();
    timers.setAtLatest("idle", 100);
    timers.setAtLatest("idle", 200);
    expect(timers.get("idle")?.at).toBe(100);
    timers.setAtLatest("idle", 50);
    expect(timers.get("idle")?.at).toBe(50);
    expect(alarm.calls).toEqual([100, 50]);
  });

  test("[T3] clearing a timer leaves the alarm, which may ring too early", async () => {
    const { storage, alarm, timers, ring } = create();
    timers.set("lease", 100);
    timers.set("idle", 200);
    timers.clear("lease");
    expect(storage.readTimers()).toMatchObject([{ name: "idle" }]);
    expect(await ring(timers, 100)).toEqual([]);
    expect(alarm.calls).toEqual([100, 200]);
  });

  test("[T3, R7] clearing all timers clears the alarm once", () => {
    const { storage, alarm, timers } = create();
    timers.set("lease", 100);
    timers.set("idle", 200);
    timers.clearAll();
    timers.clearAll();
    expect(storage.readTimers()).toEqual([]);
    expect(alarm.calls).toEqual([100, "clear"]);
  });

  test("[T3, D3] clearing the timer for which the alarm is set can set it for the next one", () => {
    const { alarm, timers } = create();
    timers.set("directory", 100);
    timers.set("idle", 200);
    timers.clearBeforeAlarm("directory");
    timers.clearBeforeAlarm("idle");
    expect(alarm.calls).toEqual([100, 200]);
  });

  test("[T3, D3] a timer whose work is in progress does not ring again before its time", async () => {
    const { storage, alarm, timers, ring } = create();
    timers.set("directory", 100);
    const fire = async (): Promise<void> => timers.postpone("directory", 160);
    expect(await ring(timers, 100, fire)).toEqual(["directory"]);
    expect(alarm.at).toBe(160);
    expect(storage.readTimers()).toMatchObject([{ name: "directory", at: 100 }]);
    expect(await ring(timers, 150)).toEqual([]);
    expect(await ring(timers, 160)).toEqual(["directory"]);
  });

  test("[T3, D3] a timer whose work failed rings at its next attempt only", async () => {
    const { alarm, timers, ring } = create();
    timers.set("directory", 100);
    const fire = async (): Promise<void> => timers.postpone("directory", 160);
    expect(await ring(timers, 100, fire)).toEqual(["directory"]);
    timers.set("directory", 900, 4);
    expect(alarm.at).toBe(900);
  });

  test("[T3, R6] a timer that waits for its next attempt keeps waiting in an object that wakes", () => {
    const { storage, timers } = create();
    timers.restoreAtLatest("lease", 100, 50);
    timers.restoreAtLatest("lease", 90, 50);
    timers.set("grace", 5000, 3);
    timers.restoreAtLatest("grace", 100, 1000);
    timers.set("idle", 900_000, 1); // by a clock that was ahead
    timers.restoreAtLatest("idle", 100, 1000);
    expect(storage.readTimers()).toEqual([
      { name: "lease", at: 90, attempts: 0 },
      { name: "grace", at: 5000, attempts: 3 },
      { name: "idle", at: 301_000, attempts: 1 },
    ]);
  });

  test("[T3, R9] a row with an unknown name is left alone and sets no alarm", () => {
    const { storage, alarm, wake } = create();
    storage.writeTimer({ name: "from another release", at: 1, attempts: 0 });
    wake().ensureAlarm(0);
    expect(alarm.calls).toEqual([]);
    expect(storage.readTimers()).toMatchObject([{ name: "from another release" }]);
  });

  test("[T3, R6] an object that wakes has the stored timers, and does not change its alarm", () => {
    const { alarm, timers, wake } = create();
    timers.set("save", 100, 2);
    const woken = wake();
    expect(woken.get("save")).toEqual({ name: "save", at: 100, attempts: 2 });
    woken.set("idle", 150);
    expect(alarm.calls).toEqual([100]);
    woken.set("idle", 50);
    expect(alarm.calls).toEqual([100, 50]);
  });

  test("[T3, R7] nothing is known once the storage was emptied, and a new timer sets the alarm", () => {
    const { alarm, timers } = create();
    timers.set("idle", 100);
    timers.forget();
    expect(timers.get("idle")).toBeUndefined();
    timers.set("idle", 200);
    expect(alarm.calls).toEqual([100, 200]);
  });
});

describe("failing work", () => {
  test("[T3] is retried at growing intervals, with the number of attempts in the row", () => {
    const { storage, alarm, timers } = create();
    timers.set("directory", 100);
    for (const [attempts, wait] of [1000, 2000, 4000].entries()) {
      timers.retryLater("directory", 100);
      expect(storage.readTimers()).toEqual([
        { name: "directory", at: 100 + wait, attempts: attempts + 1 },
      ]);
    }
    expect(alarm.at).toBe(100); // it rings too early, and is set again then
  });

  test("[T3] is retried by the alarm alone if not even its row can be written", () => {
    const { storage, alarm, timers } = create();
    timers.set("idle", 100);
    storage.writeTimer = () => {
      throw new Error("the disk is full");
    };
    timers.retryLater("idle", 100);
    expect(alarm.at).toBeGreaterThan(100);
    expect(storage.readTimers()).toEqual([{ name: "idle", at: 100, attempts: 0 }]);
  });
});

describe("an alarm that the platform has lost", () => {
  test("[T3] is set again once, and only if a timer needs it", () => {
    const { alarm, timers, wake } = create();
    timers.ensureAlarm(0);
    expect(alarm.calls).toEqual([]);
    timers.set("idle", 100);
    alarm.at = null;
    const woken = wake();
    woken.ensureAlarm(0);
    alarm.at = null;
    woken.ensureAlarm(0);
    expect(alarm.calls).toEqual([100, 100]);
  });
});

describe("the alarm", () => {
  test("[T3] fires only timers that are due, and is set for the next one", async () => {
    const { alarm, timers, ring } = create();
    timers.set("idle", 100);
    timers.set("lease", 101);
    timers.set("save", 99);
    const clear = async (name: TimerName) => timers.clear(name);
    expect(await ring(timers, 100, clear)).toEqual(["idle", "save"]);
    expect(alarm.at).toBe(101);
    expect(await ring(timers, 101, clear)).toEqual(["lease"]);
    expect(alarm.at).toBeNull();
  });

  test("[T3] can ring twice or too early", async () => {
    const { alarm, timers, ring } = create();
    timers.set("idle", 100);
    expect(await ring(timers, 99)).toEqual([]);
    expect(alarm.at).toBe(100);
    const clear = async (name: TimerName) => timers.clear(name);
    expect(await ring(timers, 100, clear)).toEqual(["idle"]);
    expect(await ring(timers, 100, clear)).toEqual([]);
    expect(alarm.at).toBeNull();
  });

  test("[T3] is set once, at the end, however often timers change while it is handled", async () => {
    const { alarm, timers, ring } = create();
    timers.set("save", 100);
    await ring(timers, 100, async () => {
      for (const at of [500, 400, 300, 200]) timers.set("save", at);
      timers.set("lease", 250);
    });
    expect(alarm.calls).toEqual([100, 200]);
  });

  test("[T3] fires a timer again that was still due when the object crashed", async () => {
    const { timers, wake, ring } = create();
    timers.set("idle", 100);
    timers.set("lease", 100);
    const died = new Error("the object dies here");
    const dying = ring(timers, 100, async (name) => {
      if (name === "lease") throw died;
      timers.clear(name);
    });
    await expect(dying).rejects.toBe(died);
    expect(await ring(wake(), 100)).toEqual(["lease"]);
  });
});
