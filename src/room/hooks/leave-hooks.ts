// Calls of `onLeave`, outside turns (rule B6): many at a time, started in the order of the departures. A departure
// never blocks the room. Only the caller who requested it, and the user's next join, wait here.

import type { RoomPorts } from "../ports.ts";

/** How many calls may be in progress at once. */
const concurrency = 32;

export class LeaveHooks {
  readonly #ports: Pick<RoomPorts, "background">;
  readonly #queue: (() => Promise<void>)[] = [];
  readonly #pending = new Map<string, Promise<void>>();
  #running = 0;

  constructor(ports: Pick<RoomPorts, "background">) {
    this.#ports = ports;
  }

  /** Queue a hook call. @param call never throws */
  add(userId: string, call: () => Promise<void>): void {
    const { promise, resolve } = Promise.withResolvers<void>();
    const earlier = this.#pending.get(userId);
    const ended = promise.then(() => {
      if (this.#pending.get(userId) === ended) this.#pending.delete(userId);
    });
    this.#pending.set(userId, ended);
    this.#queue.push(async () => {
      await earlier;
      await call();
      resolve();
    });
    this.#ports.background(ended);
    this.#startNext();
  }

  /** The number of users with a pending call. */
  get size(): number {
    return this.#pending.size;
  }

  /** Resolves when no call for this user is pending; `null` if none is. */
  pendingFor(userId: string): Promise<void> | null {
    return this.#pending.get(userId) ?? null;
  }

  /** Resolves when no call is pending. */
  async whenIdle(): Promise<void> {
    while (this.#pending.size > 0) await Promise.all(this.#pending.values());
  }

  #startNext(): void {
    while (this.#running < concurrency) {
      const start = this.#queue.shift();
      if (start === undefined) return;
      this.#running++;
      void start().finally(() => {
        this.#running--;
        this.#startNext();
      });
    }
  }
}
