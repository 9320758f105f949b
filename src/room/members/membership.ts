// Users joining and leaving (rules U1–U9). A user who joined by socket and has lost the last one gets a grace
// period before they leave. departures.ts removes members.

import type { ResolvedBehaviour } from "../../behaviours/resolve.ts";
import { roomCaller, type Caller } from "../../protocol/caller.ts";
import { CollabError } from "../../protocol/errors.ts";
import type { JsonObject, JsonValue } from "../../protocol/json.ts";
import { maxUserSessions } from "../../protocol/limits.ts";
import type { Scope } from "../../protocol/scopes.ts";
import type { User, UserEntry } from "../../protocol/users.ts";
import { advanceWatermark, exactWatermark } from "../../model/activity-watermark.ts";
import type { Deadline, Member, Members } from "../../model/members.ts";
import { changePresence, initialPresence } from "../../model/presence.ts";
import { createEntry } from "../../model/user.ts";
import { checkEntry } from "../access.ts";
import type { Activity } from "../activity.ts";
import type { BatchBuilder } from "../batch/batch.ts";
import type { DirectoryRegistration } from "../directory-registration.ts";
import type { HookRunner } from "../hooks/hook-runner.ts";
import type { RoomPorts } from "../ports.ts";
import type { SessionHub } from "../sessions/session-hub.ts";
import type { EndReason } from "../sessions/session.ts";
import type { Observers } from "../sessions/observers.ts";
import type { Sessions } from "../sessions/sessions.ts";
import type { Timers } from "../timers.ts";
import type { Departures } from "./departures.ts";
import { beginAbsence, endAbsence, hasSocket, isAbsent } from "./grace-period.ts";
import type { PresenceBoard } from "./presence-board.ts";

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
  readonly observers: Observers;
  readonly presence: PresenceBoard;
  readonly batch: BatchBuilder;
  readonly departures: Departures;
};

/** A join that `onJoin` has accepted but that is not written yet. */
export type AcceptedJoin = {
  readonly user: User;
  readonly meta: JsonValue;
  /** The scopes of their sessions; unchanged if the behaviour does not decide. */
  readonly scopes: readonly Scope[] | undefined;
};

export type JoinOptions = {
  /** ms without a sign of life after which the user leaves. */
  readonly ttl?: number | undefined;
  readonly bySocket?: true;
  /** Set for a join that starts the room: the directory is sent both at once. */
  readonly startsRoom?: boolean;
};

export class Membership {
  readonly #parts: MembershipParts;

  constructor(parts: MembershipParts) {
    this.#parts = parts;
  }

  /**
   * Ask whether a user may join. Nothing is written. No `onLeave` of the same user may be pending: the operation
   * waits for that outside its turn.
   * @throws CollabError `room_full`, `join_refused`, `not_authorized`, `hook_failed`, `call_timeout`
   */
  async acceptJoin(user: User, caller: Caller): Promise<AcceptedJoin> {
    const { members, hooks, behaviour } = this.#parts;
    if (!members.get(user.id) && members.size >= behaviour.maxUsers)
      throw new CollabError("room_full");
    const { meta, scopes: admitted } = await hooks.onJoin(user, caller);
    const scopes = (await hooks.authorize(user, caller)) ?? admitted;
    checkEntry(caller, scopes ?? this.#parts.members.get(user.id)?.scopes);
    return { user, meta, scopes };
  }

  /**
   * Ask whether a user who is in the room may have another socket. Nothing is written.
   * @param leaving how many of their sockets close to make room for it
   * @returns what their sessions may do from then on; `undefined` if the behaviour does not decide
   * @throws CollabError `not_authorized`, `user_not_found`, `forbidden`, `room_full`
   */
  async acceptAttach(
    user: User,
    caller: Caller,
    leaving: () => number,
  ): Promise<readonly Scope[] | undefined> {
    const scopes = await this.#parts.hooks.authorize(user, caller);
    checkEntry(caller, scopes ?? this.#member(user.id).scopes);
    this.#checkAttach(user.id, leaving());
    return scopes;
  }

  /**
   * Ask what a session with a renewed token may do, and give its user the scopes that the behaviour decides.
   * @returns its scopes; without `room:read` the session must end
   * @throws CollabError `not_authorized`, `user_not_found`
   */
  async renew(user: User, caller: Caller): Promise<readonly Scope[]> {
    const scopes = await this.#parts.hooks.authorize(user, caller);
    if (scopes && !isSameList(scopes, this.#member(user.id).scopes))
      this.setScopes(user.id, scopes);
    return this.#member(user.id).scopes ?? caller.scopes;
  }

  /** Write an accepted join. Call this inside an atomic write. */
  join({ user, meta, scopes = undefined }: AcceptedJoin, options: JoinOptions): UserEntry {
    const { ports, members, activity, registration, timers, sessions, presence, batch, hub } =
      this.#parts;
    const { ttl, bySocket, startsRoom } = options;
    const now = ports.now();
    const entry = createEntry(user, meta, now, members.nextSeq);
    const before = members.get(user.id);
    const own = scopes ?? before?.scopes;
    const paused = sessions.hasUser(user.id) && ({ paused: true } as const);
    const member: Member = {
      seq: members.nextSeq,
      entry,
      ...(bySocket && { bySocket }),
      ...(own && { scopes: own }),
      ...(before?.held && { held: before.held }),
      ...(ttl !== undefined && { lease: { ttl, seen: exactWatermark(now), ...paused } }),
    };
    if (before) ports.storage.removeMember(before.seq);
    this.#put(member);
    if (scopes && !isSameList(scopes, before?.scopes)) {
      hub.setScopes(user.id, scopes);
      this.#parts.observers.endUnlessAllowed(user.id);
    }
    activity.markActive(true);
    if (ttl !== undefined) timers.setAtLatest("lease", now + ttl);
    if (!startsRoom) registration.markCountChanged();
    batch.users.put(entry, before === undefined);
    presence.markChanged(user.id);
    // A user who joins by socket is announced when their session opens.
    if (!bySocket) batch.requestFlush("signal");
    return entry;
  }

  #checkAttach(userId: string, leaving: number): void {
    const { sessions, hub } = this.#parts;
    const isFull = (): boolean => sessions.of(userId).length - leaving >= maxUserSessions;
    if (isFull()) hub.endMostSilent(sessions.of(userId));
    if (isFull())
      throw new CollabError("room_full", {
        detail: `A user may have at most ${maxUserSessions} sockets in a room. Close one and try again.`,
      });
  }

  /** Add another socket of a user who is in the room: `onJoin` is not called (rule U3). */
  attach(userId: string, scopes: readonly Scope[] | undefined): void {
    if (scopes && !isSameList(scopes, this.#member(userId).scopes)) this.setScopes(userId, scopes);
    const member = this.#member(userId);
    if (isAbsent(member)) this.#put(endAbsence(member));
    this.#parts.activity.markActive(true);
  }

  /**
   * A session of a user has ended.
   * @param leaver set if the user asked to leave: there is no grace period then
   */
  sessionEnded(userId: string, leaver: Caller | null = null): void {
    const { ports, members, sessions, presence, batch, behaviour } = this.#parts;
    const member = members.get(userId);
    if (member === undefined) return;
    batch.requestFlush("signal");
    if (sessions.hasUser(userId)) return;
    if (leaver !== null || (member.bySocket && behaviour.reconnectGrace === 0))
      return this.#parts.departures.depart([member], leaver ?? roomCaller);
    ports.storage.atomically(() => this.#beginAbsence(member));
    presence.markChanged(userId);
  }

  /**
   * Let a user leave. It is no error if they are not in the room.
   * @param reason why their sessions end
   * @returns how many sessions end
   */
  leave(userId: string, caller: Caller, reason: EndReason): number {
    const { members, activity, sessions } = this.#parts;
    const member = members.get(userId);
    if (member === undefined) {
      activity.markActive(members.size > 0);
      return 0;
    }
    const { length } = sessions.of(userId);
    this.#parts.departures.depart([member], caller, reason);
    return length;
  }

  /** Handle the timer of this deadline: process the members whose deadline has passed. */
  ring(deadline: Deadline): void {
    const { members, ports, timers } = this.#parts;
    const due = members.due(deadline, ports.now());
    if (deadline === "presence") {
      for (const { entry } of due) this.holdPresence(entry.id, null);
    } else if (due.length > 0) this.#parts.departures.depart(due, roomCaller);
    const next = members.next(deadline);
    if (next === undefined) timers.clear(deadline);
    else timers.set(deadline, next);
  }

  /**
   * Record a sign of life of a user, which renews their lease.
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
    const { hub, observers } = this.#parts;
    const member = this.#member(userId);
    this.#put({ ...member, scopes });
    hub.setScopes(userId, scopes);
    observers.endUnlessAllowed(userId);
    return member.entry;
  }

  /**
   * Hold presence for a user who needs no socket for it (rule P4). It is stored in the member's record, because
   * there is no socket to store it with.
   * @param presence replaces what was held; `null` ends it
   * @throws CollabError `user_not_found`, `invalid_presence`
   */
  holdPresence(
    userId: string,
    presence: { readonly data: JsonObject; readonly ttl: number } | null,
  ): void {
    const { ports, timers, activity, batch } = this.#parts;
    const { held: old, ...member } = this.#member(userId);
    const now = ports.now();
    const lastMove = this.#parts.presence.lastMoveOf(userId);
    const away = this.#parts.presence.awayOf(userId);
    ports.storage.atomically(() => {
      // From now on, clients see the held presence of a user who is away, so the row must contain it.
      if (presence === null)
        return this.#put({ ...member, ...(member.awayUntil !== undefined && away && { away }) });
      const { data, ttl } = presence;
      const until = now + ttl;
      const idleSince = data["status"] === "idle" ? old?.presence.idleSince : undefined;
      const first = { ...initialPresence(member.entry), ...(idleSince && { idleSince }) };
      const held = { presence: changePresence(first, data, now, lastMove), until, ttl };
      this.#put({ ...member, held });
      timers.setAtLatest("presence", until);
      activity.markActive(true);
    });
    this.#parts.presence.markChanged(userId);
    batch.requestFlush("signal");
  }

  /**
   * Begin the absence of users whose sockets were lost unnoticed, in a crash or a deploy. Also make sure that a
   * timer rings for each deadline, because an earlier instance may have set it by a clock that was ahead.
   */
  restoreDeadlines(): void {
    const { ports, members, sessions, presence, timers, activity } = this.#parts;
    for (const member of members.all()) {
      if (!hasSocket(member) || sessions.hasUser(member.entry.id)) continue;
      this.#beginAbsence(member);
      presence.markChanged(member.entry.id);
    }
    for (const deadline of ["lease", "grace", "presence"] as const) {
      const next = members.next(deadline);
      if (next !== undefined) timers.restoreAtLatest(deadline, next, ports.now());
    }
    if (members.size === 0) timers.restoreAtLatest("idle", activity.idleDeadline, ports.now());
  }

  #beginAbsence(member: Member): void {
    const { ports, timers, behaviour } = this.#parts;
    const away = this.#parts.presence.awayOf(member.entry.id);
    const absence = beginAbsence(member, ports.now(), behaviour.reconnectGrace, away);
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

const isSameList = (a: readonly string[], b: readonly string[] | undefined): boolean =>
  a.length === b?.length && a.every((item, index) => item === b[index]);
