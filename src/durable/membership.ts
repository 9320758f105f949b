// Users coming and going (rules U1–U7, U9). Each of them leaves by one path, whatever the cause: the row
// goes first, then `onLeave` is called, once.

import type { RoomContext } from "../behaviours/behaviour.ts";
import { CollabError } from "../protocol/errors.ts";
import type { Lease, Member, Members } from "../room/members.ts";
import { seeAgain, seenExactly } from "../room/seen.ts";
import type { User, UserEntry } from "../protocol/users.ts";
import { createEntry } from "../room/user.ts";
import type { Activity } from "./activity.ts";
import type { Author } from "./author.ts";
import type { Listing } from "./listing.ts";
import type { RoomPorts } from "./ports.ts";
import type { Timers } from "./timers.ts";

/** How many users leave at once when `onLeave` hangs: one by one would take for ever. */
const hurry = 25;

export type MembershipParts = {
  readonly ports: Pick<RoomPorts, "storage" | "now">;
  readonly timers: Timers;
  readonly listing: Listing;
  readonly members: Members;
  readonly activity: Activity;
  readonly author: Author;
  readonly maxUsers: number;
  context(): RoomContext;
};

export class Membership {
  readonly #parts: MembershipParts;

  constructor(parts: MembershipParts) {
    this.#parts = parts;
  }

  /**
   * Let a user join.
   * @param begin writes the room itself, for a user whose join starts it
   */
  async join(user: User, ttl: number | undefined, begin?: () => void): Promise<UserEntry> {
    const { ports, members, author, activity, listing, timers, maxUsers } = this.#parts;
    if (!members.get(user.id) && members.size >= maxUsers) throw new CollabError("room_full");
    const meta = await author.onJoin(this.#parts.context(), user);
    const now = ports.now();
    const entry = createEntry(user, meta, now);
    const member: Member = {
      seq: members.nextSeq,
      entry,
      ...(ttl !== undefined && { lease: { ttl, seen: seenExactly(now) } }),
    };
    ports.storage.atomically(() => {
      begin?.();
      const before = members.get(user.id);
      if (before) ports.storage.removeMember(before.seq);
      ports.storage.writeMember(member);
      members.put(member);
      activity.note(true);
      if (ttl !== undefined) timers.atLatest("lease", now + ttl);
      if (begin === undefined) listing.countChanged();
    });
    return entry;
  }

  /** Let a user leave; one who is not there is no error. */
  async leave(userId: string): Promise<void> {
    const { members, activity } = this.#parts;
    const member = members.get(userId);
    if (member === undefined) return activity.note(members.size > 0);
    await this.#depart([member], () => this.#afterLeaving());
  }

  /** Let every user leave, for a room that stops. */
  async leaveAll(): Promise<void> {
    await this.#departAll(this.#parts.members.all(), () => {});
  }

  /** Let users leave whose lease has run out, and wait for the next one. */
  async lapse(): Promise<void> {
    const { members, ports, timers } = this.#parts;
    await this.#departAll(members.lapsed(ports.now()), () => this.#afterLeaving());
    const next = members.nextLapse();
    if (next === undefined) timers.clear("lease");
    else timers.set("lease", next);
  }

  /** Remove members one by one, or many at a time once a hook has hung. */
  async #departAll(leaving: readonly Member[], also: () => void): Promise<void> {
    let pace = 1;
    for (let first = 0; first < leaving.length;) {
      const batch = leaving.slice(first, first + pace);
      if (!(await this.#depart(batch, also))) pace = hurry;
      first += batch.length;
    }
  }

  /**
   * Remove members, then tell `onLeave` of each.
   * @param also what belongs to the same write
   * @returns false when a hook hung
   */
  async #depart(leaving: readonly Member[], also: () => void): Promise<boolean> {
    const { ports, members, author } = this.#parts;
    ports.storage.atomically(() => {
      for (const { seq, entry } of leaving) {
        ports.storage.removeMember(seq);
        members.remove(entry.id);
      }
      also();
    });
    const room = this.#parts.context();
    const inTime = await Promise.all(leaving.map(({ entry }) => author.onLeave(room, entry)));
    return inTime.every(Boolean);
  }

  #afterLeaving(): void {
    const { members, activity, listing, timers } = this.#parts;
    listing.countChanged();
    if (members.size > 0) return activity.note(true);
    activity.noteEmptied();
    timers.atLatest("idle", activity.idleDeadline);
  }

  /**
   * Note a sign of life of a user.
   * @throws CollabError `user_not_found`
   */
  touch(userId: string): void {
    const member = this.#parts.members.get(userId);
    if (member === undefined) throw new CollabError("user_not_found");
    if (member.lease) this.#renew(member, member.lease);
  }

  #renew(member: Member, { ttl, seen }: Lease): void {
    const { ports, members } = this.#parts;
    const renewed = { ...member, lease: { ttl, seen: seeAgain(seen, ports.now(), ttl) } };
    if (renewed.lease.seen.until !== seen.until) ports.storage.writeMember(renewed);
    members.put(renewed);
  }
}
