// The window by itself, with time and timers moved by hand: what comes first goes at once, what
// comes in a window goes at its end, and whoever alone waits for answers is not held up.

import { describe, expect, test } from "vitest";
import { CommitWindow, windowLength } from "../../../src/room/batch/commit-window.ts";

type Timer = { readonly at: number; readonly call: () => void };

/** A window over a world that stands still until it is told to move. */
function create({ sockets = 12, startAt = 1000 } = {}) {
  let now = startAt;
  const timers = new Set<Timer>();
  const awake = new Set<Promise<unknown>>();
  const world = {
    sockets,
    /** When it was flushed. */
    flushes: [] as number[],
    onFlush: () => {},
    timers,
    /** Whether it keeps the object awake. */
    get isAwake() {
      return awake.size > 0;
    },
    /** Let time pass, and what is due in it ring. */
    async pass(ms: number): Promise<void> {
      now += ms;
      for (const timer of timers)
        if (timer.at <= now) {
          timers.delete(timer);
          timer.call();
        }
      await settle();
    },
  };
  const window = new CommitWindow({
    ports: {
      now: () => now,
      later(ms, call) {
        const timer = { at: now + ms, call };
        timers.add(timer);
        return () => timers.delete(timer);
      },
      background(work) {
        awake.add(work);
        void work.finally(() => awake.delete(work));
      },
    },
    sockets: () => world.sockets,
    flush() {
      world.flushes.push(now);
      world.onFlush();
    },
  });
  return { window, world };
}

/** Let every promise that can settle do so. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < 10; turn++) await Promise.resolve();
}

const [ada, bob] = [{ name: "ada" }, { name: "bob" }];

describe("a quiet room", () => {
  test("[S4] commits what comes first at once, and waits for nothing", () => {
    const { window, world } = create();
    window.request("change", ada);
    expect(world.flushes).toEqual([1000]);
    expect([world.timers.size, world.isAwake]).toEqual([0, false]);
  });

  test("[S4] commits at once again when a whole window has passed", async () => {
    const { window, world } = create();
    window.request("change");
    await world.pass(1);
    window.request("change");
    expect(world.flushes).toEqual([1000, 1001]);
  });

  test("[S4] without sockets commits everything at once: there is nobody to share a frame with", () => {
    const { window, world } = create({ sockets: 0 });
    for (let n = 0; n < 3; n++) window.request("change", ada);
    expect(world.flushes).toEqual([1000, 1000, 1000]);
    expect([world.timers.size, world.isAwake]).toEqual([0, false]);
  });

  test("[S4] to which the first socket comes commits at once", () => {
    const { window, world } = create({ sockets: 0 });
    window.request("change");
    world.sockets = 1;
    window.request("change");
    expect(world.flushes).toEqual([1000, 1000]);
  });
});

describe("an open window", () => {
  test("[S4] holds back all that comes in it, and ends once", async () => {
    const { window, world } = create({ sockets: 120 });
    window.request("change", ada);
    for (const author of [bob, ada, null, ada]) {
      await world.pass(1);
      window.request("change", author);
    }
    expect(world.flushes).toEqual([1000]);
    await world.pass(6);
    expect(world.flushes).toEqual([1000, 1010]);
    await world.pass(100);
    expect(world.flushes).toEqual([1000, 1010]);
  });

  test("[P2] waits longer for signals, and a change among them takes them along", async () => {
    const { window, world } = create({ sockets: 120 });
    window.request("change");
    window.request("signal");
    await world.pass(10);
    expect(world.flushes).toEqual([1000]);
    await world.pass(20);
    expect(world.flushes).toEqual([1000, 1030]);
    window.request("signal");
    window.request("change");
    expect(world.timers.size).toBe(1);
    await world.pass(10);
    expect(world.flushes).toEqual([1000, 1030, 1040]);
    await world.pass(100);
    expect(world.flushes).toHaveLength(3);
  });

  test("[P2] is not made longer by signals that follow a change", async () => {
    const { window, world } = create({ sockets: 120 });
    for (const urgency of ["change", "change", "signal"] as const) window.request(urgency);
    await world.pass(10);
    expect(world.flushes).toEqual([1000, 1010]);
  });

  test("[S4] may be ended early, and what was due at its end is then no more", async () => {
    const { window, world } = create({ sockets: 120 });
    window.request("change");
    window.request("change");
    window.flush();
    expect(world.flushes).toEqual([1000, 1000]);
    expect(world.timers.size).toBe(0);
    await world.pass(100);
    expect(world.flushes).toHaveLength(2);
  });

  test("[S4] is followed by another as long as there is something every time", async () => {
    const { window, world } = create({ sockets: 120 });
    for (let n = 0; n < 30; n++) {
      window.request("change", n % 2 === 0 ? ada : bob);
      await world.pass(1);
    }
    await world.pass(100);
    expect(world.flushes.slice(0, 3)).toEqual([1000, 1010, 1020]);
    expect(world.flushes).toHaveLength(4);
  });

  test.for([
    [1, 1],
    [12, 1],
    [24, 2],
    [96, 8],
    [480, 40],
    [30_000, 40],
  ] as const)(
    "with %i sockets is %i ms long, three times that for signals",
    ([sockets, length]) => {
      expect(windowLength("change", sockets)).toBe(length);
      expect(windowLength("signal", sockets)).toBe(3 * length);
    },
  );
});

describe("a lone writer", () => {
  test("[S4] who waits for each answer gets nearly each at once, window or not", async () => {
    const { window, world } = create({ sockets: 480 });
    const waited = [];
    for (let n = 0; n < 400; n++) {
      const before = world.flushes.length;
      window.request("change", ada);
      if (world.flushes.length === before) {
        waited.push(n);
        await world.pass(40);
      }
      expect(world.flushes).toHaveLength(n + 1);
    }
    // Each that waits, and is alone at the window's end, lets twice as many go at once, up to 128.
    expect(waited).toEqual([5, 14, 31, 64, 129, 258, 387]);
  });

  test("[S4] who sends on and on is found out: after a few a window gathers the others", async () => {
    const { window, world } = create({ sockets: 120 });
    for (let n = 0; n < 20; n++) window.request("change", ada);
    expect(world.flushes).toEqual([1000, 1000, 1000, 1000, 1000]);
    await world.pass(10);
    expect(world.flushes.slice(5)).toEqual([1010]);
    for (let n = 0; n < 20; n++) window.request("change", ada);
    expect(world.flushes).toHaveLength(6);
  });

  test("[S4] who comes back after a while begins in a quiet room", async () => {
    const { window, world } = create({ sockets: 12 });
    for (let n = 0; n < 20; n++) {
      window.request("change", ada);
      await world.pass(11);
    }
    expect(world.flushes).toHaveLength(20);
  });

  test("[S4] is lone no more when somebody else asks", async () => {
    const { window, world } = create({ sockets: 120 });
    window.request("change", ada);
    window.request("change", bob);
    window.request("change", ada);
    expect(world.flushes).toEqual([1000]);
    await world.pass(10);
    expect(world.flushes).toEqual([1000, 1010]);
    window.request("change", ada);
    expect(world.flushes).toHaveLength(2);
  });

  test("[S4] is nobody whose change nobody waits for", async () => {
    const { window, world } = create({ sockets: 120 });
    window.request("change");
    window.request("change");
    expect(world.flushes).toEqual([1000]);
  });

  test("[S4] is held back by a signal that waits, for they go out together", async () => {
    const { window, world } = create({ sockets: 120 });
    window.request("change", ada);
    window.request("signal");
    window.request("change", ada);
    await world.pass(10);
    expect(world.flushes).toEqual([1000, 1010]);
  });
});

describe("a window that has ended", () => {
  test("[S4] leaves no timer and keeps nothing awake", async () => {
    const { window, world } = create({ sockets: 120 });
    window.request("change");
    window.request("signal");
    window.request("change");
    expect([world.timers.size, world.isAwake]).toEqual([1, true]);
    await world.pass(10);
    expect([world.timers.size, world.isAwake]).toEqual([0, false]);
  });

  test("[S4] by force leaves none either", async () => {
    const { window, world } = create({ sockets: 120 });
    window.request("change");
    window.request("change");
    window.flush();
    await settle();
    expect([world.timers.size, world.isAwake]).toEqual([0, false]);
  });

  test("[S4] when its last socket went leaves none either", async () => {
    const { window, world } = create({ sockets: 120 });
    window.request("change");
    window.request("change");
    world.sockets = 0;
    window.request("change");
    await settle();
    expect(world.flushes).toEqual([1000, 1000]);
    expect([world.timers.size, world.isAwake]).toEqual([0, false]);
  });

  test("[S4] for good flushes never again, whatever waits and whoever asks", async () => {
    const { window, world } = create({ sockets: 120 });
    window.request("change");
    window.request("change");
    window.retire();
    await settle();
    expect([world.timers.size, world.isAwake]).toEqual([0, false]);
    window.request("change", ada);
    window.request("signal");
    window.flush();
    await world.pass(100);
    expect(world.flushes).toEqual([1000]);
    expect([world.timers.size, world.isAwake]).toEqual([0, false]);
  });

  test("[S4] for good by what it flushed, for it could not be written, does so too", async () => {
    const { window, world } = create({ sockets: 120 });
    world.onFlush = () => window.retire();
    window.request("change", ada);
    window.request("change", ada);
    await world.pass(100);
    expect(world.flushes).toEqual([1000]);
    expect([world.timers.size, world.isAwake]).toEqual([0, false]);
  });
});
