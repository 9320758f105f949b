// The room's clock, with a wall clock that the test sets.

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { RoomPorts } from "../../src/room/ports.ts";
import { SteadyClock, wallTimeSince, withClock } from "../../src/room/steady-clock.ts";

const hour = 3_600_000;

function createClock(wall = 1_000_000) {
  const world = { wall };
  return { world, clock: new SteadyClock(() => world.wall) };
}

describe("the room's clock", () => {
  test("[T5] shows the wall clock's time as long as that goes forward", () => {
    const { world, clock } = createClock();
    for (const wall of [1_000_000, 1_000_000, 1_000_001, 1_000_001 + hour]) {
      world.wall = wall;
      expect(clock.now()).toBe(wall);
    }
    expect(clock.ahead).toBe(0);
  });

  test("[T5] stands still when the wall clock is set back, and continues from there", () => {
    const { world, clock } = createClock();
    clock.now();
    world.wall -= 5000;
    expect(clock.now()).toBe(1_000_000);
    expect(clock.ahead).toBe(5000);
    world.wall += 10;
    expect(clock.now()).toBe(1_000_010);
    expect(clock.ahead).toBe(5000);
  });

  test("[T5] stays ahead by the sum of all steps back, also after a step forward", () => {
    const { world, clock } = createClock();
    clock.now();
    world.wall -= 5000;
    clock.now();
    world.wall -= 2000;
    clock.now();
    world.wall += 7000;
    expect(clock.now()).toBe(1_007_000);
    expect(clock.ahead).toBe(7000);
  });

  test("[T5] never goes back, and follows each step forward, whatever the wall clock does", () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: -hour, max: hour })), (steps) => {
        const { world, clock } = createClock();
        let before = clock.now();
        for (const step of steps) {
          world.wall += step;
          const now = clock.now();
          expect(now - before).toBe(Math.max(0, step));
          expect(now).toBe(world.wall + clock.ahead);
          before = now;
        }
      }),
    );
  });

  test("[T5, T3] converts alarms to the wall clock, which the platform uses", () => {
    const { world, clock } = createClock();
    const alarms: (number | null)[] = [];
    const alarm = {
      set: (at: number) => void alarms.push(at),
      clear: () => void alarms.push(null),
    };
    const ports = withClock({ alarm, now: () => world.wall } as unknown as RoomPorts, clock);
    ports.alarm.set(ports.now() + 300);
    world.wall -= 5000;
    ports.alarm.set(ports.now() + 300);
    ports.alarm.clear();
    expect(alarms).toEqual([1_000_300, 995_300, null]);
  });
});

describe("the time since a reading of the wall clock", () => {
  test.each<[string, number, number, number | null]>([
    ["is the difference", 1000, 4500, 3500],
    ["is 0 for a reading that is slightly ahead", 1900, 1000, 0],
    ["is unknown if the clock was set back", 62_000, 2000, null],
  ])("[T5, U8] %s", (_, then, now, since) => {
    expect(wallTimeSince(then, now)).toBe(since);
  });
});
