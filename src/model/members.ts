// The members of a room in join order (rule U5), with their deadlines (rules U6, U7, P4). It keeps them in
// memory only and neither writes storage nor sets timers.

import { isObject, isTextList } from "../protocol/json.ts";
import type { Scope } from "../protocol/scopes.ts";
import { isTime } from "../protocol/time.ts";
import type { Presence } from "../protocol/presence.ts";
import { isSessionPresence, presenceFromStorage, type SessionPresence } from "./presence.ts";
import { deadline, watermarkFromStorage, type ActivityWatermark } from "./activity-watermark.ts";
import type { UserEntry } from "../protocol/users.ts";

/** A lease: the user leaves after `ttl` ms without activity. */
export type Lease = {
  readonly ttl: number;
  /** The user's last activity. */
  readonly seen: ActivityWatermark;
  /** Set while the user has a socket: an open socket counts as constant activity. */
  readonly paused?: true;
};

export type Member = {
  /** Position in the join order; never reused while the room runs. */
  readonly seq: number;
  readonly entry: UserEntry;
  readonly lease?: Lease;
  /** The user joined by socket and leaves when the grace period after their last socket ends (rule U6). */
  readonly bySocket?: true;
  /** Epoch ms at which the grace period ends; present while the user has no socket. */
  readonly awayUntil?: number;
  /** The presence that clients see meanwhile. */
  readonly away?: Presence;
  /** The scopes of the user's sessions, if a hook or an administrator has set them. */
  readonly scopes?: readonly Scope[];
  /** Presence that a server holds for the user (rule P4). */
  readonly held?: HeldPresence;
};

/** Presence without a socket: held for `ttl` ms, until `until` (epoch ms). */
export type HeldPresence = {
  readonly presence: SessionPresence;
  readonly until: number;
  /** Absent in records of the first release. */
  readonly ttl?: number;
};

/**
 * Restore a member when the room wakes. The clock may have been ahead when a deadline was written, so no deadline may
 * lie further ahead than its own duration.
 * @param grace the grace period in ms
 * @returns `null` if the record is not a member's
 */
export function memberFromStorage(stored: Member, grace: number, now: number): Member | null {
  if (!isMember(stored)) return null;
  const { seq, entry, lease, awayUntil, held, ...rest } = stored;
  return {
    ...rest,
    seq,
    entry: { ...entry, seq },
    ...(awayUntil !== undefined && { awayUntil: Math.min(awayUntil, now + grace) }),
    ...(held && { held: heldFromStorage(held, now) }),
    ...(lease && {
      lease: {
        ...lease,
        seen: watermarkFromStorage(Math.min(lease.seen.until, now + lease.ttl / 10)),
      },
    }),
  };
}

const isMember = ({ seq, entry, lease, awayUntil, away, scopes, held }: Member): boolean =>
  Number.isSafeInteger(seq) &&
  isObject(entry) &&
  typeof entry.id === "string" &&
  (lease === undefined || isLease(lease)) &&
  (awayUntil === undefined || isTime(awayUntil)) &&
  (away === undefined || isObject(away)) &&
  (scopes === undefined || isTextList(scopes)) &&
  (held === undefined || isHeld(held));

const isLease = (lease: unknown): boolean =>
  isObject(lease) &&
  isTime(lease["ttl"]) &&
  isObject(lease["seen"]) &&
  isTime(lease["seen"]["until"]);

const isHeld = (held: unknown): boolean =>
  isObject(held) &&
  isSessionPresence(held["presence"]) &&
  isTime(held["until"]) &&
  (held["ttl"] === undefined || isTime(held["ttl"]));

function heldFromStorage(held: HeldPresence, now: number): HeldPresence {
  const { presence, until, ttl = Infinity } = held;
  return {
    ...held,
    presence: presenceFromStorage(presence, now),
    until: Math.min(until, now + ttl),
  };
}

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

  /** The next user's position in the join order. */
  get nextSeq(): number {
    return this.#nextSeq;
  }

  get(userId: string): Member | undefined {
    return this.#byId.get(userId);
  }

  /** Add or replace a member. With a new `seq` the member moves to the end of the join order. */
  put(member: Member): void {
    const { id } = member.entry;
    if (this.#byId.get(id)?.seq !== member.seq) this.#byId.delete(id);
    this.#byId.set(id, member);
    this.#nextSeq = Math.max(this.#nextSeq, member.seq + 1);
  }

  remove(userId: string): void {
    this.#byId.delete(userId);
  }

  /** All members in join order. */
  all(): Member[] {
    return [...this.#byId.values()];
  }

  entries(): UserEntry[] {
    return Array.from(this.#byId.values(), (member) => member.entry);
  }

  /** A member's entry as JSON text; it is serialized once. `"null"` for an unknown user. */
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

  /** All entries as JSON text, in join order. */
  texts(): string[] {
    return Array.from(this.#byId.keys(), (userId) => this.text(userId));
  }

  /**
   * Entries as JSON text, in join order.
   * @param after the position in the join order after which the page starts
   * @returns at most `limit` texts, and the `after` of the next page; `null` on the last page
   */
  page(after: number, limit: number): { texts: string[]; nextAfter: number | null } {
    const texts: string[] = [];
    let last = after;
    for (const { seq, entry } of this.#byId.values()) {
      if (seq <= after) continue;
      if (texts.length === limit) return { texts, nextAfter: last };
      texts.push(this.text(entry.id));
      last = seq;
    }
    return { texts, nextAfter: null };
  }

  /** Members whose deadline of this kind has passed. `now` is epoch ms. */
  due(kind: Deadline, now: number): Member[] {
    return this.all().filter((member) => (deadlines[kind](member) ?? Infinity) <= now);
  }

  /** Epoch ms of the next deadline of this kind; `undefined` if no member has one. */
  next(kind: Deadline): number | undefined {
    let next: number | undefined;
    for (const member of this.#byId.values()) {
      const at = deadlines[kind](member);
      if (at !== undefined && at < (next ?? Infinity)) next = at;
    }
    return next;
  }
}

/** Epoch ms of a member's deadline of this kind; `undefined` if none runs. */
export const deadlineOf = (kind: Deadline, member: Member): number | undefined =>
  deadlines[kind](member);

/** The end of a lease, of a grace period, or of held presence. */
export type Deadline = "lease" | "grace" | "presence";

const deadlines: Readonly<Record<Deadline, (member: Member) => number | undefined>> = {
  lease: ({ lease }) => (lease && !lease.paused ? deadline(lease.seen, lease.ttl) : undefined),
  grace: ({ awayUntil }) => awayUntil,
  presence: ({ held }) => held?.until,
};
