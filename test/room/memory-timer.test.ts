// A timer in memory rings once, at the earliest time it was set for, and keeps the object awake until then and no
// longer.

import { describe, expect, test } from "vitest";
import { MemoryTimer } from "../../src/room/memory-timer.ts";
import { settle } from "../support/room-by-hand.ts";

/** A timer with a clock that stands still until it is moved. */
class World {
  now = 1000;
  /** The times at which it rang, and for what. */
  readonly rings: [number, string][] = [];
  readonly #pending = new Set<{ readonly at: number; readonly call: () => void }>();
  readonly #awake = new Set<Promise<unknown>>();
  readonly timer = new MemoryTimer({
    now: () => this.now,
    later: (ms, call) => {
      const pending = { at: this.now + ms, call };
      this.#pending.add(pending);
      return () => void this.#pending.delete(pending);
    },
    background: (work) => {
      this.#awake.add(work);
      void work.finally(() => this.#awake.delete(work));
    },
  });

  arm(dueAt: number, name = "ring"): void {
    this.timer.armAtLatest(dueAt, () => void this.rings.push([this.now, name]));
  }

  async passUntil(time: number): Promise<void> {
    for (const pending of [...this.#pending].toSorted((a, b) => a.at - b.at)) {
      if (pending.at > time || !this.#pending.delete(pending)) continue;
      this.now = Math.max(this.now, pending.at);
      pending.call();
    }
    this.now = time;
    await settle();
  }

  /** How many timers of the platform are running, and whether the object is kept awake. */
  async load(): Promise<[pending: number, isAwake: boolean]> {
    await settle();
    return [this.#pending.size, this.#awake.size > 0];
  }
}

describe("a timer in memory", () => {
  test("[S4] that was not set does nothing", async () => {
    expect(await new World().load()).toEqual([0, false]);
  });

  test("[S4] rings once, on time, and keeps the object awake until then", async () => {
    const world = new World();
    world.arm(1010);
    expect(await world.load()).toEqual([1, true]);
    await world.passUntil(1009);
    expect([world.rings, await world.load()]).toEqual([[], [1, true]]);
    await world.passUntil(1010);
    expect([world.rings, await world.load()]).toEqual([[[1010, "ring"]], [0, false]]);
    await world.passUntil(2000);
    expect(world.rings).toHaveLength(1);
  });

  test("[S4] that is set for an earlier time rings then, and a later time does not change it", async () => {
    const world = new World();
    world.arm(1030, "late");
    world.arm(1010, "early");
    world.arm(1020, "between");
    world.arm(1010, "again");
    expect(await world.load()).toEqual([1, true]);
    await world.passUntil(2000);
    expect(world.rings).toEqual([[1010, "early"]]);
  });

  test("[P3] that is set for Infinity does nothing", async () => {
    const world = new World();
    world.arm(Infinity);
    expect(await world.load()).toEqual([0, false]);
  });

  test("[S4] that is already due rings as soon as the platform allows", async () => {
    const world = new World();
    world.arm(990);
    expect(world.rings).toEqual([]);
    await world.passUntil(1000);
    expect(world.rings).toEqual([[1000, "ring"]]);
  });

  test("[S4, R6] that is cancelled does not ring, and keeps nothing awake", async () => {
    const world = new World();
    world.arm(1010);
    world.timer.cancel();
    world.timer.cancel();
    expect(await world.load()).toEqual([0, false]);
    await world.passUntil(2000);
    expect(world.rings).toEqual([]);
  });

  test("[S4] can be set again after it rang or was cancelled, also for a later time", async () => {
    const world = new World();
    world.arm(1010, "first");
    await world.passUntil(1010);
    world.arm(1020, "cancelled");
    world.timer.cancel();
    world.arm(1030, "second");
    expect(await world.load()).toEqual([1, true]);
    await world.passUntil(2000);
    expect(world.rings).toEqual([
      [1010, "first"],
      [1030, "second"],
    ]);
  });

  test("[S4] can be set again by its own callback", async () => {
    const world = new World();
    world.timer.armAtLatest(1010, () => world.arm(1020));
    await world.passUntil(1010);
    expect(await world.load()).toEqual([1, true]);
    await world.passUntil(1020);
    expect([world.rings, await world.load()]).toEqual([[[1020, "ring"]], [0, false]]);
  });
});
