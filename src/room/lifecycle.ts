// The states absent and running, and the transitions between them. Unless noted, methods are called within a turn.
//
//             start                              stop
//   absent ─────────────────▶ running ─────────────────────▶ absent
//     ▲                          │  ▲
//     └ load fails, join refused └──┘ eviction, crash: the room wakes as it was

import { roomCaller, type Caller } from "../protocol/caller.ts";
import { CollabError } from "../protocol/errors.ts";
import { defaultLimits } from "../protocol/limits.ts";
import type { RoomEntry, StartOptions } from "../protocol/rooms.ts";
import type { Scope } from "../protocol/scopes.ts";
import type { Member } from "../model/members.ts";
import { entityTag } from "../model/preconditions.ts";
import type { RoomRecord, StopRequest } from "../model/record.ts";
import { checkBehaviour, checkCreate, chooseBehaviour } from "./access.ts";
import { DirectoryRegistration } from "./directory-registration.ts";
import type { LeaveHooks } from "./hooks/leave-hooks.ts";
import { Bans } from "./members/bans.ts";
import type { Mailbox } from "./mailbox.ts";
import type { RoomPorts } from "./ports.ts";
import { askedBy, describe } from "./log.ts";
import { IdempotencyKeys } from "./requests/idempotency-keys.ts";
import { RoomBuilder, type StoredRoom } from "./room-builder.ts";
import type { RunningRoom } from "./running-room.ts";
import { refuseSocket } from "./sessions/session.ts";
import { Timers } from "./timers.ts";

/** The calls of a room, numbered as they arrive: the last one, and the one whose turn it is. */
export type Arrivals = { current: number; last: number };

/** Why a room stops: it has been idle for long enough, or somebody asked for a stop or a purge. */
export type StopReason = "idle" | "requested" | "purge";

type Life =
  | { readonly kind: "absent"; readonly record: RoomRecord | null }
  | { readonly kind: "running"; readonly room: RunningRoom }
  /** Its storage cannot be used: it is neither read nor written. */
  | { readonly kind: "refused"; readonly error: CollabError };

/** ms that a turn may wait in an absent room. */
const defaultWaitLimit = 5000;

export class Lifecycle {
  readonly timers: Timers;
  readonly registration: DirectoryRegistration;
  readonly leaveHooks: LeaveHooks;
  readonly keys: IdempotencyKeys;
  readonly bans: Bans;
  readonly mailbox: Mailbox;
  /** Epoch ms at which this instance restored the room. */
  wokeAt = 0;
  /** Set while the directory is being updated. */
  syncing: Promise<void> | null = null;
  readonly #ports: RoomPorts;
  #life: Life = { kind: "absent", record: null };
  #loadFailure: {
    readonly error: CollabError;
    readonly behaviour: string;
    readonly upTo: number;
  } | null = null;
  readonly #builder: RoomBuilder;
  readonly #arrivals: Arrivals;

  /** @param leaveHooks kept across restarts, because a restart undoes no departure */
  constructor(ports: RoomPorts, leaveHooks: LeaveHooks, arrivals: Arrivals, mailbox: Mailbox) {
    this.#ports = ports;
    this.mailbox = mailbox;
    this.leaveHooks = leaveHooks;
    this.#arrivals = arrivals;
    this.timers = new Timers(ports);
    this.registration = new DirectoryRegistration(ports, this.timers);
    this.keys = new IdempotencyKeys(ports);
    this.bans = new Bans(ports);
    const { timers, registration, keys, bans } = this;
    this.#builder = new RoomBuilder({ ports, timers, registration, leaveHooks, keys, bans });
  }

  /** The running room, or `null` for an absent one. */
  get room(): RunningRoom | null {
    return this.#life.kind === "running" ? this.#life.room : null;
  }

  /** Why the room accepts no operation at all; `null` if it accepts operations. */
  get refusal(): CollabError | null {
    return this.#life.kind === "refused" ? this.#life.error : null;
  }

  /** ms that a call may wait for its turn. */
  get waitLimit(): number {
    return this.room?.behaviour.callTimeout ?? defaultWaitLimit;
  }

  /** Requests per second that a user may send over HTTP. */
  get requestRate(): number {
    return (this.room?.behaviour.limits ?? defaultLimits).messagesPerSecond;
  }

  /**
   * The running room, for an operation.
   * @throws CollabError `room_not_running`, `behaviour_missing`
   */
  running(): RunningRoom {
    const { room } = this;
    if (room === null) throw new CollabError("room_not_running");
    if (!this.#ports.behaviours.has(room.record.behaviour))
      throw new CollabError("behaviour_missing");
    return room;
  }

  /**
   * Restore the room from storage. No hook is called: waking is not starting (rule R6).
   * @param earlier the room before a restart
   */
  wake(earlier: RunningRoom | null = null): void {
    const { storage, sockets, now } = this.#ports;
    this.wokeAt = now();
    const { version, isSupported } = storage.open();
    if (!isSupported) return this.#refuse(version);
    this.timers.restore();
    this.registration.restore();
    const found = this.#builder.readRecord();
    switch (found?.status) {
      case "running": {
        const { room, hasLosses } = this.#builder.open(found);
        this.#life = { kind: "running", room };
        room.restore(earlier, hasLosses);
        return this.#builder.reportQuarantined();
      }
      case "stopped":
      case "gone":
      case undefined:
        // A stop that was interrupted may have left sockets open.
        for (const socket of sockets()) refuseSocket(socket, "room_stopped");
        this.#life = { kind: "absent", record: found };
        return;
      default:
        return this.#refuse(version);
    }
  }

  /** Refuse everything: a newer release has written this storage, so it is unknown what may be written. */
  #refuse(version: number): void {
    this.#ports.log("storage_too_new", { version });
    this.#life = { kind: "refused", error: new CollabError("storage_too_new") };
  }

  /**
   * Do everything that a start needs, including hooks, without starting the room. If loading fails, callers that
   * were already waiting get the same error.
   * @throws CollabError `behaviour_conflict`, `forbidden`, and what the builder's `prepare` throws
   */
  async prepare(options: StartOptions, caller: Caller): Promise<RunningRoom> {
    const behaviour = chooseBehaviour(caller, options.behaviour, this.#kept?.behaviour);
    // For any other caller, the hooks of that behaviour first decide whether they may enter.
    if (caller.hasOwnScopes) checkBehaviour(options.behaviour, behaviour);
    const failure = this.#loadFailure;
    if (failure && failure.behaviour === behaviour && this.#arrivals.current <= failure.upTo)
      throw failure.error;
    const kept = this.#openKept();
    if (caller.hasOwnScopes) this.checkCreate(caller, caller.scopes);
    try {
      return await this.#builder.prepare({ ...options, behaviour }, kept, caller);
    } catch (error) {
      if (error instanceof CollabError && error.code === "load_failed")
        this.#loadFailure = { error, behaviour, upTo: this.#arrivals.last };
      throw error;
    }
  }

  /**
   * Check that a caller may start the room. A room that has kept its state exists, so it needs no permission.
   * @param given the scopes that the room gives them; `undefined` if it gives them none
   * @throws CollabError `forbidden`
   */
  checkCreate(caller: Caller, given: readonly Scope[] | undefined): void {
    if (this.#kept === null) checkCreate(caller.hasOwnScopes ? caller.scopes : (given ?? []));
  }

  /** The record of a stopped room that has kept its state; `null` if there is none. */
  get #kept(): RoomRecord | null {
    const record = this.#life.kind === "absent" ? this.#life.record : null;
    return record?.status === "stopped" ? record : null;
  }

  /** Open what a stopped room has kept; `null` if there is nothing. */
  #openKept(): StoredRoom | null {
    const kept = this.#kept && this.#builder.openDocument(this.#kept);
    if (kept) this.#life = { kind: "absent", record: kept.record };
    return kept;
  }

  /** The entity tag of the state that a stopped room has kept; `null` if there is none. */
  keptTag(): string | null {
    const kept = this.#openKept();
    return kept && entityTag(kept.record.epoch, kept.document.version);
  }

  /**
   * Write a prepared room. It runs from here on.
   * @param enter writes the join that starts the room, in the same transaction
   */
  start(room: RunningRoom, caller: Caller, enter: () => void = () => {}): void {
    const { storage, log } = this.#ports;
    storage.atomically(() => {
      room.activity.writeInitial();
      room.document.writeInitial();
      storage.removeMembers(); // there are none, unless the room's record was lost
      storage.removeSchedules();
      this.registration.markStale(); // its timer is due first, so the alarm is set only once
      this.timers.set("idle", room.activity.idleDeadline);
      enter();
    });
    this.#life = { kind: "running", room };
    const { behaviour, epoch } = room.record;
    log("room_started", { behaviour, epoch, ...askedBy(caller) });
    room.usage.started(room.occupancy);
  }

  /**
   * Stop a running room. Nothing may be staged.
   * @returns false if the state could not be saved: the room then keeps running
   */
  async stop(room: RunningRoom, reason: StopReason, caller: Caller): Promise<boolean> {
    const { storage, log, now } = this.#ports;
    if ((await room.saver.flush()) !== null) {
      this.timers.clear("idle"); // a save that succeeds sets it again
      return false;
    }
    const drop = reason === "purge" || !room.keepsState;
    const { stopping: _stopping, ...rest } = room.record;
    const sessions = room.sessions.size;
    const { occupancy } = room;
    const record = { ...rest, status: drop ? "gone" : "stopped" } as const;
    let left: readonly Member[] = [];
    storage.atomically(() => {
      left = room.departures.removeAll();
      if (drop) this.#removeHistory();
      storage.removeSchedules();
      storage.writeRoom(record);
      this.registration.markStale();
      this.timers.clearAll("directory");
    });
    room.hub.endAll("room_stopped");
    room.observers.endAll("room_stopped");
    room.departures.callLeaveHooks(left, caller);
    this.#life = { kind: "absent", record };
    const { behaviour, epoch, createdAt } = record;
    const ran = now() - createdAt;
    const ended = { reason, behaviour, epoch, ran, users: left.length, sessions };
    log("room_stopped", { ...ended, ...askedBy(caller) });
    room.usage.stopped(reason, ran, occupancy);
    return true;
  }

  /** Delete what an absent room has kept. */
  async purge(): Promise<void> {
    const { storage } = this.#ports;
    const record = this.#kept;
    if (record === null) return;
    const gone = { ...record, status: "gone" } as const;
    storage.atomically(() => {
      this.#removeHistory();
      storage.writeRoom(gone);
    });
    this.#life = { kind: "absent", record: gone };
    await this.clearIfGone();
  }

  #removeHistory(): void {
    this.#ports.storage.removeHistory();
    this.bans.forget();
  }

  /** Clear the storage of a room that keeps nothing, once the directory knows that it has stopped. */
  async clearIfGone(): Promise<void> {
    if (!this.isGone) return;
    await this.#ports.storage.clear();
    this.timers.forget();
    this.#life = { kind: "absent", record: null };
  }

  /** Whether a turn has to clear the storage; see `clearIfGone`. */
  get isGone(): boolean {
    return (
      this.#life.kind === "absent" &&
      this.#life.record?.status === "gone" &&
      this.timers.get("directory") === undefined
    );
  }

  // The directory, outside turns

  /** Resolves when the directory has recorded the start or stop, or cannot be reached. */
  whenListed(): Promise<void> | null {
    return this.registration.isUrgent ? this.syncDirectory() : null;
  }

  /** Resolves when the directory has recorded the stop and the `onLeave` hooks have run. */
  async whenStopped(): Promise<void> {
    await Promise.all([this.whenListed(), this.leaveHooks.whenIdle()]);
  }

  /** Bring the directory up to date, one call at a time. Never rejects. */
  syncDirectory(): Promise<void> {
    this.syncing ??= this.#sync()
      .catch((error: unknown) => {
        // The directory has answered, but storage could not record that, so the directory is updated again.
        const { log, now } = this.#ports;
        log("timer_failed", { timer: "directory", error: describe(error) });
        this.timers.retryLater("directory", now());
      })
      .finally(() => {
        this.syncing = null;
      });
    return this.syncing;
  }

  async #sync(): Promise<void> {
    for (;;) {
      const sent = this.room?.entry ?? null;
      if (!(await this.registration.send(sent))) return;
      const entry = this.room?.entry ?? null;
      if (sent === null && entry === null) return this.timers.clearAll();
      // Meanwhile, the room may have stopped, or started again as another one.
      if (sent !== null && entry !== null && isSameRoom(sent, entry))
        return this.registration.settle(sent.users, entry.users);
    }
  }

  /** Stop the room if a stop was requested or it has been idle for long enough; otherwise set its idle timer. */
  async stopIfDue(room: RunningRoom): Promise<void> {
    const { stopping } = room.record;
    if (stopping || room.isIdleOver) {
      // The stop itself removes the timer's row, so a crash before that does not lose the timer.
      await this.stop(room, stopping ? reasonOf(stopping) : "idle", roomCaller);
    } else if (room.mayStop) this.timers.set("idle", room.activity.idleDeadline);
    else this.timers.clear("idle");
  }
}

/** The reason for a requested stop. */
export const reasonOf = ({ purge }: StopRequest): StopReason => (purge ? "purge" : "requested");

/** Whether two entries differ in nothing but the number of users. */
const isSameRoom = (a: RoomEntry, b: RoomEntry): boolean =>
  a.behaviour === b.behaviour && a.createdAt === b.createdAt;
