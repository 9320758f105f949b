// The users who joined, changed and left since the last message, as one message. It has the same result as a
// message for each step, and users who joined and left in between are left out.

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { RoomMessage } from "../../src/protocol/messages.ts";
import type { UserEntry } from "../../src/protocol/users.ts";
import { PeopleWriter } from "../../src/model/people-news.ts";
import { UsersDelta } from "../../src/model/users-delta.ts";
import { runs } from "../support/runs.ts";

const entry = (id: string, at = 0): UserEntry => ({
  id,
  joinedAt: new Date(at).toISOString(),
  seq: 1,
  meta: { at },
});

/** A delta that knows the entries, and gives the message that clients get. */
class Delta {
  readonly #delta = new UsersDelta();
  readonly #entries = new Map<string, UserEntry>();

  get isEmpty(): boolean {
    return this.#delta.isEmpty;
  }

  put(user: UserEntry, isNew: boolean): void {
    this.#entries.set(user.id, user);
    this.#delta.put(user, isNew);
  }

  remove(userId: string): void {
    this.#entries.delete(userId);
    this.#delta.remove(userId);
  }

  take(): RoomMessage | null {
    const writer = new PeopleWriter();
    for (const [userId, user] of this.#delta.take()) {
      const present = this.#entries.get(userId);
      const userText = present ? JSON.stringify(present) : null;
      writer.add({ userId, user, userText, presence: undefined, presenceText: null });
    }
    return JSON.parse(writer.texts().users ?? "null") as RoomMessage | null;
  }
}

describe("a delta of users", () => {
  test("[U5] lists users who joined, in join order", () => {
    const delta = new Delta();
    expect(delta.isEmpty).toBe(true);
    for (const id of ["zoe", "1", "ada", "0"]) delta.put(entry(id), true);
    expect(delta.isEmpty).toBe(false);
    const joins = ["zoe", "1", "ada", "0"].map((id) => entry(id));
    expect(delta.take()).toEqual({ type: "users", joins });
  });

  test("[U3] lists users who joined again with their new entry", () => {
    const delta = new Delta();
    delta.put(entry("ada", 1), false);
    delta.put(entry("ada", 2), false);
    expect(delta.take()).toEqual({ type: "users", updates: [entry("ada", 2)] });
  });

  test("[U4] lists the ids of users who left", () => {
    const delta = new Delta();
    delta.remove("ada");
    delta.remove("bob");
    expect(delta.take()).toEqual({ type: "users", leaves: ["ada", "bob"] });
  });

  test("[U3] lists a new user who joined again once, in the order of the last join", () => {
    const delta = new Delta();
    delta.put(entry("ada", 1), true);
    delta.put(entry("bob", 2), true);
    delta.put(entry("ada", 3), false);
    expect(delta.take()).toEqual({ type: "users", joins: [entry("bob", 2), entry("ada", 3)] });
  });

  test("[U4] leaves out users who joined and left", () => {
    const delta = new Delta();
    delta.put(entry("ada"), true);
    delta.put(entry("ada"), false);
    delta.remove("ada");
    expect(delta.isEmpty).toBe(true);
    expect(delta.take()).toBeNull();
  });

  test("[U3, U4] lists users who left and came back as updates", () => {
    const delta = new Delta();
    delta.remove("ada");
    delta.put(entry("ada", 2), true);
    expect(delta.take()).toEqual({ type: "users", updates: [entry("ada", 2)] });
    delta.put(entry("ada", 3), false);
    delta.remove("ada");
    expect(delta.take()).toEqual({ type: "users", leaves: ["ada"] });
  });

  test("[U4] lists each change once", () => {
    const delta = new Delta();
    delta.put(entry("ada"), true);
    delta.take();
    expect(delta.isEmpty).toBe(true);
    expect(delta.take()).toBeNull();
    delta.put(entry("ada", 1), false);
    expect(delta.take()).toEqual({ type: "users", updates: [entry("ada", 1)] });
  });

  test.each(["__proto__", "constructor", "toString"])("[S9] accepts the id %s", (id) => {
    const delta = new Delta();
    delta.put(entry(id), true);
    expect(delta.take()).toEqual({ type: "users", joins: [entry(id)] });
    delta.remove(id);
    expect(delta.take()).toEqual({ type: "users", leaves: [id] });
  });
});

type Known = Map<string, UserEntry>;

/** Apply a message as a client does, see docs/PROTOCOL.md. */
function applyMessage(known: Known, message: RoomMessage | null): void {
  if (message === null) return;
  if (message.type !== "users") throw new Error(`a message ${message.type}`);
  const { leaves = [], updates = [], joins = [] } = message;
  for (const id of [...leaves, ...updates.map((each) => each.id)])
    expect(known.delete(id), `${id} was known`).toBe(true);
  const put = [...updates, ...joins].toSorted((a, b) => a.joinedAt.localeCompare(b.joinedAt));
  for (const each of put) {
    expect(known.has(each.id), `${each.id} was known`).toBe(false);
    known.set(each.id, each);
  }
  const ids = [...leaves, ...put.map((each) => each.id)];
  expect(new Set(ids).size).toBe(ids.length);
  expect(ids).not.toEqual([]);
}

test("[U5, W2] clients know the users in order, whatever happens between two messages", () => {
  fc.assert(
    fc.property(
      fc.array(
        fc.record({
          what: fc.constantFrom("join", "join", "join", "leave", "leave", "tell"),
          who: fc.constantFrom("ada", "bob", "eve", "__proto__"),
        }),
        { maxLength: 60, size: "max" },
      ),
      (steps) => {
        const delta = new Delta();
        const [room, client]: [Known, Known] = [new Map(), new Map()];
        for (const [at, { what, who }] of [...steps, { what: "tell", who: "" }].entries()) {
          if (what === "join") {
            delta.put(entry(who, at), !room.delete(who));
            room.set(who, entry(who, at));
          } else if (what === "leave") {
            if (room.delete(who)) delta.remove(who);
          } else {
            applyMessage(client, delta.take());
            expect([...client.values()]).toEqual([...room.values()]);
          }
        }
      },
    ),
    { numRuns: runs(500) },
  );
});
