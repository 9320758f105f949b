// The room's entry in the directory (rules D1–D3): added when the room starts, removed when it has stopped, with a
// user count that is updated a little later. The directory is never called within a turn. The row of the timer
// `directory` durably records that the directory may be out of date. It is written together with the start or the
// stop, and deleted once the directory has answered, so after a crash at any point the alarm repairs the entry.

import type { RoomEntry } from "../protocol/rooms.ts";
import { maxBackoff } from "../model/backoff.ts";
import { callWithin } from "./hooks/call-within.ts";
import { describe } from "./log.ts";
import type { RoomPorts } from "./ports.ts";
import type { Timers } from "./timers.ts";

/** ms until a changed user count is sent. */
const countDelay = 5000;
/** ms within which the directory must answer. */
const answerTimeout = 5000;

type Ports = Pick<RoomPorts, "id" | "directory" | "now" | "later" | "log">;

export class DirectoryRegistration {
  readonly #ports: Ports;
  readonly #timers: Timers;
  /** Grows with each call, so that a late call cannot undo a later one. */
  #revision = 0;
  #isUrgent = false;

  constructor(ports: Ports, timers: Timers) {
    this.#ports = ports;
    this.#timers = timers;
  }

  /** Mark that the room has started or stopped, in the same write. */
  markStale(): void {
    this.#isUrgent = true;
    this.#timers.setAtLatest("directory", this.#ports.now() + answerTimeout);
  }

  /** Mark that the user count has changed. */
  markCountChanged(): void {
    this.#timers.setAtLatest("directory", this.#ports.now() + countDelay);
  }

  /** Restore after a wake: the previous instance may have died during a call to the directory. */
  restore(): void {
    const timer = this.#timers.get("directory");
    if (timer === undefined) return;
    const { at, attempts } = timer;
    this.#isUrgent = attempts === 0;
    // The clock may have been ahead when the timer was set.
    this.#timers.set("directory", Math.min(at, this.#ports.now() + maxBackoff), attempts);
  }

  /** Whether a caller should wait until the directory has recorded a start or a stop. */
  get isUrgent(): boolean {
    return this.#isUrgent;
  }

  /**
   * Send what the directory should hold. Call this outside a turn.
   * @param entry of the running room; `null` for an absent one
   * @returns false if the directory cannot be reached: the timer then tries again
   */
  async send(entry: RoomEntry | null): Promise<boolean> {
    this.#timers.postpone("directory", this.#ports.now() + answerTimeout + 1000);
    try {
      await callWithin(this.#ports, answerTimeout, "The directory", () => this.#sendNewer(entry));
      this.#isUrgent = false;
      return true;
    } catch (error) {
      const { now, log } = this.#ports;
      this.#timers.retryLater("directory", now());
      this.#timers.delayAlarm();
      this.#isUrgent = false;
      const { attempts = 0 } = this.#timers.get("directory") ?? {};
      log("directory_unreachable", { attempts, error: describe(error) });
      return false;
    }
  }

  /** Send with a revision that the directory accepts. */
  async #sendNewer(entry: RoomEntry | null): Promise<void> {
    const { id, directory, now } = this.#ports;
    this.#revision = Math.max(this.#revision + 1, now());
    const answer = await (entry === null
      ? directory.remove(id, this.#revision)
      : directory.put(entry, this.#revision));
    if (!(answer > this.#revision)) return;
    // An earlier instance has sent a later one, in the same millisecond or because its clock was ahead.
    this.#revision = answer;
    return this.#sendNewer(entry);
  }

  /** The directory has recorded this user count. @param users how many are in the room by now */
  settle(sentUsers: number, users: number): void {
    if (sentUsers === users) this.#timers.clearBeforeAlarm("directory");
    else this.#timers.set("directory", this.#ports.now() + countDelay);
  }
}
