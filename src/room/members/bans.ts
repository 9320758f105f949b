// Users who were kicked for a time (rule A9). They are banned from the room, through every door, even while it is
// stopped. Each has a row, so that neither a restart nor reconnecting lets them in again.

import { CollabError } from "../../protocol/errors.ts";
import { isoTime, maxTime } from "../../protocol/time.ts";
import type { RoomPorts } from "../ports.ts";

/** Users that are banned at a time. Beyond that, the bans that end first are lifted. */
const maxBans = 1000;

export class Bans {
  readonly #ports: Pick<RoomPorts, "storage" | "now">;
  /** When each ban ends, in epoch ms, by user id; `null` until it is needed. */
  #until: Map<string, number> | null = null;

  constructor(ports: Pick<RoomPorts, "storage" | "now">) {
    this.#ports = ports;
  }

  /** @throws CollabError `kicked` for a banned user */
  check(userId: string): void {
    const until = this.until(userId);
    if (until === 0) return;
    throw new CollabError("kicked", {
      detail: `The user was removed from the room and may not return until ${isoTime(until)}.`,
      retryAfter: until - this.#ports.now(),
    });
  }

  /** Epoch ms until which a user is banned; 0 if they are not. */
  until(userId: string): number {
    const until = Math.min(this.#load().get(userId) ?? 0, maxTime);
    return until > this.#ports.now() ? until : 0;
  }

  /** The banned users, and until when in epoch ms, in the order in which their bans end. */
  all(): { userId: string; until: number }[] {
    const known = Array.from(this.#load().keys(), (userId) => ({
      userId,
      until: this.until(userId),
    }));
    return known.filter(({ until }) => until > 0).toSorted((a, b) => a.until - b.until);
  }

  /** Ban a user until this time (epoch ms). A time in the past lifts the ban. */
  set(userId: string, until: number): void {
    const bans = this.#load();
    const now = this.#ports.now();
    this.#remove(userId);
    if (until > now) {
      bans.set(userId, until);
      this.#ports.storage.writeBan({ userId, until });
    }
    const byEnd = [...bans].toSorted(([, a], [, b]) => a - b);
    for (const [index, [id, end]] of byEnd.entries())
      if (end <= now || index < byEnd.length - maxBans) this.#remove(id);
  }

  /** The rows have been removed. */
  forget(): void {
    this.#until = null;
  }

  #remove(userId: string): void {
    if (this.#load().delete(userId)) this.#ports.storage.removeBan(userId);
  }

  #load(): Map<string, number> {
    this.#until ??= new Map(
      this.#ports.storage.readBans().map(({ userId, until }) => [userId, until]),
    );
    return this.#until;
  }
}
