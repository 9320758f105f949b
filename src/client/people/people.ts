// Who is in the room, from what it tells: everybody, or in a room of many those that this client follows and a sample
// of the others. What has not changed stays the same object.

import { jsonEqual, type JsonObject, type JsonValue } from "../../protocol/json.ts";
import { mergePatch } from "../../protocol/merge-patch.ts";
import type { RoomMessage } from "../../protocol/messages.ts";
import type { PeopleCounts, SamplePerson } from "../../protocol/people.ts";
import type { Presence } from "../../protocol/presence.ts";
import type { UserEntry } from "../../protocol/users.ts";
import type { Person } from "../types.ts";

/** What there is to see. */
export type PeopleView = {
  /** In the order in which they joined. */
  readonly people: readonly Person[];
  /** The same without oneself. */
  readonly others: readonly Person[];
  /** `null` before the first welcome. The last that was known, if the room does not tell of oneself any more. */
  readonly self: Person | null;
  readonly counts: PeopleCounts;
};

type Lists<T> = {
  readonly joins?: T | undefined;
  readonly updates?: T | undefined;
  readonly leaves?: readonly string[];
};

const empty: PeopleView = freeze({
  people: [],
  others: [],
  self: null,
  counts: { users: 0, online: 0, idle: 0, away: 0, typing: 0 },
});

export class People {
  /** By user id, as all maps here. In a sampled room, those that are followed. */
  #users: ReadonlyMap<string, UserEntry> = new Map();
  #presence: ReadonlyMap<string, Presence> = new Map();
  /** `null` in a room that tells of everybody. */
  #sample: { readonly people: Map<string, SamplePerson>; readonly counts: PeopleCounts } | null =
    null;
  #selfId = "";
  #persons = new Map<string, Person>();
  #view = empty;
  #isStale = false;

  /** What the messages so far have told. The same object until something changes. */
  get view(): PeopleView {
    if (this.#isStale) {
      this.#isStale = false;
      this.#view = this.#build();
    }
    return this.#view;
  }

  /** Take a message; those that are not about people change nothing. */
  take(message: RoomMessage): void {
    switch (message.type) {
      case "welcome":
        this.#selfId = message.user.id;
        this.#sample = message.people
          ? { people: byId(message.people.sample), counts: message.people.counts }
          : null;
        this.#replace(message.users, message.presence);
        break;
      case "everybody":
        this.#sample = null;
        this.#replace(message.users, message.presence);
        break;
      case "users":
        this.#changeUsers(message);
        break;
      case "presence":
        this.#changePresence(message);
        break;
      case "people":
        this.#changeSample(message);
        break;
      default:
        return;
    }
    this.#isStale = true;
  }

  #replace(users: readonly UserEntry[], presence: Readonly<Record<string, Presence>>): void {
    this.#users = new Map(users.map((user) => [user.id, user]));
    this.#presence = new Map(Object.entries(presence));
  }

  #changeUsers({ joins = [], updates = [], leaves = [] }: Lists<readonly UserEntry[]>): void {
    const users = new Map(this.#users);
    for (const id of leaves) users.delete(id);
    for (const user of [...updates, ...joins]) users.set(user.id, user);
    this.#users = users;
  }

  #changePresence({
    joins = {},
    updates = {},
    leaves = [],
  }: Lists<Readonly<Record<string, JsonObject>>>): void {
    const presence = new Map(this.#presence);
    for (const id of leaves) presence.delete(id);
    for (const [id, shown] of Object.entries(joins)) presence.set(id, shown as Presence);
    for (const [id, patch] of Object.entries(updates))
      presence.set(id, mergePatch(presence.get(id) ?? {}, patch) as Presence);
    this.#presence = presence;
  }

  #changeSample(message: Extract<RoomMessage, { type: "people" }>): void {
    const { counts } = message;
    if ("sample" in message) {
      // Until now it was everybody. Whoever is followed from here on is told of anew.
      if (!this.#sample) {
        this.#users = ofOne(this.#users, this.#selfId);
        this.#presence = ofOne(this.#presence, this.#selfId);
      }
      this.#sample = { people: byId(message.sample), counts };
      return;
    }
    const people = new Map(this.#sample?.people);
    for (const id of message.leaves ?? []) people.delete(id);
    for (const [id, patch] of Object.entries(message.updates ?? {})) {
      const person = people.get(id);
      if (person)
        people.set(id, { ...person, presence: mergePatch(person.presence, patch) as Presence });
    }
    for (const person of message.joins ?? []) people.set(person.user.id, person);
    this.#sample = { people, counts };
  }

  #build(): PeopleView {
    const persons = new Map<string, Person>();
    for (const [id, entry] of this.#users)
      persons.set(id, this.#person(id, entry, this.#presence.get(id) ?? null));
    for (const [id, { user, presence }] of this.#sample?.people ?? [])
      if (!persons.has(id)) persons.set(id, this.#person(id, user, presence));
    this.#persons = persons;
    const old = this.#view;
    const sorted = [...persons.values()].toSorted((a, b) => a.entry.seq - b.entry.seq);
    const people = keep(old.people, sorted);
    const others = keep(
      old.others,
      sorted.filter(({ id }) => id !== this.#selfId),
    );
    const self = persons.get(this.#selfId) ?? old.self;
    const counts = same(old.counts, this.#sample?.counts ?? count(people));
    const isSame = people === old.people && self === old.self && counts === old.counts;
    return isSame ? old : Object.freeze({ people, others, self, counts });
  }

  #person(id: string, entry: UserEntry, presence: Presence | null): Person {
    const old = this.#persons.get(id);
    return old && jsonEqual(old.entry, entry) && jsonEqual(old.presence, presence)
      ? old
      : freeze({
          id,
          entry: old ? same(old.entry, entry) : entry,
          presence: old ? same(old.presence, presence) : presence,
        });
  }
}

const byId = (sample: readonly SamplePerson[]): Map<string, SamplePerson> =>
  new Map(sample.map((person) => [person.user.id, person]));

/** A map with one of its members, if it has it. */
const ofOne = <T>(map: ReadonlyMap<string, T>, id: string): ReadonlyMap<string, T> =>
  new Map([...map].filter(([each]) => each === id));

function count(people: readonly Person[]): PeopleCounts {
  const counts = { users: people.length, online: 0, idle: 0, away: 0, typing: 0 };
  for (const { presence } of people) {
    if (!presence) continue;
    counts[presence.status]++;
    if (presence.typing) counts.typing++;
  }
  return counts;
}

/** The old value if it says the same, else the new one, frozen. */
const same = <T extends JsonValue>(old: T, now: T): T => (jsonEqual(old, now) ? old : freeze(now));

/** The old list if it has the same objects, else the new one, frozen. */
const keep = <T>(old: readonly T[], now: readonly T[]): readonly T[] =>
  old.length === now.length && old.every((each, index) => each === now[index])
    ? old
    : Object.freeze(now);

function freeze<T>(value: T): T {
  if (typeof value === "object" && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value);
    for (const inner of Object.values(value)) freeze(inner);
  }
  return value;
}
