// Looks after the records that tabs have left behind: one client of a user and room in a browser sends what is in them,
// one record after the other.

import type { Environment } from "../environment.ts";
import { Flusher, type FlusherListener, type FlusherOptions } from "./flusher.ts";
import type { Shelf } from "./shelf.ts";

type SweeperPorts = {
  readonly shelf: Shelf;
  readonly environment: Environment;
  readonly flusher: FlusherOptions;
  readonly listener: FlusherListener;
  /** Whether the room can be reached. */
  isUp(): boolean;
};

/** ms until the next look: a tab may have been closed meanwhile. */
const pause = 60_000;

export class Sweeper {
  readonly #ports: SweeperPorts;
  readonly #endLeading: () => void;
  readonly #flushers = new Set<Flusher>();
  #state: "waiting" | "resting" | "sweeping" | "stopped" = "waiting";
  #cancelTimer = (): void => {};

  constructor(ports: SweeperPorts) {
    this.#ports = ports;
    this.#endLeading = ports.shelf.whenLeading(() => {
      if (this.#state === "waiting") this.#state = "resting";
      this.look();
    });
  }

  /** Look for records that nobody has, if that is this client's task and it is not at it. */
  look(): void {
    if (this.#state !== "resting" || !this.#ports.isUp()) return;
    this.#state = "sweeping";
    this.#cancelTimer();
    // A browser error now may be gone the next time.
    void this.#sweep()
      .catch(() => {})
      .then(() => this.#rest());
  }

  stop(): void {
    this.#state = "stopped";
    this.#cancelTimer();
    this.#endLeading();
    for (const flusher of this.#flushers) void flusher.end();
  }

  #rest(): void {
    if (this.#state !== "sweeping") return;
    this.#state = "resting";
    this.#cancelTimer = this.#ports.environment.later(pause, () => this.look());
  }

  async #sweep(): Promise<void> {
    const { shelf, environment, flusher: options, listener } = this.#ports;
    for (const id of await shelf.ids()) {
      if (this.#state !== "sweeping") return;
      const claim = await environment.during(shelf.take(id));
      if (claim === null || claim.record === null) continue;
      if (this.#state !== "sweeping") return claim.release();
      const flusher = new Flusher(options, claim, claim.record, listener);
      this.#flushers.add(flusher);
      await flusher.rested;
      if (flusher.hasEnded) this.#flushers.delete(flusher);
    }
  }
}
