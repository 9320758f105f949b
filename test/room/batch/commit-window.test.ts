// The commit window by itself, with time moved by hand. The first request is due at once, and those that come during a
// window are due at its end. A writer who waits for each reply is hardly delayed.

import { describe, expect, test } from "vitest";
import type { Urgency } from "../../../src/room/batch/batch.ts";
import { CommitWindow, windowLength } from "../../../src/room/batch/commit-window.ts";

/** A window in an environment that flushes when it is due, and in which time passes only when a test says so. */
class World {
  readonly window = new CommitWindow();
  sockets: number;
  now: number;
  /** The times of its flushes. */
  readonly flushes: number[] = [];

  constructor({ sockets = 6, startAt = 1000 } = {}) {
    this.sockets = sockets;
    this.now = startAt;
  }

  request(urgency: Urgency, writer: object | null = null): void {
    const { sockets, now } = this;
    this.window.request({ urgency, writer, sockets, now });
    if (this.window.dueAt <= now) this.flush();
  }

  flush(): void {
    this.flushes.push(this.now);
    this.window.flushed(this.now, this.sockets, false);
  }

  /** Let time pass, and flush whenever that is due. */
  pass(ms: number): void {
    const end = this.now + ms;
    while (this.window.dueAt <= end) {
      this.now = this.window.dueAt;
      this.flush();
    }
    this.now = end;
  }

  /** Whether no flush is due. */
  get isQuiet(): boolean {
    return this.window.dueAt === Infinity;
  }
}

describe("a quiet room", () => {
  test("[S4] has no flush due", () => {
    expect(new World().isQuiet).toBe(true);
  });

  test("[S4] commits the first request at once, and no flush remains due", () => {
    const world = new World();
    world.request("change");
    expect(world.flushes).toEqual([1000]);
    expect(world.isQuiet).toBe(true);
  });

  test("[S4] commits at once again after a whole window has passed", () => {
    const world = new World();
    world.request("change");
    world.pass(1);
    world.request("change");
    expect(world.flushes).toEqual([1000, 1001]);
  });

  test("[S4] without sockets commits everything at once, because nobody shares a frame", () => {
    const world = new World({ sockets: 0 });
    for (let n = 0; n < 20; n++) world.request(n % 5 === 0 ? "signal" : "change");
    expect(world.flushes).toEqual(Array.from({ length: 20 }, () => 1000));
    expect(world.isQuiet).toBe(true);
  });

  test("[S4] commits at once for its first socket", () => {
    const world = new World({ sockets: 0 });
    world.request("change");
    world.sockets = 1;
    world.request("change");
    expect(world.flushes).toEqual([1000, 1000]);
  });
});

describe("an open window", () => {
  test("[S4] holds back everything that comes during it, and ends once", () => {
    const world = new World({ sockets: 120 });
    world.request("change");
    for (let n = 0; n < 4; n++) {
      world.pass(1);
      world.request("change");
    }
    expect(world.flushes).toEqual([1000]);
    expect(world.window.dueAt).toBe(1010);
    world.pass(6);
    expect(world.flushes).toEqual([1000, 1010]);
    world.pass(100);
    expect(world.flushes).toEqual([1000, 1010]);
  });

  test("[P2] is longer for signals, and a change among them takes them along", () => {
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

  test("[P2] is not extended by signals that follow a change", () => {
    const world = new World({ sockets: 120 });
    for (const urgency of ["change", "change", "signal"] as const) world.request(urgency);
    world.pass(10);
    expect(world.flushes).toEqual([1000, 1010]);
  });

  test("[S4] can be ended early, and then nothing is due at its end", () => {
    const world = new World({ sockets: 120 });
    world.request("change");
    world.request("change");
    world.flush();
    expect(world.flushes).toEqual([1000, 1000]);
    expect(world.isQuiet).toBe(true);
    world.pass(100);
    expect(world.flushes).toHaveLength(2);
  });

  test("[S4] is followed by another one as long as requests keep coming", () => {
    const world = new World({ sockets: 120 });
    for (let n = 0; n < 30; n++) {
      world.request("change");
      world.pass(1);
    }
    world.pass(100);
    expect(world.flushes).toEqual([1000, 1010, 1020, 1030]);
  });

  test("[S4] ends at once when its last socket has gone, because nobody is waiting", () => {
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
    [6, 1],
    [24, 4],
    [48, 8],
    [96, 8],
    [240, 20],
    [480, 40],
    [1000, 40],
    [2500, 100],
    [5000, 200],
  ] as const)(
    "[S4, P2] with %i sockets takes %i ms, and three times that for signals",
    ([sockets, length]) => {
      expect(windowLength("change", sockets)).toBe(length);
      expect(windowLength("welcome", sockets)).toBe(length);
      expect(windowLength("signal", sockets)).toBe(3 * length);
    },
  );
});

describe("a commit under way", () => {
  test("[N4] blocks every flush, and what has come in the meantime is due after it", () => {
    const window = new CommitWindow();
    window.request({ urgency: "change", writer: null, sockets: 120, now: 1000 });
    window.flushed(1000, 120, true);
    window.request({ urgency: "change", writer: null, sockets: 120, now: 1001 });
    expect([window.isCommitting, window.dueAt]).toEqual([true, Infinity]);
    window.end();
    expect(window.dueAt).toBe(Infinity);
    window.committed();
    expect(window.dueAt).toBe(-Infinity);
  });

  test("[N4] that ends within the window does not change the window", () => {
    const window = new CommitWindow();
    window.request({ urgency: "change", writer: null, sockets: 120, now: 1000 });
    window.flushed(1000, 120, true);
    window.request({ urgency: "change", writer: null, sockets: 120, now: 1001 });
    window.committed();
    expect([window.isCommitting, window.dueAt]).toEqual([false, 1010]);
  });

  test("[N4] schedules no flush if nothing waits", () => {
    const window = new CommitWindow();
    window.flushed(1000, 120, true);
    window.end();
    window.committed();
    expect(window.dueAt).toBe(Infinity);
  });
});

describe("a clock that was set ahead and then back", () => {
  test("[T5, N4] delays nobody by more than a window", () => {
    const window = new CommitWindow();
    window.flushed(900_000, 120, false);
    window.request({ urgency: "change", writer: null, sockets: 120, now: 1000 });
    expect(window.dueAt).toBe(1010);
  });
});

describe("a room with few sockets", () => {
  const [ada, bob] = [{ name: "ada" }, { name: "bob" }];

  test("[N4] nearly always serves a writer who waits for each reply at once", () => {
    const world = new World({ sockets: 1 });
    const waited = [];
    for (let n = 0; n < 300; n++) {
      const before = world.flushes.length;
      world.request("change", ada);
      if (world.flushes.length === before) {
        waited.push(n);
        world.pass(1);
      }
      expect(world.flushes).toHaveLength(n + 1);
    }
    // Each request that has waited alone lets twice as many go at once, up to 128.
    expect(waited).toEqual([1, 6, 15, 32, 65, 130, 259]);
  });

  test("[N4] batches requests that are sent without waiting, including the first one", () => {
    const world = new World({ sockets: 1 });
    for (let n = 0; n < 20; n++) world.request("change", ada);
    world.pass(1);
    expect(world.flushes).toEqual([1000, 1001]);
    world.pass(2);
    for (let n = 0; n < 20; n++) world.request("change", ada);
    expect(world.flushes).toHaveLength(2);
    world.pass(1);
    expect(world.flushes).toEqual([1000, 1001, 1004]);
  });

  test("[N4] batches the requests of a writer whose next one arrives before the last is durable", () => {
    const window = new CommitWindow();
    const request = (now: number): number => {
      window.request({ urgency: "change", writer: ada, sockets: 1, now });
      return window.dueAt;
    };
    const flush = (now: number): void => window.flushed(now, 1, true);
    // The writer's request came alone, so the next ones go at once …
    expect(request(1000)).toBe(1000);
    flush(1000);
    window.committed();
    expect(request(1000.5)).toBe(1001);
    flush(1001);
    window.committed();
    expect(request(1001.5)).toBe(1001.5);
    flush(1001.5);
    // … but not while the writer has not seen the last reply.
    expect(request(1001.6)).toBe(Infinity);
    window.committed();
    expect(window.dueAt).toBe(1002.6);
  });

  test("[N4] serves a writer at once again after one request has come alone", () => {
    const world = new World({ sockets: 1 });
    for (let n = 0; n < 20; n++) world.request("change", ada);
    world.pass(2);
    world.request("change", ada);
    world.pass(1);
    const before = world.flushes.length;
    world.request("change", ada);
    expect(world.flushes).toHaveLength(before + 1);
  });

  test("[N4] makes other writers wait for the window, and requests that nobody awaits", () => {
    const world = new World({ sockets: 2 });
    world.request("change", ada);
    world.request("change", ada);
    world.pass(1);
    expect(world.flushes).toEqual([1000, 1001]);
    world.request("change", bob);
    expect(world.window.dueAt).toBe(1002);
    world.pass(1);
    world.request("change");
    expect(world.window.dueAt).toBe(1003);
  });
});

describe("a room with many sockets", () => {
  test("[N4] never flushes more than once per window, however few users write", () => {
    const world = new World({ sockets: 2500 });
    for (let n = 0; n < 1000; n++) {
      world.request("change");
      world.pass(1);
    }
    world.pass(100);
    expect(world.flushes).toHaveLength(11);
  });
});

describe("a room in which most updates go to some of the sockets", () => {
  const wide = { urgency: "change", writer: null, sockets: 5000 } as const;
  const narrow = { urgency: "signal", sockets: 6 } as const;

  test("[N1, N4] waits as long as those sockets require, and not as long as all sockets would", () => {
    const window = new CommitWindow();
    window.requestForSome({ ...narrow, now: 1000 });
    expect(window.dueAt).toBe(1000);
    window.flushedToSome(1000);
    window.requestForSome({ ...narrow, now: 1001 });
    expect(window.dueAt).toBe(1003);
    window.requestForSome({ ...narrow, sockets: 5000, now: 1002 });
    expect(window.dueAt).toBe(1003); // the first of them decides
    window.flushedToSome(1003);
    expect(window.dueAt).toBe(Infinity);
    window.requestForSome({ ...narrow, sockets: 0, now: 1003 });
    expect(window.dueAt).toBe(1003);
  });

  test("[N1, N4] does not delay what goes to all sockets", () => {
    const window = new CommitWindow();
    window.request({ ...wide, now: 1000 });
    window.flushed(1000, 5000, false);
    for (let now = 1003; now < 1150; now += 3) {
      window.requestForSome({ ...narrow, now });
      expect(window.dueAt).toBeLessThanOrEqual(now + 3);
      window.flushedToSome(now);
    }
    window.request({ ...wide, now: 1150 });
    expect(window.dueAt).toBe(1200);
  });

  test("[N1, N4] lets updates for some wait for the next flush to all, which does not become more frequent", () => {
    const window = new CommitWindow();
    window.flushed(1000, 5000, false);
    window.request({ ...wide, now: 1010 });
    window.requestForSome({ ...narrow, now: 1011 });
    expect(window.dueAt).toBe(1200);
    window.flushed(1200, 5000, true);
    window.requestForSome({ ...narrow, now: 1201 });
    expect(window.dueAt).toBe(Infinity); // the commit is under way
    window.end();
    window.committed();
    expect(window.dueAt).toBe(-Infinity);
  });
});
