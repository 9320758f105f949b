// Counts what a running room does, for the deployment's analytics (rule O4). A busy room writes one data point a
// minute. A room that becomes quiet writes its counts before it sleeps, because its memory is lost then.

import { dataPoint, noCounts, type Occupancy, type UsageCounts } from "../model/data-point.ts";
import { MemoryTimer } from "./memory-timer.ts";
import type { RoomPorts } from "./ports.ts";

/** Minimum ms that one data point covers while the room is awake. */
const interval = 60_000;
/** ms without a flush after which a room is quiet. The platform lets it sleep after twice that time. */
const quietAfter = 5000;

export type UsageMeterParts = {
  readonly ports: Pick<RoomPorts, "now" | "later" | "background" | "analytics">;
  readonly behaviour: { readonly name: string };
};

export class UsageMeter {
  readonly #ports: UsageMeterParts["ports"];
  readonly #behaviour: string;
  readonly #timer: MemoryTimer;
  #counts: { -readonly [Name in keyof UsageCounts]: number } = { ...noCounts };
  #occupancy: Occupancy = { users: 0, sockets: 0 };
  /** Epoch ms of the first counted flush, of the last flush, and of the last data point. */
  #since: number | null = null;
  #flushedAt = 0;
  #reportedAt = -Infinity;

  constructor({ ports, behaviour }: UsageMeterParts) {
    this.#ports = ports;
    this.#behaviour = behaviour.name;
    this.#timer = new MemoryTimer(ports);
  }

  /** Take over from the meter of the room before a restart. */
  restore(earlier: UsageMeter): void {
    earlier.#timer.cancel();
    this.#counts = earlier.#counts;
    this.#since = earlier.#since;
    this.#reportedAt = earlier.#reportedAt;
  }

  /** Epoch ms until which it keeps the object awake to write its counts; `Infinity` if it does not. */
  get dueAt(): number {
    return this.#timer.dueAt;
  }

  count(what: keyof UsageCounts, number = 1): void {
    this.#counts[what] += number;
  }

  /** The room has flushed. Only flushes lead to `activity` data points. */
  flushed(occupancy: Occupancy): void {
    if (this.#ports.analytics === null) return;
    const now = this.#ports.now();
    this.count("flushes");
    this.#occupancy = occupancy;
    this.#flushedAt = now;
    this.#since ??= now;
    if (now - this.#since >= interval) this.#report(now);
    else this.#timer.armAtLatest(now + quietAfter, () => this.#ring());
  }

  started(occupancy: Occupancy): void {
    const behaviour = this.#behaviour;
    this.#ports.analytics?.(dataPoint({ kind: "started", behaviour, ...occupancy }));
  }

  /** @param ms how long the room has run */
  stopped(detail: string, ms: number, occupancy: Occupancy): void {
    this.#timer.cancel();
    const behaviour = this.#behaviour;
    const counts = this.#counts;
    this.#ports.analytics?.({ kind: "stopped", behaviour, detail, ms, ...occupancy, ...counts });
  }

  #ring(): void {
    const now = this.#ports.now();
    if (now - this.#flushedAt < quietAfter)
      this.#timer.armAtLatest(this.#flushedAt + quietAfter, () => this.#ring());
    else if (now - this.#reportedAt >= interval) this.#report(now);
  }

  #report(now: number): void {
    this.#timer.cancel();
    const ms = now - (this.#since ?? now);
    this.#ports.analytics?.({
      kind: "activity",
      behaviour: this.#behaviour,
      detail: "",
      ms,
      ...this.#occupancy,
      ...this.#counts,
    });
    this.#counts = { ...noCounts };
    this.#since = null;
    this.#reportedAt = now;
  }
}
