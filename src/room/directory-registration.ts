// The room's entry in the directory (rules D2, D3): put when the room starts, removed when it has stopped,
// with a user count that follows a little later. A shard that does not answer never stops the room: the
// timer `directory` tries again.

import type { RoomEntry } from "../protocol/rooms.ts";
import { backoff } from "../model/backoff.ts";
import { callWithin } from "./hooks/call-within.ts";
import { describe } from "./log.ts";
import type { RoomPorts } from "./ports.ts";
import type { Timers } from "./timers.ts";

/** ms until a changed user count is sent. */
const countDelay = 5000;
/** ms within which the directory has to answer. */
const answerTimeout = 5000;

export class DirectoryRegistration {
  readonly #ports: Pick<RoomPorts, "id" | "directory" | "now" | "log">;
  readonly #timers: Timers;

  constructor(ports: Pick<RoomPorts, "id" | "directory" | "now" | "log">, timers: Timers) {
    this.#ports = ports;
    this.#timers = timers;
  }

  /** Put the entry as it is now. */
  async put(entry: RoomEntry): Promise<boolean> {
    return this.#send((until) => this.#ports.directory.put(entry, until));
  }

  /** Whether the timer `directory` is already retrying. */
  get isRetrying(): boolean {
    return (this.#timers.get("directory")?.attempts ?? 0) > 0;
  }

  /** It is not known whether the directory has the entry: let the timer put it right. */
  markUncertain(): void {
    if (this.#timers.get("directory") === undefined)
      this.#timers.set("directory", this.#ports.now());
  }

  /** Remove the entry. */
  async remove(): Promise<boolean> {
    return this.#send((until) => this.#ports.directory.remove(this.#ports.id, until));
  }

  /** The user count has changed. */
  countChanged(): void {
    this.#timers.setAtLatest("directory", this.#ports.now() + countDelay);
  }

  /** @param send gets the epoch ms after which the call must have no effect, because another one follows */
  async #send(send: (until: number) => Promise<void>): Promise<boolean> {
    const until = this.#ports.now() + answerTimeout;
    try {
      await callWithin(answerTimeout, "the directory", () => send(until));
      this.#timers.clear("directory");
      return true;
    } catch (error) {
      const attempts = (this.#timers.get("directory")?.attempts ?? 0) + 1;
      this.#timers.set("directory", this.#ports.now() + backoff(attempts), attempts);
      this.#ports.log("warn", "directory_unreachable", { attempts, error: describe(error) });
      return false;
    }
  }
}
