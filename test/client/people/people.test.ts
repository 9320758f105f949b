// Who is in the room, from its messages: in rooms that tell of everybody, and in rooms of many.

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

/** A room of many, of which Ada follows herself and sees Cyd and Dan in the sample. */
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

describe("[N1] a room that tells of everybody", () => {
  test("before the welcome there is nobody", () => {
    expect(new People().view).toEqual({ people: [], others: [], self: null, counts: none });
  });

  test("the welcome has everybody, oneself included, in the order in which they joined", () => {
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

  test("users who join, join again and leave are in the list, at its end, and gone", () => {
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

  test("presence that is new, changes and goes is that of the person", () => {
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

  test("presence that is known in full anew replaces the old one", () => {
    const people = peopleAfter(welcome({ presence: { ada: shown({ tool: "pen" }) } }), {
      type: "presence",
      joins: { ada: shown() },
      leaves: ["ada"],
    });
    expect(presenceOf(people, "ada")).toEqual(shown());
  });

  test("presence of somebody whose entry has not come yet is shown with it", () => {
    const people = peopleAfter(three, { type: "presence", joins: { dan: shown() } });
    expect(idsOf(people.view.people)).toEqual(["ada", "bob", "cyd"]);
    people.take({ type: "users", joins: [dan] });
    expect(presenceOf(people, "dan")).toEqual(shown());
  });

  test("the counts are those of everybody", () => {
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

  test("another welcome replaces everybody", () => {
    const people = peopleAfter(three, welcome({ users: [ada, dan], presence: { dan: shown() } }));
    expect(idsOf(people.view.people)).toEqual(["ada", "dan"]);
    expect(presenceOf(people, "ada")).toBeNull();
  });

  test("oneself is the last that was known, once the room tells of oneself no more", () => {
    const people = peopleAfter(three);
    const { self } = people.view;
    people.take({ type: "users", leaves: ["ada"] });
    expect(people.view.self).toBe(self);
    expect(idsOf(people.view.people)).toEqual(["bob", "cyd"]);
  });
});

describe("[N1] what has not changed stays the same object", () => {
  test("a message that is not about people changes nothing", () => {
    const people = peopleAfter(three);
    const { view } = people;
    people.take({ type: "change", from: 0, to: 1, patch: [] });
    people.take({ type: "scopes", scopes: [] });
    expect(people.view).toBe(view);
  });

  test("a welcome that says the same changes nothing", () => {
    const people = peopleAfter(three);
    const { view } = people;
    people.take(structuredClone(three));
    expect(people.view).toBe(view);
  });

  test("what a welcome says anew of somebody is another object only as far as it has changed", () => {
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

  test("an update that says the same changes nothing", () => {
    const people = peopleAfter(three);
    const { view } = people;
    people.take({ type: "presence", updates: { ada: { typing: false } } });
    expect(people.view).toBe(view);
  });

  test("a person is another object only if that person has changed", () => {
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

  test("the others are the same list if only oneself has changed", () => {
    const people = peopleAfter(three);
    const before = people.view;
    people.take({ type: "presence", updates: { ada: { cursor: 1 } } });
    expect(people.view.others).toBe(before.others);
    expect(people.view.counts).toBe(before.counts);
    expect(people.view.people).not.toBe(before.people);
  });

  test("counts of a room of many may change alone", () => {
    const people = peopleAfter(sampled);
    const before = people.view;
    people.take({ type: "people", counts: { ...many, typing: 4 } });
    expect(people.view.counts.typing).toBe(4);
    expect(people.view.people).toBe(before.people);
  });

  test("what is shown is frozen", () => {
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

describe("[N1] a room of many", () => {
  test("the people are those who are followed and the sample, in the order in which they joined", () => {
    const { view } = peopleAfter(sampled);
    expect(idsOf(view.people)).toEqual(["ada", "cyd", "dan"]);
    expect(view.counts).toEqual(many);
    expect(view.self?.id).toBe("ada");
  });

  test("of somebody in both, what is followed is shown: it is newer", () => {
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

  test("somebody who is followed and shows nothing is not shown as in the sample", () => {
    const people = peopleAfter(sampled, { type: "users", joins: [cyd] });
    expect(presenceOf(people, "cyd")).toBeNull();
  });

  test("what is new of the sample: who is gone, who has moved, who has come", () => {
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

  test("whoever has joined the room anew leaves the sample and comes into it", () => {
    const people = peopleAfter(sampled, {
      type: "people",
      counts: many,
      joins: [{ user: entry("cyd", 9), presence: shown() }],
      leaves: ["cyd"],
    });
    expect(idsOf(people.view.people)).toEqual(["ada", "dan", "cyd"]);
    expect(presenceOf(people, "cyd")).toEqual(shown());
  });

  test("an update of somebody who is not in the sample brings nobody into it", () => {
    const people = peopleAfter(sampled, {
      type: "people",
      counts: many,
      updates: { bob: { cursor: 1 } },
    });
    expect(idsOf(people.view.people)).toEqual(["ada", "cyd", "dan"]);
  });

  test("a whole sample replaces the one before, and not those who are followed", () => {
    const people = peopleAfter(
      sampled,
      { type: "users", joins: [cyd] },
      { type: "people", counts: many, sample: [{ user: bob, presence: shown() }] },
    );
    expect(idsOf(people.view.people)).toEqual(["ada", "bob", "cyd"]);
  });

  test("a room that becomes one of many is forgotten but for oneself", () => {
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

  test("a room that is no longer one of many tells of everybody, and there is no sample", () => {
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

  test("a welcome of a room that tells of everybody ends the sample", () => {
    const people = peopleAfter(sampled, three);
    expect(idsOf(people.view.people)).toEqual(["ada", "bob", "cyd"]);
    expect(people.view.counts.users).toBe(3);
  });
});

test("[N1] a user id such as __proto__ and a member of that name are data", () => {
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
