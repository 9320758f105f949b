// What a client knows of a room, kept from its messages as docs/PROTOCOL.md tells, and no wiser: state by
// `welcome` and `change`, users and presence by what joins, moves and leaves, and in a sampled room how many
// people there are and a sample of them. It is strict. Whatever does not follow from what came before is a
// breach.

import type { JsonObject } from "../../src/protocol/json.ts";
import type { Patch } from "../../src/protocol/json-patch.ts";
import type { RoomMessage } from "../../src/protocol/messages.ts";
import type { PeopleCounts, SamplePerson } from "../../src/protocol/people.ts";
import type { Presence } from "../../src/protocol/presence.ts";
import type { UserEntry } from "../../src/protocol/users.ts";
import { mergedByOracle } from "./merge-patch.ts";
import { plainPatched } from "./plain-patch.ts";
import { presence } from "./wire.ts";

/** The message of a type. */
export type RoomMessageOf<Type extends RoomMessage["type"]> = Extract<RoomMessage, { type: Type }>;

export type Welcome = RoomMessageOf<"welcome">;

/** A state that a client still has from earlier. */
export type Known = {
  readonly epoch: string;
  readonly version: number;
  readonly state: JsonObject;
};

export class Replica {
  #welcome: Welcome | undefined;
  #version = -1;
  #state: JsonObject = {};
  #scopes: Welcome["scopes"] = [];
  readonly #users = new Map<string, UserEntry>();
  readonly #presence = new Map<string, Presence>();
  /** In a sampled room; then `#users` and `#presence` are those that the session follows. */
  #people: {
    readonly counts: PeopleCounts;
    readonly sample: Map<string, SamplePerson>;
  } | null = null;
  readonly #marks = new Set<number>();

  /**
   * Take the next message in.
   * @param known what a first welcome may resume from
   * @throws Error when it does not follow from those before
   */
  take(message: RoomMessage, known?: Known): void {
    if (this.#welcome === undefined && message.type !== "welcome")
      throw breach("W1", `${message.type} came before welcome`);
    switch (message.type) {
      case "welcome":
        return this.#begin(message, known);
      case "change":
        return this.#change(message);
      case "users":
        return this.#takeUsers(message);
      case "presence":
        return this.#takePresence(message);
      case "people":
        return this.#takePeople(message);
      case "everybody":
        if (this.#people === null) throw breach("N1", "everybody came in a room that shows all");
        this.#people = null;
        return this.#beginUsers(message.users, message.presence);
      case "scopes":
        this.#scopes = message.scopes;
        return;
      case "mark":
        if (this.#marks.has(message.n)) throw breach("W3", `mark ${message.n} came twice`);
        this.#marks.add(message.n);
        return;
      case "reply":
        if (message.ok && message.version !== undefined && message.version > this.#version)
          throw breach("W2", `a reply with version ${message.version} came before the change`);
        return;
      case "part":
        throw breach("N3", "a part came inside a frame");
      case "event":
      case "error":
        return;
      default:
        message satisfies never;
    }
  }

  /** The last one. */
  get welcome(): Welcome {
    if (this.#welcome === undefined) throw new Error("not welcome yet");
    return this.#welcome;
  }

  get version(): number {
    return this.#version;
  }

  get state(): JsonObject {
    return this.#state;
  }

  get scopes(): Welcome["scopes"] {
    return this.#scopes;
  }

  /** In join order. */
  get users(): UserEntry[] {
    return [...this.#users.values()];
  }

  /** By user id. */
  get presence(): Record<string, Presence> {
    return Object.fromEntries(this.#presence);
  }

  /** How many people there are, in a sampled room. */
  get counts(): PeopleCounts | null {
    return this.#people?.counts ?? null;
  }

  /** A sample of them, by user id. */
  get sample(): Record<string, SamplePerson> {
    return Object.fromEntries(this.#people?.sample ?? []);
  }

  #begin(welcome: Welcome, known?: Known): void {
    const again = this.#welcome !== undefined;
    const isSameState = welcome.epoch === this.#welcome?.epoch && welcome.version === this.#version;
    const told = new Set(welcome.users.map(({ id }) => id));
    if (isSameState && [...this.#users.keys()].every((id) => told.has(id)))
      throw breach("R10", `welcomed again, with the version ${this.#version} that it has`);
    this.#welcome = welcome;
    this.#version = welcome.version;
    this.#scopes = welcome.scopes;
    this.#people = welcome.people
      ? { counts: welcome.people.counts, sample: sampleOf(welcome.people.sample) }
      : null;
    this.#beginUsers(welcome.users, welcome.presence);
    if (JSON.stringify(this.#users.get(welcome.user.id)) !== JSON.stringify(welcome.user))
      throw breach("W1", `the welcomed user ${welcome.user.id} is not among the users`);
    const isKnown = !again && known?.epoch === welcome.epoch && known.version <= welcome.version;
    if (welcome.resumed && !isKnown) throw breach("W1", "resumed, and from nothing that is known");
    if ("state" in welcome) this.#state = welcome.state;
    else this.#state = patched(known?.state ?? {}, welcome.patch);
  }

  #beginUsers(users: Welcome["users"], shown: Welcome["presence"]): void {
    this.#users.clear();
    for (const entry of users) this.#join(entry);
    this.#presence.clear();
    for (const [id, first] of Object.entries(shown)) this.#appear(id, first);
  }

  #takePeople(message: RoomMessageOf<"people">): void {
    if ("sample" in message) {
      if (this.#people === null) {
        // Of all that it knew, it keeps itself.
        for (const known of [this.#users, this.#presence])
          for (const id of known.keys()) if (id !== this.welcome.user.id) known.delete(id);
      }
      const { counts, sample } = message;
      this.#people = { counts, sample: sampleOf(sample) };
      return;
    }
    if (this.#people === null) throw breach("N1", "people came without a sample first");
    const { sample } = this.#people;
    const { counts, joins = [], updates = {}, leaves = [] } = message;
    const { counts: before } = this.#people;
    const saysNothing = [joins, Object.keys(updates), leaves].every(({ length }) => length === 0);
    if (saysNothing && JSON.stringify(before) === JSON.stringify(counts))
      throw breach("N1", "people came and said nothing");
    for (const id of leaves)
      if (!sample.delete(id)) throw breach("N1", `${id} left the sample without being in it`);
    for (const [id, update] of Object.entries(updates)) {
      const old = sample.get(id);
      if (old === undefined) throw breach("N1", `${id} moves without being in the sample`);
      const next = mergedByOracle(old.presence, update) as Presence;
      presence.parse(next);
      sample.set(id, { ...old, presence: next });
    }
    for (const person of joins) {
      if (sample.has(person.user.id)) throw breach("N1", `${person.user.id} is in the sample`);
      sample.set(person.user.id, person);
    }
    if (sample.size > 32) throw breach("N1", `${sample.size} people are in the sample`);
    this.#people = { counts, sample };
  }

  #change({ from, to, patch }: RoomMessageOf<"change">): void {
    if (from !== this.#version) throw breach("W2", `from ${from} at version ${this.#version}`);
    if (to <= from) throw breach("W2", `a change from ${from} to ${to}`);
    this.#state = patched(this.#state, patch);
    this.#version = to;
  }

  #takeUsers({ joins = [], updates = [], leaves = [] }: RoomMessageOf<"users">): void {
    for (const id of leaves)
      if (!this.#users.delete(id)) throw breach("W2", `${id} left without being there`);
    for (const { id } of updates)
      if (!this.#users.delete(id)) throw breach("W2", `${id} is updated without being there`);
    // Whoever joined again is as good as new: the last in join order.
    for (const entry of [...updates, ...joins].toSorted((a, b) => a.seq - b.seq)) this.#join(entry);
  }

  #join(entry: UserEntry): void {
    if (this.#users.has(entry.id)) throw breach("W2", `${entry.id} joins and is there already`);
    const last = this.users.at(-1);
    const isLast = last === undefined || entry.seq > last.seq;
    this.#users.set(entry.id, entry);
    if (isLast) return;
    // Whoever is watched from now on may have joined long ago.
    if (this.#people === null)
      throw breach("U5", `${entry.id} joins with seq ${entry.seq} after ${last.seq}`);
    const inOrder = this.users.toSorted((a, b) => a.seq - b.seq);
    this.#users.clear();
    for (const each of inOrder) this.#users.set(each.id, each);
  }

  #takePresence({ joins = {}, updates = {}, leaves = [] }: RoomMessageOf<"presence">): void {
    for (const id of leaves)
      if (!this.#presence.delete(id))
        throw breach("P2", `${id} leaves presence without having any`);
    for (const [id, first] of Object.entries(joins)) this.#appear(id, first);
    for (const [id, update] of Object.entries(updates)) {
      const old = this.#presence.get(id);
      if (old === undefined) throw breach("P2", `${id} moves without being there`);
      const next = mergedByOracle(old, update) as Presence;
      presence.parse(next);
      this.#presence.set(id, next);
    }
  }

  #appear(id: string, first: Presence): void {
    if (this.#presence.has(id)) throw breach("P2", `${id} appears and is there already`);
    this.#presence.set(id, first);
  }
}

const sampleOf = (people: readonly SamplePerson[]): Map<string, SamplePerson> =>
  new Map(people.map((person) => [person.user.id, person]));

function patched(state: JsonObject, patch: Patch): JsonObject {
  try {
    return plainPatched(state, patch) as JsonObject;
  } catch (error) {
    throw breach("W2", String(error));
  }
}

const breach = (rule: string, what: string): Error => new Error(`[${rule}] ${what}`);
