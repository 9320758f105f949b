// The scheduled actions of a room (rule B5): those that are pending, and those that the next commit writes or
// removes. scheduled-actions.ts runs them.

import { isTime } from "../protocol/time.ts";
import type { StoredSchedule } from "../storage/room-storage.ts";
import type { RoomPorts } from "./ports.ts";
import type { Timers } from "./timers.ts";

export type SchedulesParts = {
  readonly ports: Pick<RoomPorts, "storage" | "now">;
  readonly timers: Timers;
};

/** The changes of an action to the schedules. */
export type ScheduleChanges = {
  readonly added: Iterable<StoredSchedule>;
  /** Ids. */
  readonly removed: Iterable<string>;
};

export class Schedules {
  readonly #parts: SchedulesParts;
  /** The pending actions, including everything that is staged. */
  readonly #pending = new Map<string, StoredSchedule>();
  /** Ids of the rows that the next commit writes or removes. */
  readonly #staged = new Set<string>();

  constructor(parts: SchedulesParts) {
    this.#parts = parts;
  }

  /** Read the rows after a wake. */
  restore(): void {
    const { ports, timers } = this.#parts;
    const now = ports.now();
    for (const stored of ports.storage.readSchedules())
      if (isSchedule(stored)) this.#pending.set(stored.id, restored(stored, now));
      else ports.storage.quarantine([{ kind: "schedule", version: stored.id }]);
    if (!this.isEmpty) timers.restoreAtLatest("schedule", this.#nextDue(), now);
  }

  get size(): number {
    return this.#pending.size;
  }

  get isEmpty(): boolean {
    return this.#pending.size === 0;
  }

  get isStaged(): boolean {
    return this.#staged.size > 0;
  }

  get(id: string): StoredSchedule | undefined {
    return this.#pending.get(id);
  }

  all(): StoredSchedule[] {
    return [...this.#pending.values()];
  }

  /** The action that is due first, if its time has come. */
  firstDue(now: number): StoredSchedule | undefined {
    let first: StoredSchedule | undefined;
    for (const schedule of this.#pending.values())
      if (schedule.due <= now && schedule.due < (first?.due ?? Infinity)) first = schedule;
    return first;
  }

  /** Stage changes; `commit` writes them. */
  stage({ added, removed }: ScheduleChanges): void {
    for (const schedule of added) {
      this.#pending.set(schedule.id, schedule);
      this.#staged.add(schedule.id);
    }
    for (const id of removed) if (this.#pending.delete(id)) this.#staged.add(id);
  }

  /** Write what is staged, and the timer, as part of the commit. */
  commit(): void {
    const { storage } = this.#parts.ports;
    for (const id of this.#staged) {
      const schedule = this.#pending.get(id);
      if (schedule === undefined) storage.removeSchedule(id);
      else storage.writeSchedule(schedule);
    }
    this.#staged.clear();
    this.setTimer();
  }

  /** Set the timer to the action that is due next. */
  setTimer(): void {
    const { timers } = this.#parts;
    if (this.isEmpty) timers.clear("schedule");
    else timers.set("schedule", this.#nextDue());
  }

  #nextDue(): number {
    return Math.min(...Array.from(this.#pending.values(), ({ due }) => due));
  }
}

const isSchedule = ({ id, name, input, at, due, setAt, attempts }: StoredSchedule): boolean =>
  typeof id === "string" &&
  typeof name === "string" &&
  input !== undefined &&
  [at, due, setAt].every(isTime) &&
  Number.isSafeInteger(attempts);

/** A stored schedule, possibly set by a clock that was ahead: it waits no longer than originally intended. */
const restored = (stored: StoredSchedule, now: number): StoredSchedule => ({
  ...stored,
  due: Math.min(stored.due, now + Math.max(0, stored.due - stored.setAt)),
});
