// Ends sessions of clients that have gone silent (rule U8), and sessions whose tokens have expired (rule A8). Both
// use stored timers, so they ring even if the room is asleep.

import type { RoomPorts } from "../ports.ts";
import type { Timers } from "../timers.ts";
import type { SessionHub } from "./session-hub.ts";
import type { Sessions } from "./sessions.ts";

/** ms between two checks for dead sockets, while any are open. */
const livenessInterval = 300_000;
/** ms that a silent client has to give a sign of life. */
const probeTimeout = 60_000;

export type SessionTimersParts = {
  readonly ports: Pick<RoomPorts, "now">;
  readonly timers: Timers;
  readonly sessions: Sessions;
  readonly hub: SessionHub;
};

export class SessionTimers {
  readonly #parts: SessionTimersParts;

  constructor(parts: SessionTimersParts) {
    this.#parts = parts;
  }

  /** Restore after the room has woken. The timers are already set, unless by a clock that was ahead. */
  restore(): void {
    const { ports, timers, sessions, hub } = this.#parts;
    if (sessions.size > 0) timers.setAtLatest("liveness", ports.now() + livenessInterval);
    this.expireAt(hub.nextExpiry);
  }

  /** Prepare for a session that is about to open. @param expiresAt epoch ms; `null` for never */
  opening(expiresAt: number | null): void {
    const { ports, timers } = this.#parts;
    timers.setAtLatest("liveness", ports.now() + livenessInterval);
    this.expireAt(expiresAt);
  }

  /** Set the timer for a session token that expires then. */
  expireAt(expiresAt: number | null): void {
    if (expiresAt !== null && expiresAt < Infinity)
      this.#parts.timers.setAtLatest("expiry", expiresAt);
  }

  /** End sessions that have gone silent. This repeats while any sessions are open. */
  checkLiveness(): void {
    const { ports, timers, sessions, hub } = this.#parts;
    const isAwaited = hub.checkLiveness();
    const interval = isAwaited ? probeTimeout : livenessInterval;
    if (sessions.size === 0) timers.clear("liveness");
    else timers.set("liveness", ports.now() + interval);
  }

  /** End the sessions whose tokens have expired, and set the timer for the next one. */
  checkExpiry(): void {
    const { timers, hub } = this.#parts;
    hub.endExpired();
    const { nextExpiry } = hub;
    if (nextExpiry === Infinity) timers.clear("expiry");
    else timers.set("expiry", nextExpiry);
  }
}
