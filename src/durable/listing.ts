// The room's entry in the directory (rules D2, D3): put when the room starts, taken out when it has
// stopped, its user count refreshed a little later. A shard that does not answer never stops the room:
// the timer `directory` puts the entry right.

import type { RoomEntry } from "../protocol/rooms.ts";
import { backoff } from "../room/backoff.ts";
import { callWithin } from "./call-within.ts";
import { describe } from "./log.ts";
import type { RoomPorts } from "./ports.ts";
import type { Timers } from "./timers.ts";

/** ms until a changed user count is sent. */
const countDelay = 5000;
/** ms that the directory may take to answer. */
const patience = 5000;

export class Listing {
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

  /** Whether the timer `directory` is at it already. */
  get isRetrying(): boolean {
    return (this.#timers.get("directory")?.attempts ?? 0) > 0;
  }

  /** It is not known whether the entry is there: have the timer put it right. */
  doubt(): void {
    if (this.#timers.get("directory") === undefined)
      this.#timers.set("directory", this.#ports.now());
  }

  /** Take the entry out. */
  async remove(): Promise<boolean> {
    return this.#send((until) => this.#ports.directory.remove(this.#ports.id, until));
  }

  /** The user count has changed. */
  countChanged(): void {
    this.#timers.atLatest("directory", this.#ports.now() + countDelay);
  }

  /** @param send gets the epoch ms after which the call must not count any more: another one follows */
  async #send(send: (until: number) => Promise<void>): Promise<boolean> {
    const until = this.#ports.now() + patience;
    try {
      await callWithin(patience, "the directory", () => send(until));
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
