// The calls of `onLeave` by themselves: many at a time, started in the order in which users left, and one after another
// for the same user.

import { describe, expect, test } from "vitest";
import { LeaveHooks } from "../../../src/room/hooks/leave-hooks.ts";
import { gate } from "../../fixtures/scripts.ts";
import { settle } from "../../support/room-by-hand.ts";

function create() {
  const kept = new Set<Promise<unknown>>();
  const hooks = new LeaveHooks({
    background(work) {
      kept.add(work);
      void work.finally(() => kept.delete(work));
    },
  });
  const started: string[] = [];
  const ends = new Map<string, () => void>();
  /** Let a user leave, with a hook that lasts until `end`. @param call its name, if the user has several */
  const depart = (userId: string, call = userId): void =>
    hooks.add(userId, async () => {
      started.push(call);
      const { promise, resolve } = gate();
      ends.set(call, resolve);
      await promise;
    });
  const end = async (call: string): Promise<void> => {
    await settle(); // by now the call has started
    ends.get(call)?.();
    await settle();
  };
  return { hooks, started, depart, end, kept };
}

const users = (from: number, to: number): string[] =>
  Array.from({ length: to - from }, (_, index) => `user-${from + index}`);

describe("calls of onLeave", () => {
  test("[B6] run 32 at a time, in the order in which users left", async () => {
    const { started, depart, end } = create();
    for (const userId of users(0, 100)) depart(userId);
    await settle();
    expect(started).toEqual(users(0, 32));
    await end("user-7");
    expect(started).toEqual(users(0, 33));
    for (const userId of users(0, 32)) await end(userId);
    expect(started).toEqual(users(0, 64));
    for (const userId of users(32, 100)) await end(userId);
    expect(started).toEqual(users(0, 100));
  });

  test("[B6] keep the object awake until they have ended", async () => {
    const { depart, end, kept } = create();
    depart("ada");
    depart("bob");
    await end("ada");
    expect(kept.size).toBe(1);
    await end("bob");
    expect(kept.size).toBe(0);
  });

  test("[B6] run one after another for the same user", async () => {
    const { hooks, started, depart, end } = create();
    depart("ada", "first");
    depart("ada", "second");
    depart("bob");
    await settle();
    expect(started).toEqual(["first", "bob"]);
    await end("first");
    expect(started).toEqual(["first", "bob", "second"]);
    expect(hooks.pendingFor("ada")).not.toBeNull();
    await end("second");
    expect(hooks.pendingFor("ada")).toBeNull();
  });

  test("[B6] can be awaited for one user or for all", async () => {
    const { hooks, depart, end } = create();
    const ended: string[] = [];
    expect(hooks.pendingFor("ada")).toBeNull();
    await hooks.whenIdle();
    depart("ada");
    depart("bob");
    for (const userId of ["ada", "bob"])
      void hooks.pendingFor(userId)?.then(() => ended.push(userId));
    void hooks.whenIdle().then(() => ended.push("all"));
    await end("bob");
    expect(ended).toEqual(["bob"]);
    depart("cyn"); // a user who leaves in the meantime is included
    await end("ada");
    expect(ended).toEqual(["bob", "ada"]);
    await end("cyn");
    expect(ended).toEqual(["bob", "ada", "all"]);
  });
});
