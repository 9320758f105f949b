// A running room: what its parts do together. Operations call the parts, which room-parts.ts creates. Turns do not
// overlap. An absent room has none of this.

import type { ResolvedBehaviour } from "../behaviours/resolve.ts";
import { CollabError } from "../protocol/errors.ts";
import type { Change } from "../protocol/history.ts";
import type { RoomEntry } from "../protocol/rooms.ts";
import type { Occupancy } from "../model/data-point.ts";
import type { Members } from "../model/members.ts";
import { roomEntry, type RoomRecord, type StopRequest } from "../model/record.ts";
import type { Activity } from "./activity.ts";
import type { BatchBuilder } from "./batch/batch.ts";
import type { CommitWindow, FlushRequest } from "./batch/commit-window.ts";
import { deliver, type Reached } from "./batch/delivery.ts";
import { createWelcome } from "./batch/welcome.ts";
import type { DirectoryRegistration } from "./directory-registration.ts";
import type { JsonDocument } from "./document/json-document.ts";
import type { HookRunner } from "./hooks/hook-runner.ts";
import type { LeaveHooks } from "./hooks/leave-hooks.ts";
import type { Bans } from "./members/bans.ts";
import type { Crowd } from "./members/crowd.ts";
import type { Departures } from "./members/departures.ts";
import type { Membership } from "./members/membership.ts";
import type { PresenceBoard } from "./members/presence-board.ts";
import type { RoomPorts } from "./ports.ts";
import type { RoomParts } from "./room-parts.ts";
import type { IdempotencyKeys } from "./requests/idempotency-keys.ts";
import type { RequestLog } from "./requests/request-log.ts";
import type { Observers } from "./sessions/observers.ts";
import type { Schedules } from "./schedules.ts";
import type { Session } from "./sessions/session.ts";
import type { SessionHub, SessionRequest, SessionRights } from "./sessions/session-hub.ts";
import type { SessionTimers } from "./sessions/session-timers.ts";
import type { Sessions } from "./sessions/sessions.ts";
import type { Traces } from "./sessions/traces.ts";
import type { StateSaver } from "./state-saver.ts";
import type { Timers } from "./timers.ts";
import type { UsageMeter } from "./usage-meter.ts";

/** Characters that may wait for a flush; more are flushed at once. */
const maxWaitingCharacters = 512 * 1024;

export class RunningRoom implements RoomParts {
  readonly ports: RoomPorts;
  readonly timers: Timers;
  readonly registration: DirectoryRegistration;
  readonly behaviour: ResolvedBehaviour;
  readonly document: JsonDocument;
  readonly hooks: HookRunner;
  readonly leaveHooks: LeaveHooks;
  readonly keys: IdempotencyKeys;
  readonly members: Members;
  readonly requests: RequestLog;
  readonly activity: Activity;
  readonly sessions: Sessions;
  readonly batch: BatchBuilder;
  readonly presence: PresenceBoard;
  readonly bans: Bans;
  readonly crowd: Crowd;
  readonly hub: SessionHub;
  readonly sessionTimers: SessionTimers;
  readonly departures: Departures;
  readonly membership: Membership;
  readonly observers: Observers;
  readonly traces: Traces;
  readonly saver: StateSaver;
  readonly schedules: Schedules;
  readonly window: CommitWindow;
  readonly usage: UsageMeter;

  constructor(parts: RoomParts) {
    this.ports = parts.ports;
    this.timers = parts.timers;
    this.registration = parts.registration;
    this.behaviour = parts.behaviour;
    this.document = parts.document;
    this.hooks = parts.hooks;
    this.leaveHooks = parts.leaveHooks;
    this.keys = parts.keys;
    this.members = parts.members;
    this.requests = parts.requests;
    this.activity = parts.activity;
    this.sessions = parts.sessions;
    this.batch = parts.batch;
    this.presence = parts.presence;
    this.bans = parts.bans;
    this.crowd = parts.crowd;
    this.hub = parts.hub;
    this.sessionTimers = parts.sessionTimers;
    this.departures = parts.departures;
    this.membership = parts.membership;
    this.observers = parts.observers;
    this.traces = parts.traces;
    this.saver = parts.saver;
    this.schedules = parts.schedules;
    this.window = parts.window;
    this.usage = parts.usage;
  }

  /**
   * Restore the room from storage and the open sockets after it has woken (rule R6).
   * @param earlier the room before a restart. What its clients already know is not sent again, provided that their
   * state is the stored one
   * @param hasLosses whether clients know versions or members that could not be read: they then start over
   */
  restore(earlier: RunningRoom | null, hasLosses: boolean): void {
    this.saver.restore();
    this.schedules.restore();
    this.hub.restore();
    if (earlier === null) this.presence.restore();
    else {
      this.presence.takeOver(earlier.presence);
      this.batch.users.restore(earlier.batch.users, (userId) => this.members.get(userId)?.entry);
    }
    this.crowd.restore(earlier && earlier.crowd, this.ports.now());
    const isSameState =
      earlier === null ||
      (earlier.record.epoch === this.record.epoch &&
        earlier.document.version === this.document.version);
    this.hub.welcomeRestored(hasLosses || !isSameState);
    this.observers.restore(!isSameState);
    if (earlier !== null) {
      this.batch.restoreReplies(earlier.batch, this.sessions);
      this.usage.restore(earlier.usage);
    }
    this.sessionTimers.restore();
    this.membership.restoreDeadlines();
    if (this.presence.hasNews || !this.batch.users.isEmpty || this.crowd.hasNews)
      this.batch.requestFlush("signal");
  }

  get record(): RoomRecord {
    return this.activity.record;
  }

  get isEmpty(): boolean {
    return this.members.size === 0;
  }

  /** The room's entry in the directory. */
  get entry(): RoomEntry {
    return roomEntry(this.ports.id, this.record, this.members.size);
  }

  /** Note that something has happened in the room (rule T1). */
  markActive(): void {
    this.activity.markActive(!this.isEmpty);
  }

  /** Whether the room may stop once it has been idle for long enough: it is empty, and nothing is scheduled. */
  get mayStop(): boolean {
    return this.isEmpty && this.schedules.isEmpty;
  }

  /** Whether the room has been empty and idle for long enough (rule T2). */
  get isIdleOver(): boolean {
    return this.mayStop && this.ports.now() >= this.activity.idleDeadline;
  }

  /** Whether the state stays in the room's own storage when the room stops. */
  get keepsState(): boolean {
    return this.behaviour.retention === "keep" && !this.hooks.saves;
  }

  /** Open sockets, including those of observers: the ones that a flush sends to. */
  get socketCount(): number {
    return this.sessions.size + this.observers.size;
  }

  get occupancy(): Occupancy {
    return { users: this.members.size, sockets: this.socketCount };
  }

  /**
   * Check that one more socket may open (rule N4).
   * @param leaving sockets that close to make room for it
   * @throws CollabError `room_full`, unless a silent session can be ended instead
   */
  checkSockets(leaving: number): void {
    const { maxSockets } = this.behaviour;
    if (this.socketCount - leaving < maxSockets || this.hub.mostSilent(this.sessions) !== null)
      return;
    throw new CollabError("room_full", {
      detail: `The room allows ${maxSockets} sockets. Try again when some have closed.`,
    });
  }

  /** Make room for one more socket: if there are too many, end the session that has been silent longest. */
  makeWay(leaving: number): void {
    if (this.socketCount - leaving >= this.behaviour.maxSockets)
      this.hub.endMostSilent(this.sessions);
  }

  /** Open a session for a member. */
  openSession(socket: Parameters<SessionHub["open"]>[0], request: SessionRequest): void {
    this.sessionTimers.opening(request.expiresAt);
    this.hub.open(socket, request);
  }

  /** Apply a renewed token to its session. */
  renewSession(session: Session, { scopes, expiresAt }: SessionRights): void {
    this.hub.renew(session, { scopes, expiresAt });
    this.sessionTimers.expireAt(expiresAt);
  }

  /** Epoch ms at which news arises by itself: typing lapses, or changes among the people may be sent again. */
  get nextNewsAt(): number {
    return Math.min(this.presence.nextLapseAt, this.crowd.dueAt);
  }

  /** Check whether that time has come. @returns whether there is something to send */
  makeNews(): boolean {
    const now = this.ports.now();
    if (this.presence.nextLapseAt <= now) this.presence.lapse(now);
    const isNews = this.presence.hasNews || this.crowd.dueAt <= now;
    if (isNews) this.batch.requestFlush("signal");
    return isNews;
  }

  /** Process the users whose sessions have ended since the last call. */
  processEndedSessions(): void {
    for (const userId of this.hub.takeEndedUsers()) this.membership.sessionEnded(userId);
  }

  /** Record a stop request if it takes more than this turn, so that a crash does not lose it. */
  requestStop(stopping: StopRequest): void {
    if (this.isEmpty && this.saver.isClean) return;
    this.ports.storage.atomically(() => {
      this.activity.markStopRequested(stopping);
      this.timers.setAtLatest("idle", this.ports.now());
    });
  }

  /** Whether so much is waiting that it is flushed before the window ends. */
  get isFull(): boolean {
    return this.document.stagedCharacters + this.batch.characters > maxWaitingCharacters;
  }

  /** Tell the window that something is waiting. @param more whether more is about to come */
  requestFlush({ urgency, writer }: Pick<FlushRequest, "urgency" | "writer">, more: boolean): void {
    const now = this.ports.now();
    if (this.crowd.isSampled && urgency !== "change")
      this.window.requestForSome({ urgency, sockets: this.presence.reach, now });
    else
      this.window.request({
        urgency,
        writer: more ? null : writer,
        sockets: this.socketCount,
        now,
      });
  }

  /** Whether anything is waiting for the next commit. */
  get isStaged(): boolean {
    return this.document.isStaged || this.schedules.isStaged;
  }

  /**
   * Wait until nothing is staged; `null` if nothing is.
   * @throws CollabError (rejects) `commit_failed`
   */
  whenCommitted(): Promise<void> | null {
    return this.isStaged ? this.batch.whenCommitted() : null;
  }

  /**
   * Commit what is staged as one row, then send everything that is waiting.
   * @throws what storage throws; nothing is sent before the commit has succeeded
   */
  flush(): void {
    const now = this.ports.now();
    // The change itself is written last. If that fails, having marked the state as unsaved does no harm, and the
    // hot path needs no transaction around the two writes.
    if (this.document.isStaged) this.saver.markDirty();
    const { isStaged } = this;
    const change = this.#commit(now);
    const reached = this.#send(change, now);
    if (change !== null) {
      this.saver.afterCommit();
      this.usage.count("changes", change.to - change.from);
    }
    this.usage.flushed(this.occupancy);
    if (reached.kind === "some" && this.crowd.isSampled && !isStaged) {
      this.window.flushedToSome(now);
      this.hub.endTooSlowOf(reached.sessions);
      return;
    }
    const sockets = this.socketCount;
    this.window.flushed(now, sockets, change !== null && sockets > 0);
    this.hub.endTooSlow();
  }

  /** Write atomically: the change, the requests that it answers (rules X1, X2), and the schedules (rule B5). */
  #commit(now: number): Change | null {
    if (!this.isStaged) return null;
    const { document, requests, keys, schedules, ports } = this;
    const { beside, apart } = requests.rows();
    let change: Change | null = null;
    if (apart.length === 0 && !keys.isPending && !schedules.isStaged)
      change = document.commit(beside, now);
    else
      ports.storage.atomically(() => {
        keys.writePending();
        requests.append(apart, document.headVersion);
        if (schedules.isStaged) this.#commitSchedules();
        change = document.commit(beside, now);
      });
    keys.afterCommit();
    requests.afterCommit(document.journalStart);
    return change;
  }

  /** Write the schedules. If none are left, the room may stop again. */
  #commitSchedules(): void {
    this.schedules.commit();
    if (this.mayStop) this.timers.setAtLatest("idle", this.activity.idleDeadline);
  }

  #send(change: Change | null, now: number): Reached {
    const people = this.crowd.takeNews(now, this.batch.newcomers);
    const batch = this.batch.take(change, people);
    const reached = deliver(batch, this.sessions, () =>
      createWelcome({
        newcomers: batch.newcomers.keys(),
        roomId: this.ports.id,
        epoch: this.record.epoch,
        behaviour: this.behaviour,
        document: this.document,
        members: this.members,
        crowd: this.crowd,
        requests: this.requests,
        now,
      }),
    );
    if (change !== null) this.observers.deliver(change);
    return reached;
  }

  /**
   * The room is about to restart from storage. Requests that depend on a commit fail with this error. Events and
   * replies are sent now. News of users and presence, and the welcomes of sessions, are left to the restarted room.
   */
  abandon(error: CollabError): void {
    this.batch.reject(error);
    deliver(this.batch.takeMessages(), this.sessions, () => () => ({ own: "", shared: "" }));
    this.hub.saveAttachments();
  }
}
