// A running room: what each operation does, one turn at a time. The caller (RoomProcess) sees to it
// that turns do not overlap, and that a room which is absent is never asked.
//
// An operation goes: check → hook → plan → stage. What is staged is applied in memory only; the window
// ends with one write of all of it, which is all or nothing, and then everybody is told. If the write
// fails, whoever waits for it is told that, memory is thrown away, and the room wakes anew.

import type { RoomContext } from "../behaviours/behaviour.ts";
import type { ResolvedBehaviour } from "../behaviours/resolve.ts";
import { CollabError, type ErrorCode } from "../protocol/errors.ts";
import type { Change } from "../protocol/history.ts";
import type { JsonValue } from "../protocol/json.ts";
import type { RoomMessage } from "../protocol/messages.ts";
import type { RoomEntry, RoomInfo } from "../protocol/rooms.ts";
import { allows, type Scope } from "../protocol/scopes.ts";
import { isoTime } from "../protocol/time.ts";
import { freezeState } from "../room/freeze.ts";
import type { Members } from "../room/members.ts";
import { checkEvent } from "../room/payload.ts";
import type { UserEntry } from "../protocol/users.ts";
import { roomEntry, type RoomRecord, type StopRequest } from "../room/record.ts";
import { Activity } from "./activity.ts";
import { Author } from "./author.ts";
import { Changes } from "./changes.ts";
import type { Listing } from "./listing.ts";
import { Membership } from "./membership.ts";
import { describe } from "./log.ts";
import type { RoomEvents, RoomPorts, SocketPort } from "./ports.ts";
import { Saver, type SaveFailure } from "./saver.ts";
import { Audience, type Arrival } from "./sockets/audience.ts";
import { Conversation } from "./sockets/conversation.ts";
import { CommitWindow } from "./sockets/commit-window.ts";
import type { Session } from "./sockets/session.ts";
import type { StateJournal } from "./state-journal.ts";
import type { Timers } from "./timers.ts";

export type RunningParts = {
  readonly ports: RoomPorts;
  readonly timers: Timers;
  readonly listing: Listing;
  readonly behaviour: ResolvedBehaviour;
  readonly journal: StateJournal;
  readonly record: RoomRecord;
  readonly members: Members;
  /** All unsaved state has been saved. */
  onSaved(): void;
} & RoomEvents;

/** ms between two looks for dead sockets, while any are open. */
const livenessInterval = 300_000;
/** Characters that may wait in a window: more than these go out before its end. */
const windowCharacters = 512 * 1024;

export class RunningRoom {
  readonly behaviour: ResolvedBehaviour;
  readonly membership: Membership;
  readonly saver: Saver;
  readonly audience: Audience;
  readonly changes: Changes;
  readonly conversation: Conversation;
  readonly window: CommitWindow;
  readonly #author: Author;
  readonly #ports: RoomPorts;
  readonly #timers: Timers;
  readonly #journal: StateJournal;
  readonly #members: Members;
  readonly #activity: Activity;
  readonly #events: RoomEvents;

  constructor(parts: RunningParts) {
    const { ports, timers, listing, behaviour, journal, record, members, onSaved } = parts;
    this.#events = parts;
    this.behaviour = behaviour;
    this.#ports = ports;
    this.#timers = timers;
    this.#journal = journal;
    this.#members = members;
    this.#activity = new Activity(ports, record);
    this.#author = new Author(behaviour, ports);
    this.window = new CommitWindow({
      ports,
      sockets: () => this.audience.sessions.size,
      flush: () => this.#flush(),
    });
    const onNews = (): void => this.window.request("signal");
    this.audience = new Audience({
      ports,
      behaviour,
      epoch: record.epoch,
      journal,
      members,
      onSignal: onNews,
    });
    this.membership = new Membership({
      ports,
      timers,
      listing,
      members,
      activity: this.#activity,
      author: this.#author,
      audience: this.audience,
      behaviour,
      context: () => this.#context(),
      onNews,
    });
    this.saver = new Saver({
      behaviour,
      ports,
      timers,
      enabled: this.#author.saves,
      save: () => this.#save(),
      version: () => journal.version,
      onSaved,
    });
    this.changes = new Changes({
      behaviour,
      journal,
      author: this.#author,
      saver: this.saver,
      window: this.window,
      context: () => this.#headContext(),
      onActivity: () => this.note(),
    });
    this.conversation = new Conversation({
      ports,
      limits: behaviour.limits,
      tell: (session, message) => this.audience.tell(session, message),
      end: (session, reason) => this.end(session, reason),
    });
    if (!this.audience.outbox.isEmpty) onNews();
  }

  // Reading

  get record(): RoomRecord {
    return this.#activity.record;
  }

  get version(): number {
    return this.#journal.version;
  }

  /** The state as compact JSON. */
  get stateText(): string {
    return this.#journal.text;
  }

  get users(): UserEntry[] {
    return this.#members.entries();
  }

  get entry(): RoomEntry {
    return roomEntry(this.#ports.id, this.record, this.#members.size);
  }

  info(): RoomInfo {
    const { behaviour, epoch, createdAt, idleTimeout } = this.record;
    return {
      id: this.#ports.id,
      behaviour,
      epoch,
      version: this.version,
      users: this.#members.size,
      sockets: this.audience.sessions.size,
      createdAt: isoTime(createdAt),
      lastActivityAt: isoTime(this.#activity.lastAt),
      idleTimeout,
      ...(this.isEmpty && { idleDeadline: isoTime(this.idleDeadline) }),
      save: this.saver.status,
      alive: true,
    };
  }

  /** Note a sign of life: of the room, and of a user if one is named. */
  touch(userId?: string): void {
    this.#ports.storage.atomically(() => {
      if (userId !== undefined) this.membership.touch(userId);
      this.note();
    });
  }

  // Telling

  /**
   * Commit what is staged and send what waits, when its time has come.
   * @param author whose change it is: they wait for it
   */
  proceed(author: object | null = null): void {
    const waiting = this.#journal.stagedCharacters + this.audience.outbox.characters;
    if (waiting > windowCharacters) this.window.flush();
    // Where turns wait already, more is about to come.
    else this.window.request("change", this.#events.othersWait() ? null : author);
  }

  /** Send an event; it is not stored. */
  broadcast(event: string, payload: JsonValue, sender?: Session, echo = false): void {
    checkEvent(event, payload, this.behaviour.limits);
    this.note();
    const { outbox } = this.audience;
    const message: RoomMessage = {
      type: "event",
      event,
      payload,
      from: sender?.userId ?? null,
      session: sender?.id ?? null,
    };
    outbox.event(message, sender && !echo ? sender : null);
    this.proceed();
  }

  /** The window ends: commit what is staged, then tell everybody. */
  #flush(): void {
    let change: Change | null;
    try {
      change = this.changes.commit();
    } catch (error) {
      const instance = this.#ports.newId();
      this.#ports.log("error", "commit_failed", { instance, error: describe(error) });
      this.abandon(new CollabError("commit_failed", { instance }));
      return this.#events.onBroken();
    }
    for (const session of this.audience.flush(change)) this.end(session, "too_slow");
  }

  isMember(userId: string): boolean {
    return this.#members.get(userId) !== undefined;
  }

  /** Open a session for a member. */
  open(accept: () => SocketPort, arrival: Arrival): void {
    this.#timers.atLatest("liveness", this.#ports.now() + livenessInterval);
    this.audience.open(accept(), arrival);
    this.window.request("change");
  }

  /** Look for dead sockets, now and again while any are open (rule U8). */
  checkLiveness(): void {
    for (const [session, reason] of this.audience.unresponsive()) this.end(session, reason);
    if (this.audience.sessions.size === 0) this.#timers.clear("liveness");
    else this.#timers.set("liveness", this.#ports.now() + livenessInterval);
  }

  /** Say what a user's sessions may do, from their next message on. */
  setScopes(userId: string, scopes: readonly Scope[]): UserEntry {
    const entry = this.membership.setScopes(userId, scopes);
    this.audience.setScopes(userId, scopes);
    for (const session of this.audience.sessions.of(userId))
      if (!allows(scopes, "room:read")) this.end(session, "forbidden");
    return entry;
  }

  /** End a session for this reason. */
  end(session: Session, reason: ErrorCode): void {
    if (this.audience.end(session, reason)) this.#events.onGone(session.userId);
  }

  /** The room is about to wake anew, another object in this one's place. */
  abandon(error: CollabError): void {
    this.window.retire();
    this.changes.reject(error);
    this.audience.abandon(error);
  }

  /** Something has happened in the room. */
  note(): void {
    this.#activity.note(!this.isEmpty);
  }

  // Starting and stopping

  /** Note whether the directory has the entry: a crash beside a call to it must not hide that. */
  noteListed(listed: boolean): void {
    this.#activity.noteListed(listed);
  }

  /** Write a room that starts: its record, and the state it has loaded. */
  found(): void {
    this.#activity.write();
    this.#journal.found();
  }

  get isEmpty(): boolean {
    return this.#members.size === 0;
  }

  get idleDeadline(): number {
    return this.#activity.idleDeadline;
  }

  /** Whether the room has been empty and idle for long enough (rule T2). */
  get idleIsOver(): boolean {
    return this.isEmpty && this.#ports.now() >= this.idleDeadline;
  }

  /** Whether the state stays in the room's own storage. */
  get keepsState(): boolean {
    return this.behaviour.retention === "keep" && !this.#author.saves;
  }

  /** Note that a stop was asked for, if it takes more than this turn's writes: a crash must not undo it. */
  requestStop(stopping: StopRequest): void {
    if (this.isEmpty && this.saver.isClean) return;
    this.#ports.storage.atomically(() => {
      this.#activity.noteStop(stopping);
      this.#timers.atLatest("idle", this.#ports.now());
    });
  }

  async #save(): Promise<SaveFailure | null> {
    try {
      return await this.#author.save(this.#context());
    } catch {
      return "save_failed"; // the state could not be committed: the room is about to wake anew
    }
  }

  /** What hooks are told: of the state what is committed. */
  #context(): RoomContext {
    this.changes.settle();
    return this.#headContext();
  }

  /** What actions are told, staged changes and all; the costly parts are made when they are read. */
  #headContext(): RoomContext {
    const [journal, members] = [this.#journal, this.#members];
    const { value, headVersion: version } = journal;
    return Object.freeze({
      id: this.#ports.id,
      env: this.#ports.env,
      get users() {
        return Object.freeze(members.entries().map(freezeState));
      },
      get state() {
        return freezeState(value);
      },
      version,
      epoch: this.record.epoch,
      now: this.#ports.now(),
    });
  }
}
