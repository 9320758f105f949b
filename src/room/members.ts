// Who is in the room: users in join order (rule U5), with their leases (rule U7).

import { deadline, seenFromStorage, type Seen } from "./seen.ts";
import type { UserEntry } from "../protocol/users.ts";

/** A lease: the user leaves when `ttl` ms pass without a sign of life. */
export type Lease = { readonly ttl: number; readonly seen: Seen };

export type Member = {
  /** Place in the join order; never used twice while the room runs. */
  readonly seq: number;
  readonly entry: UserEntry;
  readonly lease?: Lease;
};

/** A member as a cold room finds them. */
export const memberFromStorage = ({ lease, ...member }: Member): Member =>
  lease === undefined
    ? member
    : { ...member, lease: { ttl: lease.ttl, seen: seenFromStorage(lease.seen.until) } };

export class Members {
  readonly #byId = new Map<string, Member>();
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

  /** Members whose lease has run out. */
  lapsed(now: number): Member[] {
    return this.all().filter(({ lease }) => lease && leaseEnd(lease) <= now);
  }

  /** Epoch ms at which the next lease runs out, if any member has one. */
  nextLapse(): number | undefined {
    const ends = this.all().flatMap(({ lease }) => (lease ? [leaseEnd(lease)] : []));
    return ends.length > 0 ? ends.reduce((a, b) => Math.min(a, b)) : undefined;
  }
}

const leaseEnd = (lease: Lease): number => deadline(lease.seen, lease.ttl);
