// The state saver by itself: when it saves, what it stores in the timer's row, and what it does when a save fails, is
// slow or is outdated.

import { describe, expect, test } from "vitest";
import type { SaveFailure } from "../../src/room/hooks/hook-runner.ts";
import { StateSaver } from "../../src/room/state-saver.ts";
import { Timers } from "../../src/room/timers.ts";
import type { Member } from "../../src/model/members.ts";
import type { RoomRecord } from "../../src/model/record.ts";
import { MemoryRoomStorage } from "../../src/storage/memory.ts";

type Outcome = SaveFailure | null;

/** A room that changes on request, and a store that answers on request. */
class Desk {
  now = 1_000_000;
  version = 0;
  isStaged = false;
  /** The number of members of the widest object in its state. */
  width = 0;
  /** The versions that were saved so far. */
  readonly saves: number[] = [];
  readonly #storage = new MemoryRoomStorage<RoomRecord, Member>();
  readonly #timing: { readonly debounce: number; readonly maxWait: number };
  #answer: ((outcome: Outcome) => void) | null = null;
  #underWay: Promise<unknown> = Promise.resolve();
  timers: Timers;
  saver: StateSaver;

  constructor(timing = { debounce: 0, maxWait: 0 }, saves = true) {
    this.#timing = timing;
    [this.timers, this.saver] = this.wake(saves);
  }

  /** The timers and the saver of an object that has just woken. */
  wake(saves = true): [Timers, StateSaver] {
    const { saves: versions } = this;
    this.timers = new Timers({
      storage: this.#storage,
      alarm: { set() {}, clear() {} },
      alarmAt: null,
      random: () => 0,
      log() {},
    });
    this.timers.restore();
    this.saver = new StateSaver({
      behaviour: { save: this.#timing, callTimeout: 500 },
      ports: {
        now: () => this.now,
        random: () => 0,
        background: (work) => (this.#underWay = work),
        log() {},
      },
      timers: this.timers,
      hooks: {
        saves,
        save: () => {
          expect(this.#answer).toBeNull(); // one save at a time, always
          expect(this.isStaged).toBe(false); // a staged change is not part of the state yet
          versions.push(this.version);
          return new Promise((resolve) => (this.#answer = resolve));
        },
      },
      document: this,
    });
    this.saver.restore();
    return [this.timers, this.saver];
  }

  freeze(): number {
    return this.width;
  }

  /** Stage a change. */
  stage(): void {
    this.isStaged = true;
  }

  /** Commit the staged change, as in a flush. */
  commit(): void {
    this.saver.markDirty();
    this.isStaged = false;
    this.version++;
    this.saver.afterCommit();
  }

  change(): void {
    this.stage();
    this.commit();
  }

  /** Let the store answer the pending save. */
  async answer(outcome: Outcome = null): Promise<void> {
    const [answer, count] = [this.#answer, this.saves.length];
    this.#answer = null;
    answer?.(outcome);
    // A run continues with another save, or ends.
    await Promise.race([
      this.#underWay,
      expect.poll(() => this.saves.length).toBeGreaterThan(count),
    ]);
  }

  /** The row of the timer `save`. */
  get row(): { at: number; attempts: number } | undefined {
    return this.#row("save");
  }

  /** The row of the timer `idle`, which a stop waits for. */
  get idleRow(): { at: number; attempts: number } | undefined {
    return this.#row("idle");
  }

  #row(timer: string): { at: number; attempts: number } | undefined {
    const row = this.#storage.readTimers().find(({ name }) => name === timer);
    return row && { at: row.at - this.now, attempts: row.attempts };
  }

  /** Let time pass, and ring the timer. */
  pass(ms: number): void {
    this.now += ms;
    this.saver.ring(this.now);
  }
}

describe("a room that saves nothing", () => {
  test("[S8] has no timer row and no save, however it changes", async () => {
    const desk = new Desk({ debounce: 0, maxWait: 0 }, false);
    desk.change();
    expect([desk.row, desk.saves, desk.saver.status]).toEqual([undefined, [], { status: "off" }]);
    expect(await desk.saver.flush()).toBeNull();
  });
});

describe("a store that answers", () => {
  test("[S8] receives a change at once, and until it answers a timer row covers a crash of the object", async () => {
    const desk = new Desk();
    expect(desk.saver.status).toEqual({ status: "saved" });
    desk.change();
    expect(desk.saves).toEqual([1]);
    expect(desk.row).toEqual({ at: 1500, attempts: 0 });
    expect(desk.saver.status).toEqual({ status: "pending" });
    await desk.answer();
    expect(desk.row).toBeUndefined();
    expect(desk.saver.status).toEqual({ status: "saved" });
    expect(desk.saver.isClean).toBe(true);
  });

  test("[S8] receives one save at a time, and then the latest state", async () => {
    const desk = new Desk();
    for (let n = 0; n < 5; n++) desk.change();
    expect(desk.saves).toEqual([1]);
    await desk.answer();
    expect(desk.saves).toEqual([1, 5]);
    expect(desk.saver.status).toEqual({ status: "pending" });
    expect(desk.saver.isClean).toBe(false);
    desk.change();
    await desk.answer();
    await desk.answer();
    expect(desk.saves).toEqual([1, 5, 6]);
    expect([desk.row, desk.saver.isClean]).toEqual([undefined, true]);
  });

  test("[S8] is not called for a state that it already has", async () => {
    const desk = new Desk();
    desk.change();
    await desk.answer();
    expect(await desk.saver.flush()).toBeNull();
    expect(desk.saves).toEqual([1]);
  });
});

describe("a store that fails", () => {
  test.each(["save_failed", "call_timeout"] as const)(
    "[S8] with %s is retried after a wait that doubles",
    async (error) => {
      const desk = new Desk();
      desk.change();
      for (const [attempts, wait] of [1000, 2000, 4000, 8000].entries()) {
        await desk.answer(error);
        expect(desk.row).toEqual({ at: wait, attempts: attempts + 1 });
        expect(desk.saver.status).toEqual({ status: "failing", error });
        desk.pass(wait);
        expect(desk.saver.status).toEqual({ status: "failing", error });
      }
      await desk.answer();
      expect([desk.row, desk.saver.status]).toEqual([undefined, { status: "saved" }]);
      expect(desk.saves).toEqual([1, 1, 1, 1, 1]);
    },
  );

  test("[S8] is not called by changes before its retry, which passes the latest state", async () => {
    const desk = new Desk();
    desk.change();
    await desk.answer("save_failed");
    for (let n = 0; n < 5; n++) desk.change();
    expect(desk.saves).toEqual([1]);
    expect(desk.row).toEqual({ at: 1000, attempts: 1 });
    desk.pass(1000);
    await desk.answer();
    expect(desk.saves).toEqual([1, 6]);
    expect(desk.saver.isClean).toBe(true);
  });

  test("[S8, R6] and then succeeds receives later changes too, and its failures are forgotten", async () => {
    const desk = new Desk();
    desk.change();
    await desk.answer("save_failed");
    desk.pass(1000);
    desk.change();
    await desk.answer();
    expect(desk.saves).toEqual([1, 1, 2]);
    expect(desk.saver.status).toEqual({ status: "pending" });
    expect(desk.row).toEqual({ at: 1500, attempts: 0 });
    await desk.answer("save_failed");
    expect(desk.row).toEqual({ at: 1000, attempts: 1 });
  });

  test("[S8, R6] is remembered across a wake, and retried when it is due", async () => {
    const desk = new Desk();
    desk.change();
    await desk.answer("save_failed");
    const [, woken] = desk.wake();
    expect(woken.status).toEqual({ status: "failing", error: "save_failed" });
    expect([woken.isClean, desk.saves]).toEqual([false, [1]]);
    desk.pass(1000);
    await desk.answer("save_failed");
    expect(desk.row).toEqual({ at: 2000, attempts: 2 });
    desk.pass(2000);
    await desk.answer();
    expect([desk.row, desk.saves]).toEqual([undefined, [1, 1, 1]]);
  });
});

describe("a stop that waits for a save", () => {
  test("[S8, R7] continues by the timer `idle` once a save succeeds after failures", async () => {
    const desk = new Desk();
    desk.change();
    await desk.answer("save_failed");
    expect(desk.idleRow).toBeUndefined();
    desk.pass(1000);
    await desk.answer("call_timeout");
    expect(desk.idleRow).toBeUndefined();
    desk.pass(2000);
    await desk.answer();
    expect([desk.row, desk.idleRow]).toEqual([undefined, { at: 0, attempts: 0 }]);
  });

  test("[S8, R7, R6] continues even if the object has woken since", async () => {
    const desk = new Desk();
    desk.change();
    await desk.answer("save_failed");
    desk.wake();
    desk.pass(1000);
    await desk.answer();
    expect(desk.idleRow).toEqual({ at: 0, attempts: 0 });
  });

  test.each([
    { debounce: 0, maxWait: 0 },
    { debounce: 2000, maxWait: 10_000 },
  ])(
    "[S8, R7] continues if the state changed during the successful save, with a debounce of $debounce ms",
    async (timing) => {
      const desk = new Desk(timing);
      desk.change();
      if (timing.debounce > 0) desk.pass(timing.debounce);
      await desk.answer("save_failed");
      desk.pass(1000);
      desk.change();
      await desk.answer();
      if (timing.debounce > 0) desk.pass(timing.debounce);
      await desk.answer();
      expect(desk.saver.isClean).toBe(true);
      expect(desk.idleRow).toMatchObject({ attempts: 0 });
    },
  );

  test("[S8] is not checked for after a save that succeeds at once", async () => {
    const desk = new Desk();
    desk.change();
    await desk.answer();
    expect([desk.saver.isClean, desk.idleRow]).toEqual([true, undefined]);
  });
});

describe("a change that is staged during a save", () => {
  test("[S4, S8] is not saved before it is committed", async () => {
    const desk = new Desk();
    desk.change();
    desk.change();
    desk.stage();
    await desk.answer();
    expect([desk.saves, desk.saver.status]).toEqual([[1], { status: "pending" }]);
    desk.commit();
    expect(desk.saves).toEqual([1, 3]);
    await desk.answer();
    expect([desk.row, desk.saver.status]).toEqual([undefined, { status: "saved" }]);
  });
});

describe("a store that is slow", () => {
  test("[S8, T3] is not called twice when the timer rings meanwhile, and the timer is set ahead", async () => {
    const desk = new Desk();
    desk.change();
    for (let n = 0; n < 3; n++) {
      desk.pass(1500);
      expect(desk.row).toEqual({ at: 1500, attempts: 0 });
    }
    expect(desk.saves).toEqual([1]);
    await desk.answer();
    expect(desk.row).toBeUndefined();
  });
});

describe("debounce and maxWait", () => {
  const timing = { debounce: 2000, maxWait: 10_000 };

  test("[S8] a change is saved after the debounce time without another one", async () => {
    const desk = new Desk(timing);
    desk.change();
    expect([desk.saves, desk.row]).toEqual([[], { at: 2000, attempts: 0 }]);
    desk.now += 1500;
    desk.change();
    desk.pass(500); // the first change would be due, but the second one has moved the timer
    expect([desk.saves, desk.row]).toEqual([[], { at: 1500, attempts: 0 }]);
    desk.pass(1500);
    expect(desk.saves).toEqual([2]);
    await desk.answer();
    expect([desk.row, desk.saver.status]).toEqual([undefined, { status: "saved" }]);
  });

  test("[S8] continuous changes are saved once the first has waited for maxWait", () => {
    const desk = new Desk(timing);
    const start = desk.now;
    while (desk.saves.length === 0 && desk.now < start + 60_000) {
      desk.change();
      const { at } = desk.row ?? { at: 0 };
      if (at <= 100) desk.pass(at);
      else desk.now += 100;
    }
    expect(desk.now - start).toBe(10_000);
    expect(desk.saves).toEqual([desk.version]);
  });

  test("[S8] a change during a save waits for its own debounce time", async () => {
    const desk = new Desk(timing);
    desk.change();
    desk.pass(2000);
    desk.now += 300;
    desk.change();
    desk.now += 100;
    await desk.answer();
    expect([desk.saves, desk.row]).toEqual([[1], { at: 1900, attempts: 0 }]);
    desk.pass(1900);
    expect(desk.saves).toEqual([1, 2]);
  });

  test("[S8, R6] a pending change is saved by its timer if the object crashes", () => {
    const desk = new Desk(timing);
    desk.change();
    desk.wake();
    expect(desk.saver.status).toEqual({ status: "pending" });
    desk.pass(2000);
    expect(desk.saves).toEqual([1]);
  });
});

describe("a wide state", () => {
  /** A room whose state has an object with this many members, after its first save. */
  async function saved(width: number, timing?: { debounce: number; maxWait: number }) {
    const desk = new Desk(timing);
    desk.width = width;
    desk.change();
    if (timing) desk.pass(timing.debounce);
    await desk.answer();
    return desk;
  }

  test("[S8, R1] is saved at once, and then again at most every 1 ms per 80 members, by the timer", async () => {
    const desk = await saved(80_000);
    expect(desk.saves).toEqual([1]);
    desk.now += 10;
    desk.change();
    expect([desk.saves, desk.row]).toEqual([[1], { at: 990, attempts: 0 }]);
    desk.now += 900;
    desk.change();
    expect([desk.saves, desk.row]).toEqual([[1], { at: 90, attempts: 0 }]);
    desk.pass(89);
    expect(desk.saves).toEqual([1]);
    desk.pass(1);
    expect(desk.saves).toEqual([1, 3]);
    await desk.answer();
    expect([desk.row, desk.saver.status]).toEqual([undefined, { status: "saved" }]);
  });

  test("[S8] that changes after that time is saved at once", async () => {
    const desk = await saved(80_000);
    desk.now += 1000;
    desk.change();
    expect(desk.saves).toEqual([1, 2]);
  });

  test("[S8] that changes during its save waits for that time, too", async () => {
    const desk = new Desk();
    desk.width = 8000;
    desk.change();
    desk.now += 30;
    desk.change();
    await desk.answer();
    expect([desk.saves, desk.row]).toEqual([[1], { at: 70, attempts: 0 }]);
    desk.pass(70);
    expect(desk.saves).toEqual([1, 2]);
  });

  test("[S8] is not retried before that time, not even the first time", async () => {
    const desk = new Desk();
    desk.width = 800_000;
    desk.change();
    await desk.answer("save_failed");
    expect(desk.row).toEqual({ at: 10_000, attempts: 1 });
  });

  test("[S8] waits for the later of that time and its debounce", async () => {
    const timing = { debounce: 500, maxWait: 700 };
    const desk = await saved(80_000, timing);
    desk.change();
    expect(desk.row).toEqual({ at: 1000, attempts: 0 });
    desk.now += 900;
    desk.pass(100);
    desk.change();
    await desk.answer();
    expect([desk.saves, desk.row]).toEqual([[1, 2], { at: 1000, attempts: 0 }]);
    const slow = await saved(8000, timing);
    slow.change();
    expect(slow.row).toEqual({ at: 500, attempts: 0 });
  });

  test("[S8, R7] does not delay a stop", async () => {
    const desk = await saved(80_000);
    desk.change();
    const flushed = desk.saver.flush();
    expect(desk.saves).toEqual([1, 2]);
    await desk.answer();
    expect(await flushed).toBeNull();
    expect(desk.saver.isClean).toBe(true);
  });

  test("[S8] waits only while it is wide, and a narrow one is saved with each change", async () => {
    const desk = await saved(0);
    desk.change();
    expect(desk.saves).toEqual([1, 2]);
  });
});

describe("a flush", () => {
  test("[S8, R7] saves a debounced change at once", async () => {
    const desk = new Desk({ debounce: 2000, maxWait: 10_000 });
    desk.change();
    const flushed = desk.saver.flush();
    expect(desk.saves).toEqual([1]);
    await desk.answer();
    expect(await flushed).toBeNull();
    expect(desk.saver.isClean).toBe(true);
  });

  test("[S8, R7] waits for the pending save, and then saves later changes", async () => {
    for (const timing of [
      { debounce: 0, maxWait: 0 },
      { debounce: 2000, maxWait: 10_000 },
    ]) {
      const desk = new Desk(timing);
      desk.change();
      desk.saver.ring(desk.now + 2000);
      desk.change();
      const flushed = desk.saver.flush();
      expect(desk.saves).toEqual([1]);
      await desk.answer();
      await expect.poll(() => desk.saves).toEqual([1, 2]);
      await desk.answer();
      expect(await flushed).toBeNull();
      expect(desk.saver.isClean).toBe(true);
    }
  });

  test("[S8, R7] returns the error of its single attempt, and the retry stays set", async () => {
    const desk = new Desk();
    desk.change();
    await desk.answer("save_failed");
    desk.now += 10;
    const flushed = desk.saver.flush();
    await desk.answer("call_timeout");
    expect(await flushed).toBe("call_timeout");
    expect(desk.saves).toEqual([1, 1]);
    expect(desk.row).toEqual({ at: 2000, attempts: 2 });
    expect(desk.saver.isClean).toBe(false);
  });
});
