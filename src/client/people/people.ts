// The people in the room, from its messages: everybody, or in a room of many those that this client follows and a sample
// of the others. Unchanged parts stay the same objects.

import type { JsonObject } from "../../protocol/json.ts";
import { mergePatch } from "../../protocol/merge-patch.ts";
import type { RoomMessage } from "../../protocol/messages.ts";
import type { PeopleCounts, SamplePerson } from "../../protocol/people.ts";
import type { Presence } from "../../protocol/presence.ts";
import type { UserEntry } from "../../protocol/users.ts";
import { renew } from "../renew.ts";
import type { Person } from "../types.ts";

/** The visible people. */
export type PeopleView = {
  /** In the order in which they joined. */
  readonly people: readonly Person[];
  /** The same without oneself. */
  readonly others: readonly Person[];
  /** `null` before the first welcome. The last that was known, if the room does not tell of oneself any more. */
  readonly self: Person | null;
  readonly counts: PeopleCounts;
};

/** The view before the first welcome. */
export const nobody: PeopleView = renew(undefined, {
  people: [],
  others: [],
  self: null,
  counts: { users: 0, online: 0, idle: 0, away: 0, typing: 0 },
});

export class People {
  /** By user id, as all maps here. In a sampled room, those that are followed. */
  #users = new Map<string, UserEntry>();
  #presence = new Map<string, Presence>();
  /** `null` in a room that tells of everybody. */
  #sample: { readonly people: Map<string, SamplePerson>; readonly counts: PeopleCounts } | null =
    null;
  #selfId = "";
  #view = nobody;
  #isStale = false;

  /** The result of the messages so far. The same object until something changes. */
  get view(): PeopleView {
    if (this.#isStale) this.#view = this.#build();
    this.#isStale = false;
    return this.#view;
  }

  /** Take a message; those that are not about people change nothing. */
  take(message: RoomMessage): void {
    switch (message.type) {
      case "welcome":
        this.#selfId = message.user.id;
        this.#begin(message);
        if (message.people) this.#beginSample(message.people);
        break;
      case "everybody":
        this.#begin(message);
        break;
      case "users": {
        const { joins = [], updates = [], leaves = [] } = message;
        for (const id of leaves) this.#users.delete(id);
        for (const user of [...updates, ...joins]) this.#users.set(user.id, user);
        break;
      }
      case "presence": {
        const { joins = {}, updates = {}, leaves = [] } = message;
        for (const id of leaves) this.#presence.delete(id);
        for (const [id, shown] of Object.entries(joins)) this.#presence.set(id, shown);
        for (const [id, patch] of Object.entries(updates))
          this.#presence.set(id, patched(this.#presence.get(id), patch));
        break;
      }
      case "people":
        if ("sample" in message) {
          // Until now it was everybody. The room reports followed users anew from here on.
          if (!this.#sample)
            for (const map of [this.#users, this.#presence])
              for (const id of map.keys()) if (id !== this.#selfId) map.delete(id);
          this.#beginSample(message);
        } else this.#changeSample(message);
        break;
      default:
        return;
    }
    this.#isStale = true;
  }

  /**
   * Show what oneself has sent before the room tells of it. Typing and being idle depend on one's other sessions, too, and
   * whoever takes the name away is given another one: the room tells of that.
   */
  show({ typing: _typing, status: _status, ...data }: JsonObject): void {
    const own = this.#presence.get(this.#selfId);
    if (!own) return;
    const shown = patched(own, data);
    const { name = own.name, color = own.color } = shown;
    this.#presence.set(this.#selfId, { ...shown, name, color });
    this.#isStale = true;
  }

  #begin({ users, presence }: Extract<RoomMessage, { type: "welcome" | "everybody" }>): void {
    this.#users = new Map(users.map((user) => [user.id, user]));
    this.#presence = new Map(Object.entries(presence));
    this.#sample = null;
  }

  #beginSample({ sample, counts }: Sample): void {
    this.#sample = { people: new Map(sample.map((person) => [person.user.id, person])), counts };
  }

  #changeSample({ joins = [], updates = {}, leaves = [], counts }: SampleNews): void {
    const people = this.#sample?.people ?? new Map<string, SamplePerson>();
    for (const id of leaves) people.delete(id);
    for (const [id, patch] of Object.entries(updates)) {
      const person = people.get(id);
      if (person) people.set(id, { ...person, presence: patched(person.presence, patch) });
    }
    for (const person of joins) people.set(person.user.id, person);
    this.#sample = { people, counts };
  }

  #build(): PeopleView {
    const old = this.#view;
    const known = new Map(old.people.map((person) => [person.id, person]));
    const shown: Person[] = [];
    const show = (entry: UserEntry, presence: Presence | null): void => {
      const { id } = entry;
      shown.push(renew(known.get(id), { id, entry, presence }));
    };
    for (const [id, entry] of this.#users) show(entry, this.#presence.get(id) ?? null);
    for (const [id, { user, presence }] of this.#sample?.people ?? [])
      if (!this.#users.has(id)) show(user, presence);
    const people = shown.toSorted((a, b) => a.entry.seq - b.entry.seq);
    return renew(old, {
      people,
      others: people.filter(({ id }) => id !== this.#selfId),
      self: people.find(({ id }) => id === this.#selfId) ?? old.self,
      counts: this.#sample?.counts ?? count(people),
    });
  }
}

type PeopleMessage = Extract<RoomMessage, { type: "people" }>;
type Sample = { readonly sample: readonly SamplePerson[]; readonly counts: PeopleCounts };
type SampleNews = Exclude<PeopleMessage, Sample>;

const patched = (presence: Presence | undefined, patch: JsonObject): Presence =>
  mergePatch(presence ?? {}, patch) as Presence;

function count(people: readonly Person[]): PeopleCounts {
  const counts = { ...nobody.counts, users: people.length };
  for (const { presence } of people) {
    if (!presence) continue;
    counts[presence.status]++;
    if (presence.typing) counts.typing++;
  }
  return counts;
}
