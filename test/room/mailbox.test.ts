// The mailbox and the bounded call by themselves: turns run one at a time in the order they came, and
// a call into foreign code ends in time whatever that code does.

import { describe, expect, test } from "vitest";
import { callWithin } from "../../src/room/hooks/call-within.ts";
import { Mailbox, mailboxSize } from "../../src/room/mailbox.ts";
import { gate, hang } from "../fixtures/scripts.ts";

describe("a mailbox", () => {
  test("[R1] an idle mailbox runs a turn in the very call", () => {
    const mailbox = new Mailbox();
    const order: string[] = [];
    const turn = mailbox.run(() => order.push("turn"));
    order.push("after the call");
    expect(order).toEqual(["turn", "after the call"]);
    return turn;
  });

  test("[R1] turns run in the order they came, however long each awaits", async () => {
    const mailbox = new Mailbox();
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
    // Released from last to first: a turn that did not wait for its turn would end early.
    for (const { resolve } of gates.toReversed()) resolve();
    expect(await Promise.all(turns)).toEqual([0, 1, 2]);
    expect(order).toEqual(["start 0", "end 0", "start 1", "end 1", "start 2", "end 2"]);
  });

  test("[R1] no turn slips in while the mailbox is handed from one to the next", async () => {
    const mailbox = new Mailbox();
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
    // Asked for in every microtask around the hand-over.
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
  ])("[R1] a turn that %s fails for its caller alone", async ([, turn]) => {
    const mailbox = new Mailbox();
    const results = [mailbox.run(() => "before"), mailbox.run(turn), mailbox.run(() => "after")];
    expect(await Promise.allSettled(results)).toEqual([
      { status: "fulfilled", value: "before" },
      { status: "rejected", reason: new RangeError("broken") },
      { status: "fulfilled", value: "after" },
    ]);
    expect(await mailbox.run(() => "later")).toBe("later");
  });
});

describe("a mailbox with turns that wait", () => {
  test("[R1] says so, until the last of them has its turn", async () => {
    const mailbox = new Mailbox();
    const { promise, resolve } = gate();
    const first = mailbox.run(() => promise);
    expect(mailbox.hasWaiting).toBe(false); // what runs does not wait
    const seen: boolean[] = [];
    const others = [1, 2].map(() => mailbox.run(() => seen.push(mailbox.hasWaiting)));
    expect(mailbox.hasWaiting).toBe(true);
    resolve();
    await Promise.all([first, ...others]);
    expect(seen).toEqual([true, false]);
  });
});

describe("a full mailbox", () => {
  test("[R1] refuses a turn with room_overloaded, and takes turns again when there is place", async () => {
    const mailbox = new Mailbox();
    const { promise, resolve } = gate();
    const order: number[] = [];
    const first = mailbox.run(() => promise);
    const waiting = Array.from({ length: mailboxSize.turns }, (_, index) =>
      mailbox.run(() => order.push(index)),
    );
    await expect(mailbox.run(() => order.push(-1))).rejects.toMatchObject({
      info: { code: "room_overloaded" },
    });
    resolve();
    await Promise.all([first, ...waiting]);
    await mailbox.run(() => order.push(mailboxSize.turns));
    expect(order).toEqual(Array.from({ length: mailboxSize.turns + 1 }, (_, index) => index));
  });

  test("[R1, U8] takes what must be done all the same, in its turn", async () => {
    const mailbox = new Mailbox();
    const { promise, resolve } = gate();
    const order: number[] = [];
    const first = mailbox.run(() => promise);
    const waiting = Array.from({ length: mailboxSize.turns }, (_, index) =>
      mailbox.run(() => order.push(index)),
    );
    const last = mailbox.run(() => order.push(-1), 0, false);
    resolve();
    await Promise.all([first, ...waiting, last]);
    expect(order.at(-1)).toBe(-1);
  });

  test("[R1] counts the input that waits, not only the turns", async () => {
    const mailbox = new Mailbox();
    const { promise, resolve } = gate();
    const { characters } = mailboxSize;
    const running = mailbox.run(() => promise, 2 * characters); // what runs does not wait
    const waiting = mailbox.run(() => "waited", characters - 1);
    await expect(mailbox.run(() => {}, 2)).rejects.toMatchObject({ code: "room_overloaded" });
    const last = mailbox.run(() => "fits", 1);
    resolve();
    expect(await Promise.all([running, waiting, last])).toEqual([undefined, "waited", "fits"]);
    expect(await mailbox.run(() => "again", characters)).toBe("again");
  });
});

describe("a call within a limit", () => {
  const minute = 60_000;

  test("[R1] gives what the function gives, at once or later", async () => {
    expect(await callWithin(minute, "f", () => 1)).toBe(1);
    expect(await callWithin(minute, "f", () => Promise.resolve(2))).toBe(2);
    expect(await callWithin(minute, "f", () => null)).toBe(null);
  });

  test("[R1] waits for whatever can be waited for, as an RPC promise is a function", async () => {
    const callable = Object.assign(() => {}, {
      // oxlint-disable-next-line unicorn/no-thenable -- that is what an RPC promise looks like
      then: (resolve: (value: string) => void) => resolve("answer"),
    });
    expect(await callWithin(minute, "f", () => callable as unknown as PromiseLike<string>)).toBe(
      "answer",
    );
  });

  test("[R1] throws what the function throws, at once or later", async () => {
    const broken = new RangeError("broken");
    const thrower = (): never => {
      throw broken;
    };
    await expect(callWithin(minute, "f", thrower)).rejects.toBe(broken);
    await expect(callWithin(minute, "f", () => Promise.reject(broken))).rejects.toBe(broken);
  });

  test("[R1] ends with call_timeout when the function does not, and says which and how long", async () => {
    await expect(callWithin(1, "The hook", hang)).rejects.toMatchObject({
      info: { code: "call_timeout", detail: "The hook took longer than 1 ms." },
    });
  });

  test("[R1] what the function does after its time is ignored, failures too", async () => {
    const { promise, reject } = gate();
    const late = callWithin(1, "The hook", () => promise);
    await expect(late).rejects.toMatchObject({ info: { code: "call_timeout" } });
    reject(new Error("nobody hears this")); // unhandled, it would fail the run
  });
});
