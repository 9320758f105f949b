// The state saver by itself: when it saves, what it keeps in the timer's row, and what it does when a save
// fails, is slow or has become stale.

import { describe, expect, test } from "vitest";
import type { SaveFailure } from "../../src/room/hooks/hook-runner.ts";
import { StateSaver } from "../../src/room/state-saver.ts";
import { Timers } from "../../src/room/timers.ts";
import type { Member } from "../../src/model/members.ts";
import type { RoomRecord } from "../../src/model/record.ts";
import { MemoryRoomStorage } from "../../src/storage/memory.ts";

type Outcome = SaveFailure | null;

/** A room that changes when told to, and a store that answers when told to. */
class Desk {
  now = 1_000_000;
  version = 0;
  isStaged = false;
  /** Members of the widest object of its state. */
  width = 0;
  /** Saves so far: the version that each has got. */
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
          expect(this.#answer).toBeNull(); // one at a time, whatever happens
          expect(this.isStaged).toBe(false); // what is staged is not the state yet
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

  /** A change is staged. */
  stage(): void {
    this.isStaged = true;
  }

  /** What is staged is committed, as in a flush. */
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

  /** The store answers the save that is under way. */
  async answer(outcome: Outcome = null): Promise<void> {
    const [answer, count] = [this.#answer, this.saves.length];
    this.#answer = null;
    answer?.(outcome);
    // A run goes on with another save, or ends.
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

  /** Time passes, and the timer rings. */
  pass(ms: number): void {
    this.now += ms;
    this.saver.ring(this.now);
  }
}

describe("a room that saves nothing", () => {
  test("[S8] has no row and no save, however it changes", async () => {
    const desk = new Desk({ debounce: 0, maxWait: 0 }, false);
    desk.change();
    expect([desk.row, desk.saves, desk.saver.status]).toEqual([undefined, [], { status: "off" }]);
    expect(await desk.saver.flush()).toBeNull();
  });
});

describe("a store that answers", () => {
  test("[S8] gets a change at once; until it has answered there is a row that rings if the object dies", async () => {
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

  test("[S8] gets one save at a time, and the latest state next", async () => {
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

  test("[S8] is not asked for what it has", async () => {
    const desk = new Desk();
    desk.change();
    await desk.answer();
    expect(await desk.saver.flush()).toBeNull();
    expect(desk.saves).toEqual([1]);
  });
});

describe("a store that fails", () => {
  test.each(["save_failed", "call_timeout"] as const)(
    "[S8] with %s is asked again after a wait that doubles",
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

  test("[S8] is left alone by changes until its time; then it gets the latest state", async () => {
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

  test("[S8, R6] and answers at last gets what has changed meanwhile, and its failures are forgotten", async () => {
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

  test("[S8, R6] is remembered across a wake, and asked again when its time has come", async () => {
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
  test("[S8, R7] goes on by the timer idle once a save succeeds after failures", async () => {
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

  test("[S8, R7, R6] goes on in an object that has woken since, too", async () => {
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
    "[S8, R7] goes on if the state changed during the save that succeeded, with a debounce of $debounce ms",
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

  test("[S8] is not looked for after a save that succeeds at once", async () => {
    const desk = new Desk();
    desk.change();
    await desk.answer();
    expect([desk.saver.isClean, desk.idleRow]).toEqual([true, undefined]);
  });
});

describe("a change that is staged while a save is under way", () => {
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
  test("[S8, T3] when the timer rings meanwhile, it is not asked twice, and the timer is set ahead", async () => {
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

  test("[S8] a change is saved when nothing more has come for so long", async () => {
    const desk = new Desk(timing);
    desk.change();
    expect([desk.saves, desk.row]).toEqual([[], { at: 2000, attempts: 0 }]);
    desk.now += 1500;
    desk.change();
    desk.pass(500); // the first change's time: the second one moves it
    expect([desk.saves, desk.row]).toEqual([[], { at: 1500, attempts: 0 }]);
    desk.pass(1500);
    expect(desk.saves).toEqual([2]);
    await desk.answer();
    expect([desk.row, desk.saver.status]).toEqual([undefined, { status: "saved" }]);
  });

  test("[S8] changes that never pause are saved when the first has waited long enough", () => {
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

  test("[S8] a change during a save waits for its own pause", async () => {
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

  test("[S8, R6] a change that waits when the object dies is saved when its timer rings", () => {
    const desk = new Desk(timing);
    desk.change();
    desk.wake();
    expect(desk.saver.status).toEqual({ status: "pending" });
    desk.pass(2000);
    expect(desk.saves).toEqual([1]);
  });
});

describe("a wide state", () => {
  /** A room whose state has an object with this many members; its first save has started and ended. */
  async function saved(width: number, timing?: { debounce: number; maxWait: number }) {
    const desk = new Desk(timing);
    desk.width = width;
    desk.change();
    if (timing) desk.pass(timing.debounce);
    await desk.answer();
    return desk;
  }

  test("[S8, R1] is saved at once, and then again after 1 ms for 80 members, by the timer", async () => {
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

  test("[S8] that has changed after that time is saved at once", async () => {
    const desk = await saved(80_000);
    desk.now += 1000;
    desk.change();
    expect(desk.saves).toEqual([1, 2]);
  });

  test("[S8] that changes while it is saved waits for its time, too", async () => {
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

  test("[S8] is retried no earlier, even by the first retry", async () => {
    const desk = new Desk();
    desk.width = 800_000;
    desk.change();
    await desk.answer("save_failed");
    expect(desk.row).toEqual({ at: 10_000, attempts: 1 });
  });

  test("[S8] waits for the later of this and its debounce", async () => {
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

  test("[S8, R7] does not make a stop wait", async () => {
    const desk = await saved(80_000);
    desk.change();
    const flushed = desk.saver.flush();
    expect(desk.saves).toEqual([1, 2]);
    await desk.answer();
    expect(await flushed).toBeNull();
    expect(desk.saver.isClean).toBe(true);
  });

  test("[S8] waits only while it is wide: a narrow one is saved with each change", async () => {
    const desk = await saved(0);
    desk.change();
    expect(desk.saves).toEqual([1, 2]);
  });
});

describe("flushing", () => {
  test("[S8, R7] saves at once what waits for a pause", async () => {
    const desk = new Desk({ debounce: 2000, maxWait: 10_000 });
    desk.change();
    const flushed = desk.saver.flush();
    expect(desk.saves).toEqual([1]);
    await desk.answer();
    expect(await flushed).toBeNull();
    expect(desk.saver.isClean).toBe(true);
  });

  test("[S8, R7] waits for the save that is under way, and saves again what has changed since", async () => {
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

  test("[S8, R7] says why it could not, having asked once, and the retry stands", async () => {
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
