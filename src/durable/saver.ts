// Saving the state to the author's store (rule S8): beside the turn, one save at a time, the latest
// state wins, tried again until it succeeds. The row of the timer `save` is the durable note that there
// is something to save: it is written with the first unsaved change and goes when all is saved.

import type { ResolvedBehaviour } from "../behaviours/resolve.ts";
import type { SaveStatus } from "../protocol/rooms.ts";
import { backoff } from "../room/backoff.ts";
import type { RoomPorts } from "./ports.ts";
import type { Timers } from "./timers.ts";

export type SaveFailure = "save_failed" | "call_timeout";

export type SaverParts = {
  readonly behaviour: Pick<ResolvedBehaviour, "save" | "callTimeout">;
  readonly ports: Pick<RoomPorts, "now" | "background">;
  readonly timers: Timers;
  /** Whether the behaviour saves at all. */
  readonly enabled: boolean;
  /** Save the state as it is now; `null` when that worked. */
  save(): Promise<SaveFailure | null>;
  /** The version of the state as it is now. */
  version(): number;
  /** All is saved. */
  onSaved(): void;
};

export class Saver {
  readonly #parts: SaverParts;
  #saving: Promise<void> | null = null;
  #failure: SaveFailure | null;
  /** Epoch ms of the first and the last change that wait; unknown after a wake. */
  #firstAt: number | null = null;
  #lastAt = 0;

  constructor(parts: SaverParts) {
    this.#parts = parts;
    this.#failure = this.#attempts > 0 ? "save_failed" : null;
  }

  get status(): SaveStatus {
    if (!this.#parts.enabled) return { status: "off" };
    if (!this.#dirty) return { status: "saved" };
    return this.#failure === null
      ? { status: "pending" }
      : { status: "failing", error: this.#failure };
  }

  /** Whether everything is saved. */
  get isClean(): boolean {
    return !this.#dirty;
  }

  /** The state has changed: note it, as part of the same write. */
  note(): void {
    const { enabled, timers, ports } = this.#parts;
    if (!enabled) return;
    this.#lastAt = ports.now();
    this.#firstAt ??= this.#lastAt;
    if (this.#failure !== null) return; // the retry will save this change too
    const due = this.#due();
    if (due > this.#lastAt) timers.atLatest("save", due);
    else if (!this.#dirty) this.#watch();
  }

  /** Save what was noted, if it is due: the write has ended. */
  proceed(): void {
    if (this.#firstAt === null || this.#failure !== null || !this.#dirty) return;
    if (this.#due() <= this.#lastAt) void this.#start();
  }

  /** Wait for a save that is under way. */
  async settled(): Promise<void> {
    await this.#saving;
  }

  /** The timer `save` has rung. */
  ring(now: number): void {
    const due = this.#due();
    if (this.#failure === null && due > now) return this.#parts.timers.set("save", due);
    // Left as it is, it would ring on and on until the save has ended.
    this.#watch(this.#attempts);
    this.#start();
  }

  /**
   * Save what is unsaved, now. For use in the room's turn, where nothing else can change the state.
   * @returns `null` when everything is saved, else why not
   */
  async flush(): Promise<SaveFailure | null> {
    if (this.#dirty) await this.#start();
    // The save that was under way may have carried an older state: then a second one follows.
    if (this.#dirty && this.#failure === null) await this.#start();
    return this.#dirty ? (this.#failure ?? "save_failed") : null;
  }

  get #dirty(): boolean {
    return this.#parts.timers.get("save") !== undefined;
  }

  /** Epoch ms at which the changes that wait are to be saved; 0 when none is known of. */
  #due(): number {
    const { debounce, maxWait } = this.#parts.behaviour.save;
    return this.#firstAt === null ? 0 : Math.min(this.#lastAt + debounce, this.#firstAt + maxWait);
  }

  /** How many saves have failed since one succeeded. */
  get #attempts(): number {
    return this.#parts.timers.get("save")?.attempts ?? 0;
  }

  /** Have the timer only watch a save: it rings if the object dies before the save has ended. */
  #watch(attempts = 0): void {
    const { timers, ports, behaviour } = this.#parts;
    timers.set("save", ports.now() + behaviour.callTimeout + 1000, attempts);
  }

  #start(): Promise<void> {
    if (this.#saving === null) {
      this.#saving = this.#run().finally(() => {
        this.#saving = null;
      });
      this.#parts.ports.background(this.#saving);
    }
    return this.#saving;
  }

  /** Save until all is saved, a save fails, or what is left may wait for its debounce. */
  async #run(): Promise<void> {
    const { timers, ports } = this.#parts;
    while (this.#dirty) {
      const version = this.#parts.version();
      this.#firstAt = null;
      this.#failure = await this.#parts.save();
      const now = ports.now();
      if (this.#failure !== null) {
        const attempts = this.#attempts + 1;
        timers.set("save", now + backoff(attempts), attempts);
        return;
      }
      if (this.#parts.version() === version) {
        timers.clear("save");
        this.#parts.onSaved();
        return;
      }
      const due = this.#due();
      if (due > now) {
        timers.set("save", due);
        return;
      }
      if (this.#attempts > 0) this.#watch(); // what failed before counts no more
    }
  }
}
