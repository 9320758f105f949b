// The commit window by itself, with time moved by hand: the first request is due at once, those that come
// in a window are due at its end, and a writer who waits for each answer is not held up.

import { describe, expect, test } from "vitest";
import type { Urgency } from "../../../src/room/batch/batch.ts";
import { CommitWindow, windowLength } from "../../../src/room/batch/commit-window.ts";

/** A window, with a world that flushes when it is due and stands still until it is told to move. */
class World {
  readonly window = new CommitWindow();
  sockets: number;
  now: number;
  /** When it was flushed. */
  readonly flushes: number[] = [];

  constructor({ sockets = 12, startAt = 1000 } = {}) {
    this.sockets = sockets;
    this.now = startAt;
  }

  request(urgency: Urgency, author: object | null = null): void {
    const { sockets, now } = this;
    this.window.request({ urgency, author, sockets, now });
    if (this.window.dueAt <= now) this.flush();
  }

  flush(): void {
    this.flushes.push(this.now);
    this.window.flushed(this.now, this.sockets);
  }

  /** Let time pass, and flush when that is due. */
  pass(ms: number): void {
    const end = this.now + ms;
    while (this.window.dueAt <= end) {
      this.now = this.window.dueAt;
      this.flush();
    }
    this.now = end;
  }

  /** Whether nothing is due, ever. */
  get isQuiet(): boolean {
    return this.window.dueAt === Infinity;
  }
}

const [ada, bob] = [{ name: "ada" }, { name: "bob" }];

describe("a quiet room", () => {
  test("[S4] is due to flush nothing", () => {
    expect(new World().isQuiet).toBe(true);
  });

  test("[S4] commits the first request at once, and waits for nothing", () => {
    const world = new World();
    world.request("change", ada);
    expect(world.flushes).toEqual([1000]);
    expect(world.isQuiet).toBe(true);
  });

  test("[S4] commits at once again when a whole window has passed", () => {
    const world = new World();
    world.request("change");
    world.pass(1);
    world.request("change");
    expect(world.flushes).toEqual([1000, 1001]);
  });

  test("[S4] without sockets commits everything at once: there is nobody to share a frame with", () => {
    const world = new World({ sockets: 0 });
    for (let n = 0; n < 20; n++) world.request(n % 5 === 0 ? "signal" : "change", ada);
    expect(world.flushes).toEqual(Array.from({ length: 20 }, () => 1000));
    expect(world.isQuiet).toBe(true);
  });

  test("[S4] to which the first socket comes commits at once", () => {
    const world = new World({ sockets: 0 });
    world.request("change");
    world.sockets = 1;
    world.request("change");
    expect(world.flushes).toEqual([1000, 1000]);
  });
});

describe("an open window", () => {
  test("[S4] holds back everything that comes in it, and ends once", () => {
    const world = new World({ sockets: 120 });
    world.request("change", ada);
    for (const author of [bob, ada, null, ada]) {
      world.pass(1);
      world.request("change", author);
    }
    expect(world.flushes).toEqual([1000]);
    expect(world.window.dueAt).toBe(1010);
    world.pass(6);
    expect(world.flushes).toEqual([1000, 1010]);
    world.pass(100);
    expect(world.flushes).toEqual([1000, 1010]);
  });

  test("[P2] waits longer for signals, and a change among them takes them along", () => {
    const world = new World({ sockets: 120 });
    world.request("change");
    world.request("signal");
    world.pass(10);
    expect(world.flushes).toEqual([1000]);
    world.pass(20);
    expect(world.flushes).toEqual([1000, 1030]);
    world.request("signal");
    expect(world.window.dueAt).toBe(1060);
    world.request("change");
    expect(world.window.dueAt).toBe(1040);
    world.pass(10);
    expect(world.flushes).toEqual([1000, 1030, 1040]);
    world.pass(100);
    expect(world.flushes).toHaveLength(3);
  });

  test("[P2] is not made longer by signals that follow a change", () => {
    const world = new World({ sockets: 120 });
    for (const urgency of ["change", "change", "signal"] as const) world.request(urgency);
    world.pass(10);
    expect(world.flushes).toEqual([1000, 1010]);
  });

  test("[S4] may be ended early, and nothing is due at its end then", () => {
    const world = new World({ sockets: 120 });
    world.request("change");
    world.request("change");
    world.flush();
    expect(world.flushes).toEqual([1000, 1000]);
    expect(world.isQuiet).toBe(true);
    world.pass(100);
    expect(world.flushes).toHaveLength(2);
  });

  test("[S4] is followed by another as long as there is something every time", () => {
    const world = new World({ sockets: 120 });
    for (let n = 0; n < 30; n++) {
      world.request("change", n % 2 === 0 ? ada : bob);
      world.pass(1);
    }
    world.pass(100);
    expect(world.flushes).toEqual([1000, 1010, 1020, 1030]);
  });

  test("[S4] ends at once when its last socket has gone: there is nobody to wait for", () => {
    const world = new World({ sockets: 120 });
    world.request("change");
    world.request("change");
    world.sockets = 0;
    world.request("change");
    expect(world.flushes).toEqual([1000, 1000]);
    expect(world.isQuiet).toBe(true);
  });

  test.for([
    [1, 1],
    [12, 1],
    [24, 2],
    [96, 8],
    [480, 40],
    [30_000, 40],
  ] as const)(
    "[S4, P2] with %i sockets is %i ms long, three times that for signals",
    ([sockets, length]) => {
      expect(windowLength("change", sockets)).toBe(length);
      expect(windowLength("signal", sockets)).toBe(3 * length);
    },
  );
});

describe("a lone writer", () => {
  test("[S4] who waits for each answer gets nearly each at once, window or not", () => {
    const world = new World({ sockets: 480 });
    const waited = [];
    for (let n = 0; n < 400; n++) {
      const before = world.flushes.length;
      world.request("change", ada);
      if (world.flushes.length === before) {
        waited.push(n);
        world.pass(40);
      }
      expect(world.flushes).toHaveLength(n + 1);
    }
    // Each request that waits, and is alone at the window's end, lets twice as many go at once, up to 128.
    expect(waited).toEqual([5, 14, 31, 64, 129, 258, 387]);
  });

  test("[S4] who sends without waiting is found out: after a few, a window gathers the others", () => {
    const world = new World({ sockets: 120 });
    for (let n = 0; n < 20; n++) world.request("change", ada);
    expect(world.flushes).toEqual([1000, 1000, 1000, 1000, 1000]);
    world.pass(10);
    expect(world.flushes.slice(5)).toEqual([1010]);
    for (let n = 0; n < 20; n++) world.request("change", ada);
    expect(world.flushes).toHaveLength(6);
  });

  test("[S4] whose window ends early has to wait the next time, too", () => {
    const world = new World({ sockets: 120 });
    for (let n = 0; n < 6; n++) world.request("change", ada);
    expect(world.flushes).toHaveLength(5);
    world.flush();
    world.request("change", ada);
    expect(world.flushes).toHaveLength(6);
    expect(world.window.dueAt).toBe(1010);
  });

  test("[S4] who comes back after a while begins in a quiet room", () => {
    const world = new World({ sockets: 12 });
    for (let n = 0; n < 20; n++) {
      world.request("change", ada);
      world.pass(11);
    }
    expect(world.flushes).toHaveLength(20);
  });

  test("[S4] is lone no more when somebody else asks", () => {
    const world = new World({ sockets: 120 });
    world.request("change", ada);
    world.request("change", bob);
    world.request("change", ada);
    expect(world.flushes).toEqual([1000]);
    world.pass(10);
    expect(world.flushes).toEqual([1000, 1010]);
    world.request("change", ada);
    expect(world.flushes).toHaveLength(2);
  });

  test("[S4] is nobody whose change nobody waits for", () => {
    const world = new World({ sockets: 120 });
    world.request("change");
    world.request("change");
    expect(world.flushes).toEqual([1000]);
  });

  test("[S4] is held back by a signal that waits, because they go out together", () => {
    const world = new World({ sockets: 120 });
    world.request("change", ada);
    world.request("signal");
    world.request("change", ada);
    world.pass(10);
    expect(world.flushes).toEqual([1000, 1010]);
  });
});
