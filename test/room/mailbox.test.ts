// The mailbox and calls with a timeout, by themselves. Turns run one at a time in order of arrival, and a call into
// foreign code ends in time, whatever that code does.

import { describe, expect, test } from "vitest";
import { callWithin } from "../../src/room/hooks/call-within.ts";
import { later } from "../../src/cloudflare/later.ts";
import { Mailbox, mailboxSize } from "../../src/room/mailbox.ts";
import { gate, hang } from "../fixtures/scripts.ts";

/** A mailbox whose time is moved by hand. */
function createMailboxAndTime() {
  let now = 1000;
  const logged: { readonly event: string }[] = [];
  const timers = new Set<{ at: number; call: () => void }>();
  const mailbox = new Mailbox({
    now: () => now,
    later(ms, call) {
      const timer = { at: now + ms, call };
      timers.add(timer);
      return () => void timers.delete(timer);
    },
    background() {},
    log: (event, fields) => void logged.push({ event, ...fields }),
  });
  const pass = (ms: number): void => {
    now += ms;
    for (const timer of timers)
      if (timer.at <= now) {
        timers.delete(timer);
        timer.call();
      }
  };
  return { mailbox, pass, timers, logged };
}

const createMailbox = (): Mailbox => createMailboxAndTime().mailbox;

describe("a mailbox", () => {
  test("[R1] runs a turn synchronously if it is idle", () => {
    const mailbox = createMailbox();
    const order: string[] = [];
    const turn = mailbox.run(() => order.push("turn"));
    order.push("after the call");
    expect(order).toEqual(["turn", "after the call"]);
    return turn;
  });

  test("[R1] runs turns in order of arrival, however long each one awaits", async () => {
    const mailbox = createMailbox();
    const order: string[] = [];
    const gates = [gate(), gate(), gate()];
    const turns = gates.map(({ promise }, index) =>
      mailbox.run(async () => {
        order.push(`start ${index}`);
        await promise;
        order.push(`end ${index}`);
        return index;
      }),
    );
    // Released in reverse order, so that a turn that did not wait would end early.
    for (const { resolve } of gates.toReversed()) resolve();
    expect(await Promise.all(turns)).toEqual([0, 1, 2]);
    expect(order).toEqual(["start 0", "end 0", "start 1", "end 1", "start 2", "end 2"]);
  });

  test("[R1] lets no turn in between while one hands over to the next", async () => {
    const mailbox = createMailbox();
    const order: string[] = [];
    const first = gate();
    let running = 0;
    const turn = (name: string, wait: Promise<void> = Promise.resolve()) =>
      mailbox.run(async () => {
        expect(++running).toBe(1);
        order.push(name);
        await wait;
        running--;
      });
    const all = [turn("first", first.promise), turn("second")];
    // Request a turn in every microtask around the handover.
    const late = first.promise.then(async () => {
      for (let tick = 0; tick < 10; tick++) {
        all.push(turn(`late ${tick}`));
        await Promise.resolve();
      }
    });
    first.resolve();
    await late;
    await Promise.all(all);
    expect(order).toEqual([
      "first",
      "second",
      ...Array.from({ length: 10 }, (_, n) => `late ${n}`),
    ]);
  });

  test.for<[string, () => unknown]>([
    [
      "throws",
      () => {
        throw new RangeError("broken");
      },
    ],
    ["rejects", () => Promise.reject(new RangeError("broken"))],
  ])("[R1] fails a turn that %s only for its caller", async ([, turn]) => {
    const mailbox = createMailbox();
    const results = [mailbox.run(() => "before"), mailbox.run(turn), mailbox.run(() => "after")];
    expect(await Promise.allSettled(results)).toEqual([
      { status: "fulfilled", value: "before" },
      { status: "rejected", reason: new RangeError("broken") },
      { status: "fulfilled", value: "after" },
    ]);
    expect(await mailbox.run(() => "later")).toBe("later");
  });
});

describe("a mailbox with waiting turns", () => {
  test("[R1] reports them until the last one runs", async () => {
    const mailbox = createMailbox();
    const { promise, resolve } = gate();
    const first = mailbox.run(() => promise);
    expect(mailbox.hasWaiting).toBe(false); // a running turn does not wait
    const seen: boolean[] = [];
    const others = [1, 2].map(() => mailbox.run(() => seen.push(mailbox.hasWaiting)));
    expect(mailbox.hasWaiting).toBe(true);
    resolve();
    await Promise.all([first, ...others]);
    expect(seen).toEqual([true, false]);
  });
});

describe("a turn that waits too long", () => {
  const limit = { waitLimit: 500 };

  test("[R1] is refused with room_busy and does not run, while later ones keep waiting", async () => {
    const { mailbox, pass, timers } = createMailboxAndTime();
    const { promise, resolve } = gate();
    const order: string[] = [];
    const first = mailbox.run(() => promise, limit);
    const second = mailbox.run(() => order.push("second"), limit);
    pass(300);
    const third = mailbox.run(() => order.push("third"), limit);
    pass(200);
    await expect(second).rejects.toMatchObject({ code: "room_busy" });
    resolve();
    await Promise.all([first, third]);
    expect(order).toEqual(["third"]);
    expect(timers.size).toBe(0);
  });

  test("[R1, U8] keeps waiting if it must run", async () => {
    const { mailbox, pass } = createMailboxAndTime();
    const { promise, resolve } = gate();
    const first = mailbox.run(() => promise);
    const second = mailbox.run(() => "ran");
    pass(3_600_000);
    resolve();
    expect(await Promise.all([first, second])).toEqual([undefined, "ran"]);
  });

  test("[R1] has no wait limit once it runs, because its own time is bounded elsewhere", async () => {
    const { mailbox, pass } = createMailboxAndTime();
    const { promise, resolve } = gate();
    const first = mailbox.run(() => promise, limit);
    pass(10_000);
    resolve();
    expect(await first).toBeUndefined();
  });
});

describe("a full mailbox", () => {
  const refusable = { waitLimit: 60_000 };

  test("[R1] refuses turns with room_overloaded, and accepts them again when there is space", async () => {
    const mailbox = createMailbox();
    const { promise, resolve } = gate();
    const order: number[] = [];
    const first = mailbox.run(() => promise);
    const waiting = Array.from({ length: mailboxSize.turns }, (_, index) =>
      mailbox.run(() => order.push(index), refusable),
    );
    await expect(mailbox.run(() => order.push(-1), refusable)).rejects.toMatchObject({
      info: { code: "room_overloaded" },
    });
    resolve();
    await Promise.all([first, ...waiting]);
    await mailbox.run(() => order.push(mailboxSize.turns));
    expect(order).toEqual(Array.from({ length: mailboxSize.turns + 1 }, (_, index) => index));
  });

  test("[R1, U8] still accepts a turn that must run, in its order", async () => {
    const mailbox = createMailbox();
    const { promise, resolve } = gate();
    const order: number[] = [];
    const first = mailbox.run(() => promise);
    const waiting = Array.from({ length: mailboxSize.turns }, (_, index) =>
      mailbox.run(() => order.push(index), refusable),
    );
    const last = mailbox.run(() => order.push(-1));
    resolve();
    await Promise.all([first, ...waiting, last]);
    expect(order.at(-1)).toBe(-1);
  });

  test("[R1] counts the size of the waiting input, and not only the turns", async () => {
    const mailbox = createMailbox();
    const { promise, resolve } = gate();
    const { characters } = mailboxSize;
    const running = mailbox.run(() => promise, { characters: 2 * characters }); // a running turn does not count
    const waiting = mailbox.run(() => "waited", { characters: characters - 1, ...refusable });
    await expect(mailbox.run(() => {}, { characters: 2, ...refusable })).rejects.toMatchObject({
      code: "room_overloaded",
    });
    const last = mailbox.run(() => "fits", { characters: 1, ...refusable });
    resolve();
    expect(await Promise.all([running, waiting, last])).toEqual([undefined, "waited", "fits"]);
    expect(await mailbox.run(() => "again", { characters, ...refusable })).toBe("again");
  });
});

describe("the log", () => {
  test("[O1, R1] has one line a minute for refused turns, with their number", async () => {
    const { mailbox, pass, logged } = createMailboxAndTime();
    const { promise, resolve } = gate();
    const first = mailbox.run(() => promise);
    const refuse = async (): Promise<void> => {
      const characters = mailboxSize.characters + 1;
      await expect(mailbox.run(() => {}, { characters, waitLimit: 500 })).rejects.toThrow();
    };
    for (let n = 0; n < 100; n++) await refuse();
    expect(logged).toEqual([{ event: "turns_refused", code: "room_overloaded", refused: 1 }]);
    const late = mailbox.run(() => {}, { waitLimit: 60_000 });
    pass(60_000);
    await expect(late).rejects.toMatchObject({ code: "room_busy" });
    expect(logged[1]).toEqual({ event: "turns_refused", code: "room_busy", refused: 100 });
    resolve();
    await first;
    expect(logged).toHaveLength(2);
  });
});

describe("a call with a timeout", () => {
  const minute = 60_000;

  test("[R1] returns what the function returns, synchronously or later", async () => {
    expect(await callWithin({ later }, minute, "f", () => 1)).toBe(1);
    expect(await callWithin({ later }, minute, "f", () => Promise.resolve(2))).toBe(2);
    expect(await callWithin({ later }, minute, "f", () => null)).toBe(null);
  });

  test("[R1] awaits any thenable, such as an RPC promise, which is a function", async () => {
    const callable = Object.assign(() => {}, {
      // oxlint-disable-next-line unicorn/no-thenable -- this is what an RPC promise looks like
      then: (resolve: (value: string) => void) => resolve("answer"),
    });
    expect(
      await callWithin({ later }, minute, "f", () => callable as unknown as PromiseLike<string>),
    ).toBe("answer");
  });

  test("[R1] throws what the function throws, synchronously or later", async () => {
    const broken = new RangeError("broken");
    const thrower = (): never => {
      throw broken;
    };
    await expect(callWithin({ later }, minute, "f", thrower)).rejects.toBe(broken);
    await expect(callWithin({ later }, minute, "f", () => Promise.reject(broken))).rejects.toBe(
      broken,
    );
  });

  test("[R1] fails with call_timeout if the function does not end, and says which one and how long", async () => {
    await expect(callWithin({ later }, 1, "The hook", hang)).rejects.toMatchObject({
      info: { code: "call_timeout", detail: "The hook took longer than 1 ms." },
    });
  });

  test("[R1] ignores what the function does after its timeout, including failures", async () => {
    const { promise, reject } = gate();
    const late = callWithin({ later }, 1, "The hook", () => promise);
    await expect(late).rejects.toMatchObject({ info: { code: "call_timeout" } });
    reject(new Error("nobody hears this")); // would fail the test run if it were unhandled
  });
});
