// One room as a process, like a GenServer: every operation runs as one turn of its mailbox (rule R1). It does not
// know the platform, only the ports that it is given.
//
//   call, receive ──▶ turn: execute an operation ──▶ end of turn: flush now, or when the window ends
//
// A flush commits what the turns have staged and sends everything that is waiting. After an unexpected failure in a
// turn or a commit, memory and storage may disagree, so the room restarts from storage, like a supervised process.

import type { Caller } from "../protocol/caller.ts";
import { CollabError } from "../protocol/errors.ts";
import { failureMessage } from "../protocol/messages.ts";
import { readAttachment } from "../model/session-attachment.ts";
import { Admission } from "./admission.ts";
import { brokenAlarmDelay, fireTimer, refusedAlarmDelay } from "./alarm.ts";
import { Lifecycle, type Arrivals } from "./lifecycle.ts";
import { askedBy, describe, type LogFields } from "./log.ts";
import { Mailbox, type TurnOptions } from "./mailbox.ts";
import { LeaveHooks } from "./hooks/leave-hooks.ts";
import { MemoryTimer } from "./memory-timer.ts";
import { execute, type Operation } from "./operation.ts";
import type { RoomPorts, SocketPort } from "./ports.ts";
import { attemptOnce, type Called, type CallOptions } from "./requests/attempt-once.ts";
import type { RunningRoom } from "./running-room.ts";
import { answerMessage, verifyMessage } from "./sessions/answer.ts";
import { refOf } from "./sessions/message-operations.ts";
import { receiveFrame, type RequestMessage } from "./sessions/message-receiver.ts";
import { senderOf } from "./sessions/reply.ts";
import { refuseSocket } from "./sessions/session.ts";
import { SteadyClock, withClock } from "./steady-clock.ts";
import type { TimerName } from "./timers.ts";

export class Room {
  readonly #ports: RoomPorts;
  readonly #clock: SteadyClock;
  readonly #mailbox: Mailbox;
  readonly #leaveHooks: LeaveHooks;
  readonly #arrivals: Arrivals = { current: 0, last: 0 };
  readonly #admission: Admission;
  readonly #flushTimer: MemoryTimer;
  readonly #newsTimer: MemoryTimer;
  #lifecycle: Lifecycle;
  /** Whether memory and storage may disagree: the room then restarts before its next turn. */
  #isBroken = false;

  constructor(ports: RoomPorts) {
    this.#clock = new SteadyClock(ports.now);
    this.#ports = withClock(ports, this.#clock);
    this.#mailbox = new Mailbox(this.#ports);
    this.#admission = new Admission(this.#ports);
    this.#leaveHooks = new LeaveHooks(ports);
    this.#flushTimer = new MemoryTimer(this.#ports);
    this.#newsTimer = new MemoryTimer(this.#ports);
    this.#lifecycle = new Lifecycle(this.#ports, this.#leaveHooks, this.#arrivals, this.#mailbox);
  }

  /** Restore the room from storage. Call this once, before anything else. */
  wake(): void {
    this.#lifecycle.wake();
    this.#afterEvent();
  }

  /**
   * Run an operation and return its outcome, or the recorded outcome if its idempotency key is known (rule X2).
   * @throws CollabError `rate_limited`, `forbidden`, `kicked`, `room_overloaded`, `room_busy`, `commit_failed`, `internal`
   */
  async call<Input, Output>(
    operation: Operation<Input, Output>,
    input: Input,
    caller: Caller,
    options: CallOptions = {},
  ): Promise<Called<Output>> {
    const isKnown = !this.#isBroken && this.#lifecycle.refusal === null;
    this.#admission.check(this.#lifecycle, { operation, input, caller }, isKnown);
    if (!operation.besideTurns) return this.#call(operation, input, caller, options);
    if (this.#lifecycle.refusal !== null) throw this.#lifecycle.refusal;
    const ok = await execute(this.#lifecycle, operation, input, caller);
    return { outcome: { ok }, isReplay: false };
  }

  async #call<Input, Output>(
    operation: Operation<Input, Output>,
    input: Input,
    caller: Caller,
    options: CallOptions,
  ): Promise<Called<Output>> {
    const { sees } = operation;
    const { characters = 0, request } = options;
    const before = (): Promise<unknown> | null =>
      operation.before?.(this.#lifecycle, input) ?? null;
    const again = (): Promise<Called<Output>> => this.#call(operation, input, caller, options);
    const awaited = before();
    if (awaited !== null) return awaited.then(again);
    const run = (): Output | Promise<Output> => execute(this.#lifecycle, operation, input, caller);
    const arrival = ++this.#arrivals.last;
    const answer = await this.#turn(
      async () => {
        // An `onLeave` may have begun meanwhile. Wait for it outside the turn, so that others can run.
        const pending = before();
        if (pending !== null) return { again: pending };
        this.#arrivals.current = arrival;
        const { room } = this.#lifecycle;
        if (sees === "snapshot" && room?.document.isStaged)
          return { read: room.batch.readCommitted(run) };
        if (sees === "committed") await room?.whenCommitted();
        const asked = { operation, input, request, caller, run };
        const { depends, ...called } = await attemptOnce(this.#lifecycle, asked);
        if ("error" in called.outcome && !called.isReplay)
          this.#admission.refused(this.#lifecycle, asked, called.outcome.error);
        this.#scheduleFlush();
        return { called, committed: depends ? this.#lifecycle.room?.whenCommitted() : null };
      },
      { characters, waitLimit: this.#lifecycle.waitLimit },
      () => askedBy(caller),
    );
    if ("again" in answer) return answer.again.then(again);
    if ("read" in answer) return { outcome: { ok: await answer.read }, isReplay: false };
    const { committed, called } = answer;
    const isDone = "ok" in called.outcome;
    if (committed) await (operation.standsAlone && isDone ? committed.catch(() => {}) : committed);
    if (!isDone) return called;
    await operation.after?.(this.#lifecycle, input);
    if (this.#lifecycle.isGone) await this.#background(() => this.#lifecycle.clearIfGone());
    return called;
  }

  /** Handle a frame that has arrived on a socket. */
  async receive(socket: SocketPort, frame: string | ArrayBuffer): Promise<void> {
    const { room, refusal } = this.#lifecycle;
    if (room?.observers.receive(socket, frame)) return;
    const session = room?.sessions.get(socket);
    if (room === null || session === undefined)
      return refuseSocket(socket, room || refusal ? "session_lost" : "room_stopped");
    session.tap?.received(session, frame);
    const { limits } = room.behaviour;
    const { requests, refusals, end } = receiveFrame(session, frame, limits, this.#ports.now());
    room.usage.count("messages", requests.length + refusals.length);
    for (const message of refusals) room.hub.tell(session, message);
    if (end !== null) {
      room.hub.end(session, end);
      return this.#afterEvent();
    }
    const characters = typeof frame === "string" ? frame.length / requests.length : 0;
    await Promise.all(requests.map((message) => this.#handleMessage(socket, message, characters)));
  }

  /** Handle a message in a turn. If it fails, its session is told why. */
  async #handleMessage(
    socket: SocketPort,
    message: RequestMessage,
    characters: number,
  ): Promise<void> {
    const sentBy = (): LogFields => senderOf(this.#lifecycle.room?.sessions.get(socket));
    try {
      const options = { characters, waitLimit: this.#lifecycle.waitLimit };
      // Only a message with a token has something to wait for; the others keep their order.
      const verified =
        message.type === "auth" ? await verifyMessage(this.#ports, message) : message;
      await this.#turn(() => answerMessage(this.#lifecycle, socket, verified), options, sentBy);
    } catch (error) {
      if (!(error instanceof CollabError)) throw error;
      const { room } = this.#lifecycle;
      const session = room?.sessions.get(socket);
      if (session) room?.hub.tell(session, failureMessage(refOf(message), error));
    }
  }

  /** Handle a socket that has closed. If it broke, there was no close frame, and the code is 1006. */
  async socketClosed(socket: SocketPort, code = 1006): Promise<void> {
    this.#lifecycle.room?.observers.socketClosed(socket);
    if (readAttachment(socket.attachment) === null) return; // the room itself has ended that session
    const end = (): void => this.#lifecycle.room?.hub.socketClosed(socket, code);
    end();
    await this.#background(end); // again, in case the room was still starting
  }

  /** Handle the alarm. Never throws; running it twice does no harm. */
  async ring(again = true): Promise<void> {
    const { now, log, alarm } = this.#ports;
    const { timers, refusal } = this.#lifecycle;
    if (refusal !== null) return alarm.set(now() + refusedAlarmDelay);
    const beside: Promise<void>[] = [];
    await timers.ring(now(), async (name) => {
      try {
        // A slow directory must not hold up the timers behind it.
        if (name === "directory") beside.push(this.#lifecycle.syncDirectory());
        else await this.#fire(name, now());
      } catch (error) {
        log("timer_failed", { timer: name, error: describe(error) });
        this.#lifecycle.timers.retryLater(name, now());
      }
    });
    await Promise.all(beside);
    if (this.#isBroken) return alarm.set(now() + brokenAlarmDelay);
    if (this.#lifecycle.isGone) await this.#background(() => this.#lifecycle.clearIfGone());
    if (this.#lifecycle.timers === timers) return;
    // The room has restarted meanwhile. Its new timers ring too, but only once.
    if (again) await this.ring(false);
    else this.#lifecycle.timers.ensureAlarm(this.#clock.ahead);
  }

  async #fire(name: Exclude<TimerName, "directory">, now: number): Promise<void> {
    await this.#turn(async () => {
      await this.#lifecycle.room?.whenCommitted();
      await fireTimer(this.#lifecycle, name, now);
    });
    const { room } = this.#lifecycle;
    if (room === null) await this.#lifecycle.whenListed(); // it has stopped
    else if (name === "schedule") await room.whenCommitted(); // if this fails, the timer is retried
  }

  // Turns

  /**
   * Run one turn. After an error that is not in the error table, memory and storage may disagree, so the room
   * restarts.
   * @param about log fields that describe such a turn
   */
  #turn<T>(work: () => T | Promise<T>, options?: TurnOptions, about?: () => LogFields): Promise<T> {
    return this.#mailbox.run(async () => {
      try {
        if (this.#isBroken) await this.#restart();
        const { refusal, timers } = this.#lifecycle;
        if (refusal !== null) throw refusal;
        timers.ensureAlarm(this.#clock.ahead);
        const outcome = await work();
        this.#endTurn();
        return outcome;
      } catch (error) {
        if (error instanceof CollabError) {
          this.#endTurn();
          throw error;
        }
        const instance = this.#ports.newId();
        this.#ports.log("internal", { instance, ...about?.(), error: describe(error) });
        this.#isBroken = true;
        try {
          await this.#restart();
        } catch (cause) {
          this.#ports.log("restart_failed", { instance, error: describe(cause) });
        }
        throw new CollabError("internal", { instance });
      }
    }, options);
  }

  /** Do what a turn has left to do. Never throws: the turn's own outcome stands. */
  #endTurn(): void {
    const { room } = this.#lifecycle;
    try {
      if (room?.hub.hasEndedUsers) room.processEndedSessions();
    } catch (error) {
      this.#ports.log("internal", { error: describe(error) });
      this.#isBroken = true;
      this.#ports.background(this.#background(() => {}));
    }
    this.#scheduleFlush();
  }

  /** Run a turn that nobody waits for, however long the queue is. Never throws. */
  async #background(work: () => void | Promise<void>): Promise<void> {
    try {
      await this.#turn(work);
    } catch (error) {
      const code = error instanceof CollabError ? error.code : "internal";
      if (code !== "internal") this.#ports.log("background_turn_failed", { code });
    }
  }

  /** After an event outside a turn: do what it has left to do. */
  #afterEvent(): void {
    if (this.#lifecycle.room?.hub.hasEndedUsers) this.#ports.background(this.#background(() => {}));
    this.#scheduleFlush();
  }

  /** @throws what storage throws; the room then stays broken and sends nothing */
  async #restart(): Promise<void> {
    this.#isBroken = true;
    const { timers, room } = this.#lifecycle;
    room?.abandon(new CollabError("commit_failed"));
    await room?.saver.whenIdle(); // only one save at a time, also across a restart
    timers.retire();
    this.#flushTimer.cancel();
    this.#newsTimer.cancel();
    // If a write that set the alarm was rolled back, the time of the alarm is unknown.
    const ports = { ...this.#ports, alarmAt: null };
    const lifecycle = new Lifecycle(ports, this.#leaveHooks, this.#arrivals, this.#mailbox);
    lifecycle.timers.takeOver(timers);
    lifecycle.wake(room);
    this.#lifecycle = lifecycle;
    this.#isBroken = false;
    this.#endTurn();
  }

  /** Flush what is waiting, now or when the window ends. */
  #scheduleFlush(): void {
    const { room } = this.#lifecycle;
    if (room === null || this.#isBroken) return;
    const now = this.#ports.now();
    const request = room.batch.takeRequest();
    // If turns are waiting, more changes are about to come.
    if (request !== null) room.requestFlush(request, this.#mailbox.hasWaiting);
    const { dueAt } = room.window;
    if (dueAt <= now || room.isFull) this.#flush();
    else if (dueAt < Infinity)
      this.#flushTimer.armAtLatest(dueAt, () => {
        room.window.end();
        this.#scheduleFlush();
      });
  }

  /** Wait until the last flush is durable; then the next one may follow. */
  async #afterCommit(room: RunningRoom): Promise<void> {
    try {
      await this.#ports.whenDurable();
    } finally {
      room.window.committed();
      this.#scheduleFlush();
    }
  }

  #flush(): void {
    this.#flushTimer.cancel();
    const { room } = this.#lifecycle;
    if (room === null || this.#isBroken) return;
    try {
      room.flush();
    } catch (error) {
      const instance = this.#ports.newId();
      this.#ports.log("commit_failed", { instance, error: describe(error) });
      this.#isBroken = true;
      room.abandon(new CollabError("commit_failed", { instance }));
      this.#ports.background(this.#background(() => {}));
      return;
    }
    if (room.window.isCommitting) this.#ports.background(this.#afterCommit(room));
    this.#newsTimer.armAtLatest(room.nextNewsAt, () => this.#tellNews());
    if (room.hub.hasEndedUsers) this.#afterEvent();
  }

  #tellNews(): void {
    const { room } = this.#lifecycle;
    if (room === null) return;
    if (!room.makeNews()) this.#newsTimer.armAtLatest(room.nextNewsAt, () => this.#tellNews());
    this.#afterEvent();
  }
}
