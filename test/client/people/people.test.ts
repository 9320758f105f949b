// The people in the room, as its messages describe them: in rooms that report everybody, and in large rooms.

import { describe, expect, test } from "vitest";
import { People } from "../../../src/client/people/people.ts";
import type { RoomMessage } from "../../../src/protocol/messages.ts";
import type { Presence } from "../../../src/protocol/presence.ts";
import { entry, welcome } from "../support/welcome.ts";

const shown = (more: object = {}): Presence => ({
  name: "Somebody",
  color: "#000000",
  typing: false,
  status: "online",
  ...more,
});

const [ada, bob, cyd, dan] = [entry("ada", 1), entry("bob", 2), entry("cyd", 3), entry("dan", 4)];
const none = { users: 0, online: 0, idle: 0, away: 0, typing: 0 };
const many = { users: 500, online: 400, idle: 50, away: 10, typing: 3 };

function peopleAfter(...messages: readonly RoomMessage[]): People {
  const people = new People();
  for (const message of messages) people.take(message);
  return people;
}

const idsOf = (list: readonly { readonly id: string }[]): readonly string[] =>
  list.map(({ id }) => id);

const presenceOf = (people: People, id: string): Presence | null | undefined =>
  people.view.people.find((person) => person.id === id)?.presence;

/** Ada, Bob without presence, and Cyd. */
const three = welcome({ users: [ada, bob, cyd], presence: { ada: shown(), cyd: shown() } });

/** A large room, in which Ada follows herself and sees Cyd and Dan in the sample. */
const sampled = welcome({
  users: [ada],
  presence: { ada: shown() },
  people: {
    counts: many,
    sample: [
      { user: dan, presence: shown({ cursor: 1 }) },
      { user: cyd, presence: shown({ cursor: 2 }) },
    ],
  },
});

describe("[N1] a room that reports everybody", () => {
  test("the list is empty before the welcome", () => {
    expect(new People().view).toEqual({ people: [], others: [], self: null, counts: none });
  });

  test("the welcome lists everybody, including the user, in the order in which they joined", () => {
    const { view } = peopleAfter(
      welcome({ users: [cyd, ada, bob], presence: { cyd: shown(), ada: shown() } }),
    );
    expect(view.people).toEqual([
      { id: "ada", entry: ada, presence: shown() },
      { id: "bob", entry: bob, presence: null },
      { id: "cyd", entry: cyd, presence: shown() },
    ]);
    expect(view.self).toBe(view.people[0]);
    expect(view.others).toEqual(view.people.slice(1));
  });

  test("a new user is added, one who joins again moves to the end, and one who leaves is removed", () => {
    const again = entry("ada", 5, { name: "Ada L." });
    const people = peopleAfter(three, {
      type: "users",
      joins: [dan],
      updates: [again],
      leaves: ["bob"],
    });
    expect(idsOf(people.view.people)).toEqual(["cyd", "dan", "ada"]);
    expect(people.view.self?.entry).toEqual(again);
  });

  test("presence that is added, updated or removed is shown with its user", () => {
    const people = peopleAfter(three, {
      type: "presence",
      joins: { bob: shown({ cursor: { x: 1 } }) },
      updates: { ada: { status: "idle", idleSince: "2026-11-22T10:00:00.000Z" } },
      leaves: ["cyd"],
    });
    expect(presenceOf(people, "ada")).toMatchObject({ status: "idle", name: "Somebody" });
    expect(presenceOf(people, "bob")).toEqual(shown({ cursor: { x: 1 } }));
    expect(presenceOf(people, "cyd")).toBeNull();
  });

  test("an update of presence is a merge patch", () => {
    const people = peopleAfter(
      welcome({ presence: { ada: shown({ cursor: { x: 1, y: 2 }, tool: "pen" }) } }),
      { type: "presence", updates: { ada: { cursor: { x: 3 }, tool: null } } },
    );
    expect(presenceOf(people, "ada")).toEqual(shown({ cursor: { x: 3, y: 2 } }));
  });

  test("presence that is sent in full replaces the previous one", () => {
    const people = peopleAfter(welcome({ presence: { ada: shown({ tool: "pen" }) } }), {
      type: "presence",
      joins: { ada: shown() },
      leaves: ["ada"],
    });
    expect(presenceOf(people, "ada")).toEqual(shown());
  });

  test("presence that arrives before its user's entry is shown once the entry has arrived", () => {
    const people = peopleAfter(three, { type: "presence", joins: { dan: shown() } });
    expect(idsOf(people.view.people)).toEqual(["ada", "bob", "cyd"]);
    people.take({ type: "users", joins: [dan] });
    expect(presenceOf(people, "dan")).toEqual(shown());
  });

  test("the counts include everybody", () => {
    const people = peopleAfter(
      welcome({
        users: [ada, bob, cyd, dan],
        presence: {
          ada: shown({ typing: true }),
          bob: shown({ status: "idle" }),
          cyd: shown({ status: "away" }),
        },
      }),
    );
    expect(people.view.counts).toEqual({ users: 4, online: 1, idle: 1, away: 1, typing: 1 });
  });

  test("another welcome replaces the whole list", () => {
    const people = peopleAfter(three, welcome({ users: [ada, dan], presence: { dan: shown() } }));
    expect(idsOf(people.view.people)).toEqual(["ada", "dan"]);
    expect(presenceOf(people, "ada")).toBeNull();
  });

  test("`self` keeps its last value once the room no longer reports this user", () => {
    const people = peopleAfter(three);
    const { self } = people.view;
    people.take({ type: "users", leaves: ["ada"] });
    expect(people.view.self).toBe(self);
    expect(idsOf(people.view.people)).toEqual(["bob", "cyd"]);
  });
});

describe("[N1] unchanged parts stay the same objects", () => {
  test("a message that is not about people changes nothing", () => {
    const people = peopleAfter(three);
    const { view } = people;
    people.take({ type: "change", from: 0, to: 1, patch: [] });
    people.take({ type: "scopes", scopes: [] });
    expect(people.view).toBe(view);
  });

  test("a welcome with the same content changes nothing", () => {
    const people = peopleAfter(three);
    const { view } = people;
    people.take(structuredClone(three));
    expect(people.view).toBe(view);
  });

  test("a welcome with new content replaces only the objects that have changed", () => {
    const people = peopleAfter(three);
    const before = people.view;
    people.take(
      structuredClone({
        ...three,
        users: [ada, bob, entry("cyd", 9)],
        presence: { ada: shown({ cursor: 1 }), cyd: shown() },
      }),
    );
    const [first, second, third] = people.view.people;
    expect(first).not.toBe(before.people[0]);
    expect(first?.entry).toBe(before.people[0]?.entry);
    expect(second).toBe(before.people[1]);
    expect(third).not.toBe(before.people[2]);
    expect(third?.presence).toBe(before.people[2]?.presence);
  });

  test("an update with the same content changes nothing", () => {
    const people = peopleAfter(three);
    const { view } = people;
    people.take({ type: "presence", updates: { ada: { typing: false } } });
    expect(people.view).toBe(view);
  });

  test("a person becomes a new object only if that person has changed", () => {
    const people = peopleAfter(three);
    const before = people.view;
    people.take({ type: "presence", updates: { cyd: { typing: true } } });
    const after = people.view;
    expect(after.people[0]).toBe(before.people[0]);
    expect(after.people[1]).toBe(before.people[1]);
    expect(after.people[2]).not.toBe(before.people[2]);
    expect(after.people[2]?.entry).toBe(before.people[2]?.entry);
    expect(after.self).toBe(before.self);
    expect(before.people[2]?.presence?.typing).toBe(false);
  });

  test("`others` stays the same list if only the user's own presence has changed", () => {
    const people = peopleAfter(three);
    const before = people.view;
    people.take({ type: "presence", updates: { ada: { cursor: 1 } } });
    expect(people.view.others).toBe(before.others);
    expect(people.view.counts).toBe(before.counts);
    expect(people.view.people).not.toBe(before.people);
  });

  test("the counts of a large room can change alone", () => {
    const people = peopleAfter(sampled);
    const before = people.view;
    people.take({ type: "people", counts: { ...many, typing: 4 } });
    expect(people.view.counts.typing).toBe(4);
    expect(people.view.people).toBe(before.people);
  });

  test("everything in the view is frozen", () => {
    const { view } = peopleAfter(welcome({ presence: { ada: shown({ cursor: { at: [1] } }) } }), {
      type: "presence",
      updates: { ada: { cursor: { to: [2] } } },
    });
    const [person] = view.people;
    const cursor = person?.presence?.cursor as { at: unknown; to: unknown };
    for (const value of [
      view,
      view.people,
      view.others,
      view.counts,
      person,
      person?.entry,
      person?.entry.meta,
      person?.presence,
      cursor,
      cursor.at,
      cursor.to,
    ])
      expect(value).toSatisfy(Object.isFrozen);
  });
});

describe("[N1] a large room", () => {
  test("the list holds the followed users and the sample, in the order in which they joined", () => {
    const { view } = peopleAfter(sampled);
    expect(idsOf(view.people)).toEqual(["ada", "cyd", "dan"]);
    expect(view.counts).toEqual(many);
    expect(view.self?.id).toBe("ada");
  });

  test("a followed user's own updates win over those in the sample, because they are newer", () => {
    const people = peopleAfter(
      sampled,
      { type: "users", joins: [entry("cyd", 3, { name: "Cyd" })] },
      { type: "presence", joins: { cyd: shown({ cursor: 9 }) } },
    );
    people.take({ type: "people", counts: many, updates: { cyd: { cursor: 7 } } });
    expect(presenceOf(people, "cyd")).toMatchObject({ cursor: 9 });
    expect(idsOf(people.view.people)).toEqual(["ada", "cyd", "dan"]);
    people.take({ type: "users", leaves: ["cyd"] });
    people.take({ type: "presence", leaves: ["cyd"] });
    expect(presenceOf(people, "cyd")).toMatchObject({ cursor: 7 });
  });

  test("a followed user without presence is shown without it, even if the sample has one", () => {
    const people = peopleAfter(sampled, { type: "users", joins: [cyd] });
    expect(presenceOf(people, "cyd")).toBeNull();
  });

  test("an update of the sample removes, changes and adds people", () => {
    const people = peopleAfter(sampled, {
      type: "people",
      counts: { ...many, users: 501 },
      joins: [{ user: bob, presence: shown() }],
      updates: { cyd: { cursor: 3 } },
      leaves: ["dan"],
    });
    expect(idsOf(people.view.people)).toEqual(["ada", "bob", "cyd"]);
    expect(presenceOf(people, "cyd")).toEqual(shown({ cursor: 3 }));
    expect(people.view.counts.users).toBe(501);
  });

  test("a user who joins again leaves the sample and enters it anew", () => {
    const people = peopleAfter(sampled, {
      type: "people",
      counts: many,
      joins: [{ user: entry("cyd", 9), presence: shown() }],
      leaves: ["cyd"],
    });
    expect(idsOf(people.view.people)).toEqual(["ada", "dan", "cyd"]);
    expect(presenceOf(people, "cyd")).toEqual(shown());
  });

  test("an update for a user who is not in the sample is ignored", () => {
    const people = peopleAfter(sampled, {
      type: "people",
      counts: many,
      updates: { bob: { cursor: 1 } },
    });
    expect(idsOf(people.view.people)).toEqual(["ada", "cyd", "dan"]);
  });

  test("a complete sample replaces the previous one, but not the followed users", () => {
    const people = peopleAfter(
      sampled,
      { type: "users", joins: [cyd] },
      { type: "people", counts: many, sample: [{ user: bob, presence: shown() }] },
    );
    expect(idsOf(people.view.people)).toEqual(["ada", "bob", "cyd"]);
  });

  test("everybody but the user is forgotten when a room becomes large", () => {
    const people = peopleAfter(
      three,
      { type: "people", counts: many, sample: [{ user: dan, presence: shown() }] },
      { type: "users", joins: [bob] },
    );
    expect(idsOf(people.view.people)).toEqual(["ada", "bob", "dan"]);
    expect(presenceOf(people, "ada")).toEqual(shown());
    expect(people.view.counts).toEqual(many);
    people.take({ type: "users", joins: [cyd] });
    expect(presenceOf(people, "cyd")).toBeNull();
  });

  test("a room that is no longer large reports everybody, and has no sample", () => {
    const people = peopleAfter(sampled, {
      type: "everybody",
      users: [ada, bob],
      presence: { ada: shown(), bob: shown() },
    });
    expect(idsOf(people.view.people)).toEqual(["ada", "bob"]);
    expect(people.view.counts).toEqual({ ...none, users: 2, online: 2 });
    people.take({ type: "users", joins: [cyd] });
    expect(people.view.counts.users).toBe(3);
  });

  test("a welcome that reports everybody ends the sample", () => {
    const people = peopleAfter(sampled, three);
    expect(idsOf(people.view.people)).toEqual(["ada", "bob", "cyd"]);
    expect(people.view.counts.users).toBe(3);
  });
});

test("[N1] a user id or a member such as __proto__ is treated as data", () => {
  const proto = entry("__proto__", 2);
  const people = peopleAfter(
    welcome({
      users: [ada, proto],
      presence: JSON.parse(`{"__proto__":${JSON.stringify(shown())}}`) as Record<string, Presence>,
    }),
    JSON.parse(
      '{"type":"presence","updates":{"__proto__":{"typing":true,"__proto__":{"polluted":1}}}}',
    ) as RoomMessage,
  );
  expect(idsOf(people.view.people)).toEqual(["ada", "__proto__"]);
  const presence = presenceOf(people, "__proto__");
  expect(presence?.typing).toBe(true);
  expect(Object.getPrototypeOf(presence)).toBe(Object.prototype);
  expect(Object.hasOwn(presence ?? {}, "__proto__")).toBe(true);
  people.take({ type: "presence", leaves: ["__proto__"] });
  people.take({ type: "users", leaves: ["__proto__"] });
  expect(idsOf(people.view.people)).toEqual(["ada"]);
});
