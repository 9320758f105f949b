// How much a session may send: messages and bytes at their rates, with a burst of twice as much, and some tolerance for
// messages beyond that and for bad frames.

import { describe, expect, test } from "vitest";
import { resolveLimits } from "../../../src/protocol/limits.ts";
import { RateLimiter } from "../../../src/room/sessions/rate-limiter.ts";

const start = 1_000_000;

const create = (limits: Parameters<typeof resolveLimits>[0] = {}) =>
  new RateLimiter(resolveLimits(limits), start);

/** How many consecutive calls are admitted before the first refusal. */
function admitted(admit: () => boolean): number {
  let count = 0;
  while (count < 100_000 && admit()) count++;
  return count;
}

describe("a rate limiter", () => {
  test("[L1] admits two seconds' worth of messages at once, and then messages at the rate", () => {
    const limiter = create({ messagesPerSecond: 10 });
    expect(admitted(() => limiter.admitMessage(start) === 0)).toBe(20);
    expect(limiter.admitMessage(start)).toBe(100); // ms until the next one
    expect(admitted(() => limiter.admitMessage(start + 500) === 0)).toBe(5);
    expect(admitted(() => limiter.admitMessage(start + 60_000) === 0)).toBe(20);
  });

  test("[L1] admits two seconds' worth of bytes at once, and then bytes at the rate", () => {
    const limiter = create({ bytesPerSecond: 1000, frameBytes: 100 });
    expect(limiter.admitBytes(1500, start)).toBe(0);
    expect(limiter.admitBytes(501, start)).toBe(1);
    expect(limiter.admitBytes(500, start)).toBe(0); // a refused frame uses up nothing
    expect(limiter.admitBytes(250, start)).toBe(250);
    expect(limiter.admitBytes(250, start + 250)).toBe(0);
  });

  test("[L1] always admits one whole frame, however low the rate", () => {
    const limiter = create({ bytesPerSecond: 10, frameBytes: 5000 });
    expect(limiter.admitBytes(5000, start)).toBe(0);
    expect(limiter.admitBytes(1, start)).toBe(100);
  });

  test("[L1] counts messages and bytes separately", () => {
    const limiter = create({ messagesPerSecond: 1, bytesPerSecond: 1000, frameBytes: 1 });
    expect(admitted(() => limiter.admitMessage(start) === 0)).toBe(2);
    expect(limiter.admitBytes(2000, start)).toBe(0);
  });

  test("[L1] tolerates ten seconds' worth of excess messages, and then four times the rate", () => {
    const limiter = create({ messagesPerSecond: 10 });
    expect(admitted(() => limiter.tolerateExcess(start))).toBe(100);
    expect(admitted(() => limiter.tolerateExcess(start + 1000))).toBe(40);
  });

  test("[L1] tolerates ten seconds' worth of excess bytes, and then four times the rate", () => {
    const limiter = create({ bytesPerSecond: 1000, frameBytes: 100 });
    expect(admitted(() => limiter.tolerateExcessBytes(100, start))).toBe(100);
    expect(admitted(() => limiter.tolerateExcessBytes(100, start + 1000))).toBe(40);
  });

  test("[L1] always tolerates ten whole excess frames", () => {
    const limiter = create({ bytesPerSecond: 10, frameBytes: 5000 });
    expect(admitted(() => limiter.tolerateExcessBytes(5000, start))).toBe(10);
  });

  test("[W3] tolerates ten mistakes, and one more every ten seconds", () => {
    const limiter = create();
    expect(admitted(() => limiter.tolerateMistake(start))).toBe(10);
    expect(limiter.tolerateMistake(start + 9999)).toBe(false);
    expect(limiter.tolerateMistake(start + 10_000)).toBe(true);
    expect(limiter.tolerateMistake(start + 10_000)).toBe(false);
  });
});
