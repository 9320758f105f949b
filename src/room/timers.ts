// Many named timers on one physical alarm (rule T3). A timer is a row. The alarm is set only if a timer needs it
// earlier than it is set. An alarm that rings too early is harmless: the owner of the timer checks its own deadline
// and sets the timer again. The work of each timer is in alarm.ts.

import { backoff, maxBackoff } from "../model/backoff.ts";
import type { Deadline } from "../model/members.ts";
import { isTime } from "../protocol/time.ts";
import type { StoredTimer } from "../storage/room-storage.ts";
import type { RoomPorts } from "./ports.ts";

/**
 * `idle`: stop an empty room. `lease`, `grace`, `presence`: deadlines of members. `liveness`: look for dead
 * sockets. `expiry`: end sessions whose tokens have expired. `schedule`: run scheduled actions. `save`,
 * `directory`: try or retry these.
 */
export type TimerName =
  | "idle"
  | Deadline
  | "liveness"
  | "expiry"
  | "schedule"
  | "save"
  | "directory";

/** The latest time that the platform accepts for an alarm, in epoch ms. An alarm that rings too early is set again. */
const latestAlarm = Date.UTC(2189, 0);

type TimerPorts = Pick<RoomPorts, "storage" | "alarm" | "alarmAt" | "random" | "log">;

const timerNames: Readonly<Record<TimerName, true>> = {
  idle: true,
  lease: true,
  grace: true,
  presence: true,
  liveness: true,
  expiry: true,
  schedule: true,
  save: true,
  directory: true,
};

export class Timers {
  readonly #ports: TimerPorts;
  readonly #storage: RoomPorts["storage"];
  readonly #alarm: RoomPorts["alarm"];
  readonly #timers = new Map<string, StoredTimer>();
  #alarmAt: number | null;
  /** Timers whose work is in progress, by name: until this time (epoch ms) they do not ring again. */
  readonly #postponed = new Map<string, number>();
  /** Those of them whose work has failed and whose rows could not be written: they wait only in memory. */
  readonly #unwritten = new Set<string>();
  /** Whether the alarm is being handled: it is then set once, at the end. */
  #handling = false;
  #retired = false;
  #ensured = false;
  /** ms by which the clock was ahead of the wall clock when the alarm was last adjusted to it. */
  #ahead = 0;

  constructor(ports: TimerPorts) {
    const { storage, alarm, alarmAt } = ports;
    this.#ports = ports;
    this.#storage = storage;
    this.#alarm = alarm;
    this.#alarmAt = alarmAt;
  }

  /** Read the timers from storage. */
  restore(): void {
    for (const timer of this.#storage.readTimers()) {
      // A timer that nobody handles would ring for ever.
      if (Object.hasOwn(timerNames, timer.name)) this.#timers.set(timer.name, readable(timer));
      else this.#ports.log("unknown_timer", { timer: timer.name });
    }
  }

  get(name: TimerName): StoredTimer | undefined {
    return this.#timers.get(name);
  }

  /** All timers with the times at which they ring, soonest first. */
  all(): StoredTimer[] {
    const timers = Array.from(this.#timers.values(), (timer) => ({
      ...timer,
      at: this.#dueAt(timer),
    }));
    return timers.toSorted((a, b) => a.at - b.at);
  }

  /** Epoch ms the alarm is set to; `null` if it is not set. */
  get alarmAt(): number | null {
    return this.#alarmAt;
  }

  isDue(name: TimerName, now: number): boolean {
    const timer = this.#timers.get(name);
    return timer !== undefined && timer.at <= now;
  }

  /** Let a timer fire at this time (epoch ms), whatever it was set to before. */
  set(name: TimerName, at: number, attempts = 0): void {
    const old = this.#timers.get(name);
    if (this.#retired || (old?.at === at && old.attempts === attempts)) return;
    const timer = { name, at, attempts };
    this.#storage.writeTimer(timer);
    this.#timers.set(name, timer);
    const postponed = this.#postponed.get(name);
    this.#endWait(name);
    if (postponed !== undefined && postponed === this.#alarmAt) this.#rearm();
    else this.#arm();
  }

  /** The work of a timer is in progress outside turns: do not ring it again before this time (epoch ms). */
  postpone(name: TimerName, until: number): void {
    this.#endWait(name);
    if (this.#timers.has(name)) this.#postponed.set(name, until);
  }

  /** Let a timer fire at this time (epoch ms) or earlier. */
  setAtLatest(name: TimerName, at: number): void {
    const old = this.#timers.get(name);
    if (old === undefined || old.at > at) this.set(name, at);
  }

  /**
   * Like `setAtLatest`, but in a room that has woken, for a timer that an earlier instance may have set. A timer
   * that waits for a retry keeps waiting, but no longer than the maximum backoff.
   */
  restoreAtLatest(name: TimerName, at: number, now: number): void {
    const old = this.#timers.get(name);
    if (old === undefined || old.attempts === 0) this.setAtLatest(name, at);
    else this.set(name, Math.min(old.at, now + maxBackoff), old.attempts);
  }

  clear(name: TimerName): void {
    this.#endWait(name);
    if (!this.#timers.has(name)) return;
    // The row is removed first: if that fails, the timer still rings.
    if (!this.#retired) this.#storage.removeTimer(name);
    this.#timers.delete(name);
  }

  /** Clear a timer that the alarm may be set for, and set the alarm to the next timer. */
  clearBeforeAlarm(name: TimerName): void {
    this.clear(name);
    this.delayAlarm();
  }

  /** Set the alarm to the next timer, if it is set to an earlier time. */
  delayAlarm(): void {
    if (this.#alarmAt !== null && this.#alarmAt < this.#nextDue()) this.#rearm();
  }

  /** The work of a timer has failed: fire it again, with increasing delays. */
  retryLater(name: TimerName, now: number): void {
    const attempts = (this.#timers.get(name)?.attempts ?? 0) + 1;
    try {
      this.set(name, now + backoff(attempts, this.#ports.random()), attempts);
    } catch {
      // Not even the timer can be written. Its stored row is still due, so it waits only in memory.
      this.#waitInMemory(name, now + backoff(10, this.#ports.random()));
      this.#rearm();
    }
  }

  #waitInMemory(name: string, until: number): void {
    this.#postponed.set(name, until);
    this.#unwritten.add(name);
  }

  #endWait(name: string): void {
    this.#postponed.delete(name);
    this.#unwritten.delete(name);
  }

  /**
   * Make sure that an alarm is set if a timer needs one. The alarm can be missing if the platform has given up
   * retrying it; whatever wakes the room then sets it again. It is also reset when the clock was set back.
   * @param ahead ms by which the room's clock is ahead of the wall clock
   */
  ensureAlarm(ahead: number): void {
    if (ahead !== this.#ahead) {
      this.#ahead = ahead;
      this.#rearm();
    } else if (!this.#ensured) this.#arm();
    this.#ensured = true;
  }

  /** Clear every timer and the alarm; or, with `except`, every timer but that one, which needs the alarm. */
  clearAll(except: TimerName | null = null): void {
    if (this.#retired) return;
    for (const name of this.#timers.keys()) if (name !== except) this.clear(name as TimerName);
    if (except !== null || this.#alarmAt === null) return;
    this.#alarm.clear();
    this.#alarmAt = null;
  }

  /** Storage was cleared: there are no timers and no alarm any more. */
  forget(): void {
    this.#timers.clear();
    this.#alarmAt = null;
  }

  /** Take over the timers that wait only in memory, so that a room that restarts does not ring them at once again. */
  takeOver(earlier: Timers): void {
    for (const [name, until] of earlier.#postponed)
      if (earlier.#unwritten.has(name)) this.#waitInMemory(name, until);
  }

  /** Another instance has read the rows: this one changes nothing from now on. */
  retire(): void {
    this.#retired = true;
  }

  /**
   * Handle the alarm: fire what is due, then set the alarm to the next timer. If the object dies in between, the
   * platform rings the alarm again, and what is still due fires then.
   */
  async ring(now: number, fire: (name: TimerName) => Promise<void>): Promise<void> {
    this.#alarmAt = null;
    this.#ensured = true;
    this.#handling = true;
    try {
      const due = [...this.#timers.values()].filter((timer) => this.#dueAt(timer) <= now);
      for (const { name } of due) await fire(name as TimerName);
    } finally {
      this.#handling = false;
      this.#arm();
    }
  }

  #nextDue(): number {
    return Math.min(...Array.from(this.#timers.values(), (timer) => this.#dueAt(timer)));
  }

  #dueAt({ name, at }: StoredTimer): number {
    return Math.max(at, this.#postponed.get(name) ?? at);
  }

  #rearm(): void {
    if (this.#timers.size === 0) return;
    this.#alarmAt = null;
    this.#arm();
  }

  #arm(): void {
    if (this.#retired || this.#handling || this.#timers.size === 0) return;
    const next = this.#nextDue();
    if (this.#alarmAt !== null && this.#alarmAt <= next) return;
    this.#alarm.set(Math.min(Math.max(next, 1), latestAlarm));
    this.#alarmAt = next;
  }
}

/** A timer as stored. An unreadable one counts as due: its owner checks the real deadline and sets it again. */
const readable = (timer: StoredTimer): StoredTimer =>
  isTime(timer.at) && Number.isSafeInteger(timer.attempts) && timer.attempts >= 0
    ? timer
    : { ...timer, at: 0, attempts: 0 };
