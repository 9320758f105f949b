// Saves the state to the author's store (rule S8), outside turns. One save runs at a time, the latest state wins,
// and a save is retried until it succeeds. The row of the timer `save` durably records that something is unsaved:
// it is written with the first unsaved change and deleted when everything is saved.

import type { ResolvedBehaviour } from "../behaviours/resolve.ts";
import type { SaveStatus } from "../protocol/rooms.ts";
import { backoff, maxBackoff } from "../model/backoff.ts";
import type { RoomDocument } from "./document/document.ts";
import type { HookRunner, SaveFailure } from "./hooks/hook-runner.ts";
import type { RoomPorts } from "./ports.ts";
import type { Timers } from "./timers.ts";

export type StateSaverParts = {
  readonly behaviour: Pick<ResolvedBehaviour, "save" | "callTimeout">;
  readonly ports: Pick<RoomPorts, "now" | "random" | "background" | "log">;
  readonly timers: Timers;
  readonly hooks: Pick<HookRunner, "saves" | "save">;
  readonly document: Pick<RoomDocument, "version" | "isStaged" | "freeze">;
};

/**
 * A save freezes the state, and the next change copies each container that it touches. Together that takes about
 * 1 ms for 1,000 members (60 ms for 80,000). After a state with n members in one container, the next save starts at
 * least n / 80 ms later, so that saving takes less than a tenth of the room's time. The delay is computed, not
 * measured, so that a room behaves the same on every machine. Narrow states do not wait.
 */
const membersPerMs = 80;

export class StateSaver {
  readonly #parts: StateSaverParts;
  #saving: Promise<void> | null = null;
  #failure: SaveFailure | null = null;
  /** Epoch ms of the last successful save, and of the first failure since then, as far as this instance knows. */
  #savedAt: number | null = null;
  #failingSince: number | null = null;
  /** Epoch ms of the first and the last unsaved change; unknown after a wake. */
  #firstAt: number | null = null;
  #lastAt = 0;
  /** Epoch ms before which no change starts a save, because the last saved state was wide. */
  #notBefore = 0;

  constructor(parts: StateSaverParts) {
    this.#parts = parts;
  }

  /** Restore what an earlier instance has left: a save that kept failing still counts as failing. */
  restore(): void {
    const { timers, ports, behaviour } = this.#parts;
    const timer = timers.get("save");
    if (timer === undefined) return;
    if (timer.attempts > 0) this.#failure = "save_failed";
    // The clock may have been ahead when the timer was set.
    const latest = ports.now() + Math.max(maxBackoff, behaviour.save.maxWait);
    timers.set("save", Math.min(timer.at, latest), timer.attempts);
  }

  get status(): SaveStatus {
    if (!this.#parts.hooks.saves) return { status: "off" };
    if (!this.#dirty) return { status: "saved" };
    return this.#failure === null
      ? { status: "pending" }
      : { status: "failing", error: this.#failure };
  }

  /** Whether a save is in progress. */
  get isSaving(): boolean {
    return this.#saving !== null;
  }

  /** Save statistics for operators: times in epoch ms, `null` for what this instance does not know. */
  get record(): { savedAt: number | null; failingSince: number | null; attempts: number } {
    return { savedAt: this.#savedAt, failingSince: this.#failingSince, attempts: this.#attempts };
  }

  /** Whether everything is saved. */
  get isClean(): boolean {
    return !this.#dirty;
  }

  /** The state is about to change: record that it is unsaved, as part of the same write. */
  markDirty(): void {
    const { hooks, timers, ports } = this.#parts;
    if (!hooks.saves) return;
    this.#lastAt = ports.now();
    this.#firstAt ??= this.#lastAt;
    if (this.#failure !== null) return; // the retry will save this change too
    const due = this.#due();
    if (due > this.#lastAt) timers.setAtLatest("save", due);
    else if (!this.#dirty) this.#watch();
  }

  /** A change was committed: save it if a save is due. */
  afterCommit(): void {
    if (this.#firstAt === null || this.#failure !== null || !this.#dirty) return;
    if (this.#due() <= this.#lastAt) void this.#start();
  }

  /** Wait for a save that is in progress. */
  async whenIdle(): Promise<void> {
    await this.#saving;
  }

  /** Handle the timer `save`. */
  ring(now: number): void {
    const due = this.#due();
    if (this.#failure === null && due > now) return this.#parts.timers.set("save", due);
    // If it were left as it is, the timer would ring again and again until the save has ended.
    this.#watch(this.#attempts);
    this.#start();
  }

  /**
   * Save what is unsaved, now. Call this in a turn, with nothing staged, so that the state cannot change.
   * @returns `null` if everything is saved, otherwise why not
   */
  async flush(): Promise<SaveFailure | null> {
    if (this.#dirty) await this.#start();
    // A save that was in progress may have carried an older state; a second one then follows.
    if (this.#dirty && this.#failure === null) await this.#start();
    return this.#dirty ? (this.#failure ?? "save_failed") : null;
  }

  get #dirty(): boolean {
    return this.#parts.timers.get("save") !== undefined;
  }

  /** Epoch ms at which the unsaved changes are to be saved; 0 if none are known. */
  #due(): number {
    const { debounce, maxWait } = this.#parts.behaviour.save;
    if (this.#firstAt === null) return 0;
    return Math.max(this.#notBefore, Math.min(this.#lastAt + debounce, this.#firstAt + maxWait));
  }

  /** How many saves have failed since the last successful one. */
  get #attempts(): number {
    return this.#parts.timers.get("save")?.attempts ?? 0;
  }

  /** Let the timer only watch over a save: it rings if the object dies before the save has ended. */
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

  /** Save until everything is saved, a save fails, or the rest may wait. */
  async #run(): Promise<void> {
    const { timers, ports, document, hooks } = this.#parts;
    // Staged changes must not be saved yet: their commit starts the next save.
    while (this.#dirty && !document.isStaged) {
      const { version } = document;
      this.#firstAt = null;
      this.#notBefore = ports.now() + Math.ceil(document.freeze() / membersPerMs);
      this.#failure = await hooks.save();
      const now = ports.now();
      if (this.#failure !== null) {
        this.#failingSince ??= now;
        const attempts = this.#attempts + 1;
        const retryAt = Math.max(now + backoff(attempts, ports.random()), this.#notBefore);
        timers.set("save", retryAt, attempts);
        ports.log("save_failed", { code: this.#failure, attempts, retryIn: retryAt - now });
        return;
      }
      this.#savedAt = now;
      this.#failingSince = null;
      // A stop may have waited for this. It saves by itself what has changed meanwhile.
      if (this.#attempts > 0) {
        timers.setAtLatest("idle", now);
        ports.log("save_recovered", { attempts: this.#attempts });
      }
      if (document.version === version) return timers.clear("save");
      const due = this.#due();
      if (due > now) {
        timers.set("save", due);
        return;
      }
      if (this.#attempts > 0) this.#watch(); // earlier failures no longer count
    }
  }
}
