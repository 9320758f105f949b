// The presence that this client sends: only differences, no faster than the room allows, the first at once and the last
// one always. Some tests use a session of the room to compute what others see.

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { OwnPresence } from "../../../src/client/people/own-presence.ts";
import type { PresenceInput } from "../../../src/client/types.ts";
import {
  changePresence,
  combinePresence,
  initialPresence,
  type SessionPresence,
} from "../../../src/model/presence.ts";
import type { JsonObject } from "../../../src/protocol/json.ts";
import type { ClientMessage } from "../../../src/protocol/messages.ts";
import type { Presence } from "../../../src/protocol/presence.ts";
import { FakeEnvironment } from "../support/fake-environment.ts";

const limits = { messagesPerSecond: 100 };

/** The client's own presence, together with the room's side of it. */
class Showing {
  readonly environment = new FakeEnvironment();
  readonly sentAt: number[] = [];
  isOpen = true;
  #taken: JsonObject[] = [];
  #session: SessionPresence = initialPresence({ id: "ada", name: "Ada", color: "#123456" });
  readonly own = new OwnPresence({
    environment: this.environment,
    send: (message) => this.#send(message),
    sent: () => {},
  });

  /** Start a session, which knows nothing about the previous one. */
  welcome(messagesPerSecond = limits.messagesPerSecond): void {
    this.#session = initialPresence({ id: "ada", name: "Ada", color: "#123456" });
    this.own.welcomed({ messagesPerSecond });
  }

  #send(message: ClientMessage): boolean {
    if (!this.isOpen || message.type !== "presence") return false;
    const now = this.environment.now();
    this.#taken.push(message.data);
    this.sentAt.push(now);
    this.#session = changePresence(this.#session, message.data, now);
    return true;
  }

  /** What was sent since the last call. */
  take(): readonly JsonObject[] {
    return this.#taken.splice(0);
  }

  /** What others see. */
  get seen(): Presence {
    return combinePresence([this.#session], this.environment.now());
  }
}

function showing(): Showing {
  const each = new Showing();
  each.welcome();
  return each;
}

describe("[P1] what is sent", () => {
  test("nothing is sent before the welcome, and everything is sent after it", () => {
    const shown = new Showing();
    shown.own.set({ cursor: { x: 1 } });
    shown.own.set({ tool: "pen" });
    expect(shown.take()).toEqual([]);
    shown.welcome();
    expect(shown.take()).toEqual([{ cursor: { x: 1 }, tool: "pen" }]);
  });

  test("nothing is sent after a welcome if there is no presence", () => {
    expect(showing().take()).toEqual([]);
  });

  test("only the difference is sent", async () => {
    const { own, environment, take } = parts(showing());
    own.set({ cursor: { x: 1, y: 2 }, tool: "pen" });
    await environment.advance(100);
    own.set({ cursor: { x: 3, y: 2 }, tool: "pen" });
    expect(take()).toEqual([{ cursor: { x: 1, y: 2 }, tool: "pen" }, { cursor: { x: 3 } }]);
  });

  test("a value that others already see is not sent again", async () => {
    const { own, environment, take } = parts(showing());
    own.set({ cursor: { x: 1 }, status: "online" });
    await environment.advance(100);
    take();
    own.set({ cursor: { x: 1 } });
    own.set({ status: "online" });
    await environment.advance(100);
    expect(take()).toEqual([]);
    expect(environment.timers).toBe(0);
  });

  test("null removes a member, for the user and for others", async () => {
    const shown = showing();
    shown.own.set({ cursor: { x: 1, y: 2 }, tool: "pen" });
    await shown.environment.advance(100);
    shown.own.set({ cursor: { y: null }, tool: null });
    await shown.environment.advance(100);
    expect(shown.take().at(-1)).toEqual({ cursor: { y: null }, tool: null });
    expect(shown.seen.cursor).toEqual({ x: 1 });
    shown.welcome();
    expect(shown.take()).toEqual([{ cursor: { x: 1 } }]);
  });

  test("null removes the name that comes from the user's entry, again after each welcome", async () => {
    const shown = showing();
    expect(shown.seen.name).toBe("Ada");
    shown.own.set({ name: null });
    expect(shown.seen.name).toBe("Anonymous");
    shown.welcome();
    expect(shown.seen.name).toBe("Anonymous");
    await shown.environment.advance(100);
    shown.own.set({ name: "A." });
    expect(shown.seen.name).toBe("A.");
  });

  test("a value that was replaced before it was sent has no effect", async () => {
    const shown = showing();
    shown.own.set({ cursor: { x: 1 } });
    shown.own.set({ cursor: null });
    shown.own.set({ cursor: { y: 2 } });
    await shown.environment.advance(100);
    expect(shown.seen.cursor).toEqual({ y: 2 });
  });

  test("later changes to the object that the application passed in have no effect", async () => {
    const { own, environment, take } = parts(showing());
    const cursor = { x: 1 };
    own.set({ cursor: 0 });
    own.set({ cursor });
    cursor.x = 2;
    await environment.advance(100);
    expect(take()).toEqual([{ cursor: 0 }, { cursor: { x: 1 } }]);
  });

  test("an undefined member is ignored", () => {
    const { own, take } = parts(showing());
    own.set({ cursor: 1, tool: undefined } as unknown as PresenceInput);
    expect(take()).toEqual([{ cursor: 1 }]);
  });

  test("a value that JSON cannot represent is refused, and nothing changes", async () => {
    const { own, environment, take } = parts(showing());
    own.set({ cursor: 1 });
    expect(() => own.set({ cursor: 1n as unknown as number })).toThrow(TypeError);
    await environment.advance(100);
    expect(take()).toEqual([{ cursor: 1 }]);
  });

  test("a member such as __proto__ is treated as data", () => {
    const { own, take } = parts(showing());
    own.set(JSON.parse('{"__proto__":{"x":1}}') as PresenceInput);
    const [sent] = take();
    expect(JSON.stringify(sent)).toBe('{"__proto__":{"x":1}}');
  });
});

describe("[P1] how often it is sent", () => {
  test("the first change is sent at once, then one every 40 ms, and the last one always", async () => {
    const shown = showing();
    const start = shown.environment.now();
    for (let x = 0; x <= 20; x++) {
      shown.own.set({ cursor: { x } });
      await shown.environment.advance(5);
    }
    await shown.environment.advance(1000);
    expect(shown.sentAt.map((at) => at - start)).toEqual([0, 40, 80, 120]);
    expect(shown.take().at(-1)).toEqual({ cursor: { x: 20 } });
    expect(shown.environment.timers).toBe(0);
  });

  test.each([
    [100, 40],
    [20, 200],
    [10_000, 33],
  ])("in a room that accepts %i messages a second, one is sent every %i ms", async (rate, gap) => {
    const shown = new Showing();
    shown.welcome(rate);
    const start = shown.environment.now();
    for (const x of [1, 2, 3, 4, 5]) {
      shown.own.set({ cursor: x });
      await shown.environment.advance(gap / 2);
    }
    expect(shown.sentAt.map((at) => at - start)).toEqual([0, gap, 2 * gap]);
  });

  test("after a pause the next change is sent at once again", async () => {
    const { own, environment, take } = parts(showing());
    own.set({ cursor: 1 });
    await environment.advance(40);
    take();
    own.set({ cursor: 2 });
    expect(take()).toEqual([{ cursor: 2 }]);
  });

  test("a clock that is set back does not delay a change", async () => {
    const { own, environment, take } = parts(showing());
    own.set({ cursor: 1 });
    environment.setClock(environment.now() - 3_600_000);
    own.set({ cursor: 2 });
    await environment.advance(40);
    expect(take()).toEqual([{ cursor: 1 }, { cursor: 2 }]);
  });

  test("a change that is reverted before it was sent is not sent", async () => {
    const { own, environment, take } = parts(showing());
    own.set({ cursor: 1 });
    own.set({ cursor: 2 });
    own.set({ cursor: 1 });
    await environment.advance(1000);
    expect(take()).toEqual([{ cursor: 1 }]);
  });
});

describe("[P1] typing and idleness", () => {
  test("typing is repeated every 3 s until it is set to false", async () => {
    const shown = showing();
    shown.own.set({ typing: true });
    for (let count = 0; count < 5; count++) {
      await shown.environment.advance(2_999);
      expect(shown.take()).toHaveLength(count === 0 ? 1 : 0);
      await shown.environment.advance(1);
      expect(shown.take()).toEqual([{ typing: true }]);
      expect(shown.seen.typing).toBe(true);
    }
    await shown.environment.advance(100);
    shown.own.set({ typing: false });
    expect(shown.seen.typing).toBe(false);
    expect(shown.environment.timers).toBe(0);
  });

  test("setting typing repeatedly does not send it more often", async () => {
    const { own, environment, take } = parts(showing());
    for (let count = 0; count < 100; count++) {
      own.set({ typing: true });
      await environment.advance(50);
    }
    expect(take()).toEqual([{ typing: true }, { typing: true }]);
  });

  test("removing typing ends it too", async () => {
    const shown = showing();
    shown.own.set({ typing: true });
    await shown.environment.advance(100);
    shown.own.set({ typing: null } as unknown as PresenceInput);
    await shown.environment.advance(100);
    expect(shown.seen.typing).toBe(false);
    expect(shown.environment.timers).toBe(0);
  });

  test("a pending change is sent together with the repeated typing", async () => {
    const { own, environment, take } = parts(showing());
    own.set({ typing: true });
    await environment.advance(2_970);
    take();
    own.set({ cursor: 1 });
    own.set({ cursor: 2 });
    await environment.advance(100);
    expect(take()).toEqual([{ cursor: 1 }, { typing: true, cursor: 2 }]);
  });

  test("going idle ends typing, which is then not repeated", async () => {
    const shown = showing();
    shown.own.set({ typing: true });
    await shown.environment.advance(100);
    shown.own.set({ status: "idle" });
    await shown.environment.advance(10_000);
    expect(shown.seen).toMatchObject({ typing: false, status: "idle" });
    expect(shown.environment.timers).toBe(0);
  });

  test.each([{ cursor: 1 }, { typing: true }])(
    "%j ends the idle status, so that setting idle again sends it",
    async (move) => {
      const shown = showing();
      shown.own.set({ status: "idle" });
      await shown.environment.advance(100);
      shown.own.set(move);
      expect(shown.seen.status).toBe("online");
      await shown.environment.advance(100);
      shown.own.set({ status: "idle" });
      expect(shown.seen.status).toBe("idle");
    },
  );

  test("a cursor that is set together with the idle status does not end it", async () => {
    const shown = showing();
    shown.own.set({ status: "idle" });
    await shown.environment.advance(100);
    shown.own.set({ cursor: 1, status: "idle" });
    expect(shown.seen).toMatchObject({ cursor: 1, status: "idle" });
  });

  test("a change other than activity leaves the user idle, even after the next welcome", async () => {
    const shown = showing();
    shown.own.set({ cursor: 1, status: "idle" });
    await shown.environment.advance(100);
    shown.own.set({ tool: "pen", cursor: null });
    expect(shown.seen.status).toBe("idle");
    shown.welcome();
    expect(shown.seen.status).toBe("idle");
  });
});

describe("[P1] connections", () => {
  test("everything is sent again after each welcome", async () => {
    const shown = showing();
    shown.own.set({ cursor: 1, tool: "pen" });
    await shown.environment.advance(100);
    shown.own.set({ cursor: 2 });
    shown.take();
    shown.own.stop();
    shown.welcome();
    expect(shown.take()).toEqual([{ cursor: 2, tool: "pen" }]);
    shown.welcome();
    expect(shown.take()).toEqual([{ cursor: 2, tool: "pen" }]);
  });

  test("without a connection nothing is sent, and no timer is left", async () => {
    const { own, environment, take } = parts(showing());
    own.set({ typing: true });
    own.set({ cursor: 1 });
    own.set({ cursor: 3 });
    expect(environment.timers).toBe(2);
    own.stop();
    take();
    expect(environment.timers).toBe(0);
    own.set({ cursor: 2 });
    await environment.advance(10_000);
    expect(take()).toEqual([]);
    expect(environment.timers).toBe(0);
  });

  test("a change that could not be sent is sent with the next one", async () => {
    const shown = showing();
    shown.isOpen = false;
    shown.own.set({ cursor: 1 });
    shown.isOpen = true;
    shown.own.set({ tool: "pen" });
    expect(shown.take()).toEqual([{ cursor: 1, tool: "pen" }]);
  });
});

test("[P1] others finally see the combined result of all changes, whatever was set and when", async () => {
  const value = fc.oneof(
    fc.constant(null),
    fc.integer({ min: 0, max: 3 }),
    fc.dictionary(fc.constantFrom("x", "y"), fc.oneof(fc.constant(null), fc.nat(3))),
  );
  const patch = fc.record(
    {
      cursor: value,
      tool: value,
      name: fc.constantFrom(null, "A", "B"),
      typing: fc.boolean(),
      status: fc.constantFrom("online" as const, "idle" as const),
    },
    { requiredKeys: [] },
  );
  const step = fc.record({
    patch,
    pause: fc.constantFrom(0, 0, 10, 50, 4_000),
    isCut: fc.boolean(),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 12 }), async (steps) => {
      const shown = showing();
      let expected = initialPresence({ id: "ada", name: "Ada", color: "#123456" });
      for (const { patch: set, pause, isCut } of steps) {
        shown.own.set(set as PresenceInput);
        expected = changePresence(expected, set as JsonObject, shown.environment.now());
        await shown.environment.advance(pause);
        if (isCut) shown.welcome();
      }
      await shown.environment.advance(100);
      const { data, idleSince } = expected;
      const isTyping = idleSince === undefined && shownTyping(steps.map((each) => each.patch));
      const { name, color, typing, status, idleSince: _, ...rest } = shown.seen;
      expect({ name, color, ...rest }).toEqual({ name: "Anonymous", color: "#6366F1", ...data });
      expect(typing).toBe(isTyping);
      expect(status).toBe(idleSince === undefined ? "online" : "idle");
    }),
    { numRuns: 300 },
  );
});

/** Whether a user who made these changes is typing: until they set it to false, or go idle. */
function shownTyping(patches: readonly { typing?: boolean; status?: string }[]): boolean {
  let isTyping = false;
  for (const { typing, status } of patches) {
    isTyping = typing ?? isTyping;
    if (status === "idle") isTyping = false;
  }
  return isTyping;
}

/** What most tests need. */
function parts(shown: Showing): Pick<Showing, "own" | "environment"> & {
  take: () => readonly JsonObject[];
} {
  return { own: shown.own, environment: shown.environment, take: () => shown.take() };
}
