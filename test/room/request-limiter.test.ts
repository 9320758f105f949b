// How many requests a user may send over HTTP (rule L1).

import { expect, test } from "vitest";
import { createCaller, type Caller } from "../../src/protocol/caller.ts";
import { CollabError } from "../../src/protocol/errors.ts";
import type { Scope } from "../../src/protocol/scopes.ts";
import { isTrusted } from "../../src/room/access.ts";
import { RequestLimiter } from "../../src/room/request-limiter.ts";

const by = (id: string, scopes: readonly Scope[] = ["room:read"], door: Caller["door"] = "http") =>
  createCaller({ door, user: { id }, scopes });

/** Send a request that is not refused for another reason. */
function send(limiter: RequestLimiter, caller: Caller, rate: number, now: number): void {
  if (isTrusted(caller)) return;
  limiter.takeOwn(caller, rate, now);
  limiter.takeShared(caller, rate, now);
}

/** How many of `count` requests are admitted at a given time. */
function admitted(
  limiter: RequestLimiter,
  caller: Caller,
  { count, rate, now = 0 }: { count: number; rate: number; now?: number },
): number {
  let sum = 0;
  for (let n = 0; n < count; n++)
    try {
      send(limiter, caller, rate, now);
      sum++;
    } catch (error) {
      expect((error as CollabError).code).toBe("rate_limited");
    }
  return sum;
}

test("[L1] a user may send as many requests as the rate allows, and twice as many in a burst", () => {
  const limiter = new RequestLimiter();
  expect(admitted(limiter, by("ada"), { count: 50, rate: 10 })).toBe(20);
  expect(admitted(limiter, by("ada"), { count: 50, rate: 10, now: 1000 })).toBe(10);
  expect(admitted(limiter, by("bob"), { count: 50, rate: 10, now: 1000 })).toBe(20);
});

test("[L1] all users together may send ten times as many requests", () => {
  const limiter = new RequestLimiter();
  const sums = Array.from({ length: 30 }, (_, n) =>
    admitted(limiter, by(`user-${n}`), { count: 20, rate: 10 }),
  );
  expect(sums.reduce((sum, each) => sum + each)).toBe(200);
});

test("[L1] callers without a user count as one user together", () => {
  const limiter = new RequestLimiter();
  const nobody = createCaller({ door: "http", scopes: ["room:read"] });
  expect(admitted(limiter, nobody, { count: 50, rate: 10 })).toBe(20);
  expect(admitted(limiter, nobody, { count: 50, rate: 10, now: 1000 })).toBe(10);
  expect(admitted(limiter, by("ada"), { count: 50, rate: 10, now: 1000 })).toBe(20);
});

test("[L1] requests beyond a user's own rate do not count towards the shared rate", () => {
  const limiter = new RequestLimiter();
  expect(admitted(limiter, by("eve"), { count: 1000, rate: 10 })).toBe(20);
  const sums = Array.from({ length: 9 }, (_, n) =>
    admitted(limiter, by(`user-${n}`), { count: 20, rate: 10 }),
  );
  expect(sums).toEqual(Array.from({ length: 9 }, () => 20));
});

test("[L1] administrators and the Worker's own code are not limited", () => {
  const limiter = new RequestLimiter();
  const others = [by("ada", ["room:admin"]), by("cyd", [], "worker")];
  for (const caller of others) expect(admitted(limiter, caller, { count: 50, rate: 1 })).toBe(50);
});

test("[L1] socket upgrades are limited per user, and not for all users together", () => {
  const limiter = new RequestLimiter();
  expect(admitted(limiter, by("bob", [], "socket"), { count: 50, rate: 1 })).toBe(2);
  for (let n = 0; n < 50; n++)
    expect(admitted(limiter, by(`user-${n}`, [], "socket"), { count: 1, rate: 1 })).toBe(1);
});

test("[L1] the room's own rate applies as soon as it runs", () => {
  const limiter = new RequestLimiter();
  expect(admitted(limiter, by("ada"), { count: 1, rate: 100 })).toBe(1);
  expect(admitted(limiter, by("ada"), { count: 50, rate: 10 })).toBe(20);
});

test("[L1] a refusal says when to retry", () => {
  const limiter = new RequestLimiter();
  admitted(limiter, by("ada"), { count: 20, rate: 10 });
  const refused = (): unknown => send(limiter, by("ada"), 10, 0);
  expect(refused).toThrow(CollabError);
  expect(refused).toThrow(
    expect.objectContaining({ info: { code: "rate_limited", retryAfter: 100 } }),
  );
});
