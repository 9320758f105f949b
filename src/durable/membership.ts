// Users coming and going (rules U1–U9). Each of them leaves by one path, whatever the cause: the row
// goes first, then `onLeave` is called, once. Who came by socket and has none left is given some time to
// come back before that.

import type { RoomContext } from "../behaviours/behaviour.ts";
import type { ResolvedBehaviour } from "../behaviours/resolve.ts";
import { CollabError, type ErrorCode } from "../protocol/errors.ts";
import type { JsonObject } from "../protocol/json.ts";
import { maxUserSessions } from "../protocol/limits.ts";
import { allows, type Scope } from "../protocol/scopes.ts";
import type { User, UserEntry } from "../protocol/users.ts";
import type { Deadline, Member, Members } from "../room/members.ts";
import { changePresence, firstPresence } from "../room/presence.ts";
import { seeAgain, seenExactly } from "../room/seen.ts";
import { createEntry } from "../room/user.ts";
import type { Activity } from "./activity.ts";
import type { Author } from "./author.ts";
import type { Listing } from "./listing.ts";
import type { RoomPorts } from "./ports.ts";
import type { Audience } from "./sockets/audience.ts";
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
  readonly audience: Audience;
  readonly behaviour: Pick<ResolvedBehaviour, "maxUsers" | "reconnectGrace">;
  context(): RoomContext;
  /** There is something to tell the audience. */
  onNews(): void;
};

/** How somebody joins. */
export type JoinOptions = {
  /** ms without a sign of life after which they leave. */
  readonly ttl?: number | undefined;
  readonly bySocket?: true;
  /** Writes the room itself, for a user whose join starts it. */
  readonly begin?: (() => void) | undefined;
};

export class Membership {
  readonly #parts: MembershipParts;

  constructor(parts: MembershipParts) {
    this.#parts = parts;
    this.#missSockets();
  }

  /** Let a user join. */
  async join(user: User, { ttl, bySocket, begin }: JoinOptions): Promise<UserEntry> {
    const { ports, members, author, activity, listing, timers, audience } = this.#parts;
    const { maxUsers } = this.#parts.behaviour;
    if (!members.get(user.id) && members.size >= maxUsers) throw new CollabError("room_full");
    const meta = await author.onJoin(this.#parts.context(), user);
    const now = ports.now();
    const entry = createEntry(user, meta, now);
    const before = members.get(user.id);
    const isHere = audience.sessions.hasUser(user.id);
    const member: Member = {
      seq: members.nextSeq,
      entry,
      ...(bySocket && { bySocket }),
      ...(before?.scopes && { scopes: before.scopes }),
      ...(before?.held && { held: before.held }),
      ...(ttl !== undefined && { lease: { ttl, seen: seenExactly(now), ...(isHere && paused) } }),
    };
    ports.storage.atomically(() => {
      begin?.();
      if (before) ports.storage.removeMember(before.seq);
      this.#put(member);
      activity.note(true);
      if (ttl !== undefined) timers.atLatest("lease", now + ttl);
      if (begin === undefined) listing.countChanged();
    });
    audience.outbox.userJoined(entry, before === undefined);
    audience.presence.note(user.id);
    // Who comes by socket is told of when that is open.
    if (!bySocket) this.#parts.onNews();
    return entry;
  }

  /** A further socket of a user who is present: no hook is called (rule U3). */
  attach(userId: string): void {
    const { ports, members, activity } = this.#parts;
    const member = members.get(userId);
    if (member === undefined) throw new CollabError("user_not_found");
    if (member.scopes && !allows(member.scopes, "room:read")) throw new CollabError("forbidden");
    if (this.#parts.audience.sessions.of(userId).length >= maxUserSessions)
      throw new CollabError("room_full", {
        detail: `A user may have ${maxUserSessions} sockets in a room.`,
      });
    ports.storage.atomically(() => {
      const isAbsent = member.awayUntil !== undefined || (member.lease && !member.lease.paused);
      if (isAbsent) this.#put(present(member));
      activity.note(true);
    });
  }

  /**
   * A socket of a user has gone.
   * @param left whether they have said that they leave: then there is no waiting for them
   */
  async detach(userId: string, left = false): Promise<void> {
    const { ports, members, audience, behaviour } = this.#parts;
    const member = members.get(userId);
    if (member === undefined) return;
    if (audience.sessions.hasUser(userId)) return this.#parts.onNews();
    if (left || (member.bySocket && behaviour.reconnectGrace === 0)) {
      await this.#depart([member]);
      return;
    }
    ports.storage.atomically(() => this.#beginAbsence(member));
    audience.presence.note(userId);
    this.#parts.onNews();
  }

  /** Let a user leave; one who is not there is no error. */
  async leave(userId: string): Promise<void> {
    const { members, activity } = this.#parts;
    const member = members.get(userId);
    if (member === undefined) return activity.note(members.size > 0);
    await this.#depart([member]);
  }

  /** Let every user leave, for a room that stops. */
  async leaveAll(): Promise<void> {
    await this.#departAll(this.#parts.members.all(), null);
  }

  /** The timer of that deadline has rung: see to the members it has passed for, and wait for the next. */
  async ring(deadline: Deadline): Promise<void> {
    const { members, ports, timers } = this.#parts;
    const due = members.due(deadline, ports.now());
    if (deadline === "presence") {
      for (const { entry } of due) this.holdPresence(entry.id, null);
    } else {
      await this.#departAll(due);
    }
    const next = members.next(deadline);
    if (next === undefined) timers.clear(deadline);
    else timers.set(deadline, next);
  }

  /** Remove members one by one, or many at a time once a hook has hung. */
  async #departAll(leaving: readonly Member[], reason?: ErrorCode | null): Promise<void> {
    let pace = 1;
    for (let first = 0; first < leaving.length;) {
      const batch = leaving.slice(first, first + pace);
      if (!(await this.#depart(batch, reason))) pace = hurry;
      first += batch.length;
    }
  }

  /**
   * Remove members, then tell `onLeave` of each.
   * @param reason closes the sockets they have; `null` for a room that stops: it closes them all later
   * @returns false when a hook hung
   */
  async #depart(leaving: readonly Member[], reason: ErrorCode | null = "kicked"): Promise<boolean> {
    const { ports, members, author, audience } = this.#parts;
    const room = this.#parts.context(); // it tells of the users who are there when it is looked at
    ports.storage.atomically(() => {
      for (const { seq, entry } of leaving) {
        ports.storage.removeMember(seq);
        members.remove(entry.id);
      }
      if (reason !== null) this.#afterLeaving();
    });
    if (reason !== null) {
      for (const { entry } of leaving) {
        audience.endAllOf(entry.id, reason);
        audience.outbox.userLeft(entry.id);
        audience.presence.note(entry.id);
      }
      this.#parts.onNews();
    }
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
    this.#renew(this.#member(userId));
  }

  /**
   * Say what a user's sessions may do, from their next message on (rule A3).
   * @throws CollabError `user_not_found`
   */
  setScopes(userId: string, scopes: readonly Scope[]): UserEntry {
    const member = this.#member(userId);
    this.#put({ ...member, scopes });
    return member.entry;
  }

  /**
   * Hold presence for a user who needs no socket for it (rule P4). It stands in the member's record: it
   * has no socket to be kept beside.
   * @param presence replaces what was held; `null` ends it
   * @throws CollabError `user_not_found`, `invalid_presence`
   */
  holdPresence(
    userId: string,
    presence: { readonly data: JsonObject; readonly ttl: number } | null,
  ): void {
    const { ports, timers, audience } = this.#parts;
    const { held: old, ...member } = this.#member(userId);
    const now = ports.now();
    ports.storage.atomically(() => {
      if (presence === null) return this.#put(member);
      const { data, ttl } = presence;
      const until = now + ttl;
      const idleSince = data["status"] === "idle" ? old?.presence.idleSince : undefined;
      const first = { ...firstPresence(member.entry), ...(idleSince && { idleSince }) };
      const held = { presence: changePresence(first, data, now), until };
      this.#put({ ...member, held });
      timers.atLatest("presence", until);
    });
    audience.presence.note(userId);
    this.#parts.onNews();
  }

  /** Users whose sockets went while nobody looked (a crash, a deploy): they are gone from now on. */
  #missSockets(): void {
    const { members, audience } = this.#parts;
    for (const member of members.all()) {
      if (!isPresent(member) || audience.sessions.hasUser(member.entry.id)) continue;
      this.#beginAbsence(member);
      audience.presence.note(member.entry.id);
    }
  }

  /** The last socket of a user has gone: their grace begins, or their lease anew. */
  #beginAbsence(member: Member): void {
    const { ports, timers, behaviour } = this.#parts;
    const now = ports.now();
    if (member.bySocket && isPresent(member)) {
      const awayUntil = now + behaviour.reconnectGrace;
      this.#put({ ...member, awayUntil });
      timers.atLatest("grace", awayUntil);
    } else if (member.lease?.paused) {
      const { ttl } = member.lease;
      this.#put({ ...member, lease: { ttl, seen: seenExactly(now) } });
      timers.atLatest("lease", now + ttl);
    }
  }

  #member(userId: string): Member {
    const member = this.#parts.members.get(userId);
    if (member === undefined) throw new CollabError("user_not_found");
    return member;
  }

  #put(member: Member): void {
    this.#parts.ports.storage.writeMember(member);
    this.#parts.members.put(member);
  }

  #renew(member: Member): void {
    if (member.lease === undefined || member.lease.paused) return;
    const { ports, members } = this.#parts;
    const { ttl, seen } = member.lease;
    const renewed = { ...member, lease: { ttl, seen: seeAgain(seen, ports.now(), ttl) } };
    if (renewed.lease.seen.until === seen.until) members.put(renewed);
    else this.#put(renewed);
  }
}

const paused = { paused: true } as const;

/** Whether a deadline begins for a member when their last socket goes. */
const isPresent = ({ bySocket, awayUntil, lease }: Member): boolean =>
  bySocket ? awayUntil === undefined : lease?.paused === true;

/** A member who has a socket: no deadline of theirs runs. */
function present({ awayUntil: _awayUntil, ...member }: Member): Member {
  const { lease } = member;
  return lease ? { ...member, lease: { ...lease, ...paused } } : member;
}
