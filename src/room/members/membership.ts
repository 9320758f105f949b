// Users coming and going (rules U1–U9). Everybody leaves by one path, whatever the cause: the row goes
// first, then `onLeave` is called, once. A user who came by socket and has lost the last one gets a grace
// period before that.

import type { ResolvedBehaviour } from "../../behaviours/resolve.ts";
import { roomCaller, type Caller } from "../../protocol/caller.ts";
import { CollabError, type ErrorCode } from "../../protocol/errors.ts";
import type { JsonObject, JsonValue } from "../../protocol/json.ts";
import { maxUserSessions } from "../../protocol/limits.ts";
import { allows, type Scope } from "../../protocol/scopes.ts";
import type { User, UserEntry } from "../../protocol/users.ts";
import { advanceWatermark, exactWatermark } from "../../model/activity-watermark.ts";
import type { Deadline, Member, Members } from "../../model/members.ts";
import { changePresence, initialPresence } from "../../model/presence.ts";
import { createEntry } from "../../model/user.ts";
import type { Activity } from "../activity.ts";
import type { BatchBuilder } from "../batch/batch.ts";
import type { DirectoryRegistration } from "../directory-registration.ts";
import type { HookRunner } from "../hooks/hook-runner.ts";
import type { RoomPorts } from "../ports.ts";
import type { SessionHub } from "../sessions/session-hub.ts";
import type { Sessions } from "../sessions/sessions.ts";
import type { Timers } from "../timers.ts";
import { beginAbsence, endAbsence, hasSocket, isAbsent } from "./grace-period.ts";
import type { PresenceBoard } from "./presence-board.ts";

/** How many users leave at once after `onLeave` has timed out: one by one would take too long. */
const departuresAtOnce = 25;

export type MembershipParts = {
  readonly ports: Pick<RoomPorts, "storage" | "now">;
  readonly behaviour: Pick<ResolvedBehaviour, "maxUsers" | "reconnectGrace">;
  readonly timers: Timers;
  readonly registration: DirectoryRegistration;
  readonly members: Members;
  readonly activity: Activity;
  readonly hooks: HookRunner;
  readonly sessions: Sessions;
  readonly hub: SessionHub;
  readonly presence: PresenceBoard;
  readonly batch: BatchBuilder;
};

/** A join that `onJoin` has accepted and that is not written yet. */
export type AcceptedJoin = { readonly user: User; readonly meta: JsonValue };

export type JoinOptions = {
  /** ms without a sign of life after which the user leaves. */
  readonly ttl?: number | undefined;
  readonly bySocket?: true;
  /** Set for a join that starts the room: the directory learns of both at once. */
  readonly startsRoom?: boolean;
};

export class Membership {
  readonly #parts: MembershipParts;

  constructor(parts: MembershipParts) {
    this.#parts = parts;
  }

  /**
   * Ask whether a user may join. Nothing is written.
   * @throws CollabError `room_full`, `join_refused`, `hook_failed`, `call_timeout`
   */
  async acceptJoin(user: User, caller: Caller): Promise<AcceptedJoin> {
    const { members, hooks, behaviour } = this.#parts;
    if (!members.get(user.id) && members.size >= behaviour.maxUsers)
      throw new CollabError("room_full");
    return { user, meta: await hooks.onJoin(user, caller) };
  }

  /** Write an accepted join. For use inside an atomic write. */
  join({ user, meta }: AcceptedJoin, options: JoinOptions): UserEntry {
    const { ports, members, activity, registration, timers, sessions, presence, batch } =
      this.#parts;
    const { ttl, bySocket, startsRoom } = options;
    const now = ports.now();
    const entry = createEntry(user, meta, now);
    const before = members.get(user.id);
    const paused = sessions.hasUser(user.id) && ({ paused: true } as const);
    const member: Member = {
      seq: members.nextSeq,
      entry,
      ...(bySocket && { bySocket }),
      ...(before?.scopes && { scopes: before.scopes }),
      ...(before?.held && { held: before.held }),
      ...(ttl !== undefined && { lease: { ttl, seen: exactWatermark(now), ...paused } }),
    };
    if (before) ports.storage.removeMember(before.seq);
    this.#put(member);
    activity.markActive(true);
    if (ttl !== undefined) timers.setAtLatest("lease", now + ttl);
    if (!startsRoom) registration.countChanged();
    batch.users.put(entry, before === undefined);
    presence.markChanged(user.id);
    // A user who comes by socket is announced once their session opens.
    if (!bySocket) batch.requestFlush("signal");
    return entry;
  }

  /**
   * A further socket of a user who is in the room: no hook is called (rule U3).
   * @throws CollabError `user_not_found`, `forbidden`, `room_full`
   */
  attach(userId: string): void {
    const { ports, sessions, activity } = this.#parts;
    const member = this.#member(userId);
    if (member.scopes && !allows(member.scopes, "room:read"))
      throw new CollabError("forbidden", {
        detail: "A socket needs the scope room:read, which this user does not have.",
      });
    if (sessions.of(userId).length >= maxUserSessions)
      throw new CollabError("room_full", {
        detail: `A user may have at most ${maxUserSessions} sockets in a room. Close one and try again.`,
      });
    ports.storage.atomically(() => {
      if (isAbsent(member)) this.#put(endAbsence(member));
      activity.markActive(true);
    });
  }

  /**
   * A session of a user has ended.
   * @param left whether the client said that it leaves: then there is no grace period
   */
  async sessionEnded(userId: string, left = false): Promise<void> {
    const { ports, members, sessions, presence, batch, behaviour } = this.#parts;
    const member = members.get(userId);
    if (member === undefined) return;
    batch.requestFlush("signal");
    if (sessions.hasUser(userId)) return;
    if (left || (member.bySocket && behaviour.reconnectGrace === 0))
      return void (await this.#depart([member], roomCaller));
    ports.storage.atomically(() => this.#beginAbsence(member));
    presence.markChanged(userId);
  }

  /** Let a user leave; one who is not in the room is no error. */
  async leave(userId: string, caller: Caller): Promise<void> {
    const { members, activity } = this.#parts;
    const member = members.get(userId);
    if (member === undefined) return activity.markActive(members.size > 0);
    await this.#depart([member], caller);
  }

  /** Let every user leave, for a room that stops. */
  async leaveAll(): Promise<void> {
    await this.#departAll(this.#parts.members.all(), null);
  }

  /** The timer of this deadline has rung: see to the members for whom it has passed. */
  async ring(deadline: Deadline): Promise<void> {
    const { members, ports, timers } = this.#parts;
    const due = members.due(deadline, ports.now());
    if (deadline === "presence") {
      for (const { entry } of due) this.holdPresence(entry.id, null);
    } else {
      await this.#departAll(due, "kicked");
    }
    const next = members.next(deadline);
    if (next === undefined) timers.clear(deadline);
    else timers.set(deadline, next);
  }

  /** Remove members one by one, or many at once after a hook has timed out. */
  async #departAll(leaving: readonly Member[], reason: ErrorCode | null): Promise<void> {
    let atOnce = 1;
    for (let first = 0; first < leaving.length;) {
      const group = leaving.slice(first, first + atOnce);
      if (!(await this.#depart(group, roomCaller, reason))) atOnce = departuresAtOnce;
      first += group.length;
    }
  }

  /**
   * Remove members, then call `onLeave` for each.
   * @param reason closes the sockets they have; `null` for a room that stops, which closes them later
   * @returns false when a hook timed out
   */
  async #depart(
    leaving: readonly Member[],
    caller: Caller,
    reason: ErrorCode | null = "kicked",
  ): Promise<boolean> {
    const { ports, members, hooks, hub, presence, batch } = this.#parts;
    ports.storage.atomically(() => {
      for (const { seq, entry } of leaving) {
        ports.storage.removeMember(seq);
        members.remove(entry.id);
      }
      if (reason !== null) this.#afterDeparture();
    });
    if (reason !== null) {
      for (const { entry } of leaving) {
        hub.endAllOf(entry.id, reason);
        batch.users.remove(entry.id);
        presence.markChanged(entry.id);
      }
      batch.requestFlush("signal");
    }
    const inTime = await Promise.all(leaving.map(({ entry }) => hooks.onLeave(entry, caller)));
    return inTime.every(Boolean);
  }

  #afterDeparture(): void {
    const { members, activity, registration, timers } = this.#parts;
    registration.countChanged();
    if (members.size > 0) return activity.markActive(true);
    activity.markEmptied();
    timers.setAtLatest("idle", activity.idleDeadline);
  }

  /**
   * Note a sign of life of a user: their lease is renewed.
   * @throws CollabError `user_not_found`
   */
  touch(userId: string): void {
    const member = this.#member(userId);
    if (member.lease === undefined || member.lease.paused) return;
    const { ports, members } = this.#parts;
    const { ttl, seen } = member.lease;
    const renewed = { ...member, lease: { ttl, seen: advanceWatermark(seen, ports.now(), ttl) } };
    if (renewed.lease.seen.until === seen.until) members.put(renewed);
    else this.#put(renewed);
  }

  /**
   * Set what a user's sessions may do, from their next message on (rule A3).
   * @throws CollabError `user_not_found`
   */
  setScopes(userId: string, scopes: readonly Scope[]): UserEntry {
    const member = this.#member(userId);
    this.#put({ ...member, scopes });
    this.#parts.hub.setScopes(userId, scopes);
    return member.entry;
  }

  /**
   * Hold presence for a user who needs no socket for it (rule P4). It is stored in the member's record,
   * because there is no socket to store it beside.
   * @param presence replaces what was held; `null` ends it
   * @throws CollabError `user_not_found`, `invalid_presence`
   */
  holdPresence(
    userId: string,
    presence: { readonly data: JsonObject; readonly ttl: number } | null,
  ): void {
    const { ports, timers, batch } = this.#parts;
    const { held: old, ...member } = this.#member(userId);
    const now = ports.now();
    ports.storage.atomically(() => {
      if (presence === null) return this.#put(member);
      const { data, ttl } = presence;
      const until = now + ttl;
      const idleSince = data["status"] === "idle" ? old?.presence.idleSince : undefined;
      const first = { ...initialPresence(member.entry), ...(idleSince && { idleSince }) };
      const held = { presence: changePresence(first, data, now), until };
      this.#put({ ...member, held });
      timers.setAtLatest("presence", until);
    });
    this.#parts.presence.markChanged(userId);
    batch.requestFlush("signal");
  }

  /** Begin the absence of users whose sockets went while nobody looked: in a crash or a deploy. */
  noticeLostSockets(): void {
    const { members, sessions, presence } = this.#parts;
    for (const member of members.all()) {
      if (!hasSocket(member) || sessions.hasUser(member.entry.id)) continue;
      this.#beginAbsence(member);
      presence.markChanged(member.entry.id);
    }
  }

  #beginAbsence(member: Member): void {
    const { ports, timers, behaviour } = this.#parts;
    const absence = beginAbsence(member, ports.now(), behaviour.reconnectGrace);
    if (absence === null) return;
    this.#put(absence.member);
    timers.setAtLatest(absence.timer, absence.at);
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
}
