// Who is in the room: users in join order (rule U5), with their deadlines (rules U6, U7, P4).

import type { Scope } from "../protocol/scopes.ts";
import type { SessionPresence } from "./presence.ts";
import { deadline, watermarkFromStorage, type ActivityWatermark } from "./activity-watermark.ts";
import type { UserEntry } from "../protocol/users.ts";

/** A lease: the user leaves when `ttl` ms pass without a sign of life. */
export type Lease = {
  readonly ttl: number;
  /** The last sign of life. */
  readonly seen: ActivityWatermark;
  /** Set while they have a socket, which is a sign of life all the time. */
  readonly paused?: true;
};

export type Member = {
  /** Place in the join order; never used twice while the room runs. */
  readonly seq: number;
  readonly entry: UserEntry;
  readonly lease?: Lease;
  /** They joined by socket: they leave when their last socket has been gone for the grace period (rule U6). */
  readonly bySocket?: true;
  /** Epoch ms at which the grace period ends, while their sockets are gone. */
  readonly awayUntil?: number;
  /** What their sessions may do, if an administrator has set that. */
  readonly scopes?: readonly Scope[];
  /** Presence that a server holds for them (rule P4). */
  readonly held?: Held;
};

/** Presence without a socket, until this time (epoch ms). */
export type Held = { readonly presence: SessionPresence; readonly until: number };

/** A member as a room that wakes finds them. */
export const memberFromStorage = ({ lease, ...member }: Member): Member =>
  lease === undefined
    ? member
    : { ...member, lease: { ...lease, seen: watermarkFromStorage(lease.seen.until) } };

export class Members {
  readonly #byId = new Map<string, Member>();
  readonly #texts = new WeakMap<UserEntry, string>();
  #nextSeq = 1;

  constructor(members: Iterable<Member> = []) {
    for (const member of members) this.put(member);
  }

  get size(): number {
    return this.#byId.size;
  }

  /** The place in the join order of whoever joins next. */
  get nextSeq(): number {
    return this.#nextSeq;
  }

  get(userId: string): Member | undefined {
    return this.#byId.get(userId);
  }

  /** Add or replace a member. With a new `seq` they go to the end of the join order. */
  put(member: Member): void {
    const { id } = member.entry;
    if (this.#byId.get(id)?.seq !== member.seq) this.#byId.delete(id);
    this.#byId.set(id, member);
    this.#nextSeq = Math.max(this.#nextSeq, member.seq + 1);
  }

  remove(userId: string): void {
    this.#byId.delete(userId);
  }

  /** In join order. */
  all(): Member[] {
    return [...this.#byId.values()];
  }

  entries(): UserEntry[] {
    return Array.from(this.#byId.values(), (member) => member.entry);
  }

  /** A member's entry as JSON text, made once. */
  text(userId: string): string {
    const entry = this.#byId.get(userId)?.entry;
    if (entry === undefined) return "null";
    let text = this.#texts.get(entry);
    if (text === undefined) {
      text = JSON.stringify(entry);
      this.#texts.set(entry, text);
    }
    return text;
  }

  /** Every entry as JSON text, in join order. */
  texts(): string[] {
    return Array.from(this.#byId.keys(), (userId) => this.text(userId));
  }

  /** Members for whom a deadline has passed. */
  due(kind: Deadline, now: number): Member[] {
    return this.all().filter((member) => (deadlines[kind](member) ?? Infinity) <= now);
  }

  /** Epoch ms of the next deadline, if any member has one. */
  next(kind: Deadline): number | undefined {
    let next: number | undefined;
    for (const member of this.#byId.values()) {
      const at = deadlines[kind](member);
      if (at !== undefined && at < (next ?? Infinity)) next = at;
    }
    return next;
  }
}

/** `lease`: a membership that lapses. `grace`: the grace period. `presence`: what a server holds. */
export type Deadline = "lease" | "grace" | "presence";

const deadlines: Readonly<Record<Deadline, (member: Member) => number | undefined>> = {
  lease: ({ lease }) => (lease && !lease.paused ? deadline(lease.seen, lease.ttl) : undefined),
  grace: ({ awayUntil }) => awayUntil,
  presence: ({ held }) => held?.until,
};
