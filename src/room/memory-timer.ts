// An in-memory timer, for what happens within seconds and need not survive an eviction. While it is set, it keeps
// the object awake. Deadlines that must survive are rows; see timers.ts.

import type { RoomPorts } from "./ports.ts";

export class MemoryTimer {
  readonly #ports: Pick<RoomPorts, "now" | "later" | "background">;
  #dueAt = Infinity;
  #cancel: (() => void) | null = null;
  #awake: PromiseWithResolvers<void> | null = null;

  constructor(ports: Pick<RoomPorts, "now" | "later" | "background">) {
    this.#ports = ports;
  }

  /** Call back at this time (epoch ms), unless the timer is already due earlier. */
  armAtLatest(dueAt: number, call: () => void): void {
    if (dueAt >= this.#dueAt) return;
    this.#cancel?.();
    this.#dueAt = dueAt;
    this.#cancel = this.#ports.later(dueAt - this.#ports.now(), () => {
      this.cancel();
      call();
    });
    if (this.#awake !== null) return;
    this.#awake = Promise.withResolvers();
    this.#ports.background(this.#awake.promise);
  }

  /** Epoch ms; `Infinity` while the timer is not set. */
  get dueAt(): number {
    return this.#dueAt;
  }

  cancel(): void {
    this.#cancel?.();
    this.#cancel = null;
    this.#dueAt = Infinity;
    this.#awake?.resolve();
    this.#awake = null;
  }
}
