// Many named timers, one physical alarm (rule T3). A timer is a row; the alarm is set only when a timer
// needs it earlier than it is set. An alarm that rings too early is harmless: the owner of the timer looks
// at its own deadline and sets the timer again. The work of each timer is in alarm.ts.

import { backoff, maxBackoff } from "../model/backoff.ts";
import type { Deadline } from "../model/members.ts";
import { isTime } from "../protocol/time.ts";
import type { StoredTimer } from "../storage/room-storage.ts";
import type { RoomPorts } from "./ports.ts";

/**
 * `idle`: stop an empty room. `lease`, `grace`, `presence`: deadlines of members. `liveness`: look for
 * dead sockets. `expiry`: end sessions whose tokens have expired. `schedule`: run scheduled actions. `save`, `directory`: (re)try these.
 */
export type TimerName =
  | "idle"
  | Deadline
  | "liveness"
  | "expiry"
  | "schedule"
  | "save"
  | "directory";

/** The latest time that the platform takes for an alarm, in epoch ms. One that rings too early is set again. */
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
  /** Timers whose work is under way: they ring again only if that never ends. Epoch ms by name. */
  readonly #postponed = new Map<string, number>();
  /** Those among them whose work has failed, and whose rows could not be written: they wait in memory alone. */
  readonly #unwritten = new Set<string>();
  /** While the alarm is being handled it is set once, at the end. */
  #handling = false;
  #retired = false;
  #ensured = false;
  /** By how much the clock was ahead of the wall clock when the alarm was last set for it. */
  #ahead = 0;

  constructor(ports: TimerPorts) {
    const { storage, alarm, alarmAt } = ports;
    this.#ports = ports;
    this.#storage = storage;
    this.#alarm = alarm;
    this.#alarmAt = alarmAt;
  }

  /** Read the rows. */
  restore(): void {
    for (const timer of this.#storage.readTimers()) {
      // One that nobody handles would ring for ever.
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

  /** Epoch ms the alarm is set to, `null` for no alarm. */
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

  /** The work of a timer is under way, beside the turns: do not ring it again before this time (epoch ms). */
  postpone(name: TimerName, until: number): void {
    this.#endWait(name);
    if (this.#timers.has(name)) this.#postponed.set(name, until);
  }

  /** Let a timer fire at this time or before. */
  setAtLatest(name: TimerName, at: number): void {
    const old = this.#timers.get(name);
    if (old === undefined || old.at > at) this.set(name, at);
  }

  /**
   * The same in a room that has woken, for a timer that an earlier instance may have set: one that waits for
   * its next attempt goes on waiting, but not for longer than that takes.
   */
  restoreAtLatest(name: TimerName, at: number, now: number): void {
    const old = this.#timers.get(name);
    if (old === undefined || old.attempts === 0) this.setAtLatest(name, at);
    else this.set(name, Math.min(old.at, now + maxBackoff), old.attempts);
  }

  clear(name: TimerName): void {
    this.#endWait(name);
    if (!this.#timers.has(name)) return;
    // The row goes first: if it cannot, the timer still rings.
    if (!this.#retired) this.#storage.removeTimer(name);
    this.#timers.delete(name);
  }

  /** Drop a timer that the alarm may be set for, and set the alarm for what comes next. */
  clearBeforeAlarm(name: TimerName): void {
    this.clear(name);
    this.delayAlarm();
  }

  /** Set the alarm for what comes next, if it is set for an earlier time. */
  delayAlarm(): void {
    if (this.#alarmAt !== null && this.#alarmAt < this.#nextDue()) this.#rearm();
  }

  /** A timer has fired and its work has failed: let it fire again, later each time. */
  retryLater(name: TimerName, now: number): void {
    const attempts = (this.#timers.get(name)?.attempts ?? 0) + 1;
    try {
      this.set(name, now + backoff(attempts, this.#ports.random()), attempts);
    } catch {
      // Not even a timer can be written. Its row is still due, so that it waits in memory alone.
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
   * Make sure that an alarm is set if a timer needs one. It can be missing when the platform has given up
   * retrying: then whatever wakes the room sets it again. It is set anew when the clock was set back.
   * @param ahead ms by which the room's clock is ahead of the wall clock
   */
  ensureAlarm(ahead: number): void {
    if (ahead !== this.#ahead) {
      this.#ahead = ahead;
      this.#rearm();
    } else if (!this.#ensured) this.#arm();
    this.#ensured = true;
  }

  /** Drop every timer, and the alarm; or every timer but one, which needs the alarm. */
  clearAll(except: TimerName | null = null): void {
    if (this.#retired) return;
    for (const name of this.#timers.keys()) if (name !== except) this.clear(name as TimerName);
    if (except !== null || this.#alarmAt === null) return;
    this.#alarm.clear();
    this.#alarmAt = null;
  }

  /** Storage was emptied: there are no timers and no alarm any more. */
  forget(): void {
    this.#timers.clear();
    this.#alarmAt = null;
  }

  /** Take over which timers wait in memory alone: a room that restarts must not ring them at once again. */
  takeOver(earlier: Timers): void {
    for (const [name, until] of earlier.#postponed)
      if (earlier.#unwritten.has(name)) this.#waitInMemory(name, until);
  }

  /** Another instance has read the rows: from here on this one changes nothing. */
  retire(): void {
    this.#retired = true;
  }

  /**
   * Handle the alarm: fire what is due, then set the alarm for what comes next. If the object dies in
   * between, the platform rings the alarm again, and what is still due fires then.
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

/** A timer as it was stored. One that cannot be read is due: its owner looks at the real deadline, and sets it again. */
const readable = (timer: StoredTimer): StoredTimer =>
  isTime(timer.at) && Number.isSafeInteger(timer.attempts) && timer.attempts >= 0
    ? timer
    : { ...timer, at: 0, attempts: 0 };
