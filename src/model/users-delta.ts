// Collects the changes to the users since clients were last updated. A user who joined and left in between is omitted.

import type { UserEntry } from "../protocol/users.ts";
import type { UserNews } from "./people-news.ts";

export class UsersDelta {
  #changes = new Map<string, UserNews>();

  get isEmpty(): boolean {
    return this.#changes.size === 0;
  }

  /** Record that a user has joined, or has rejoined with another entry. */
  put(entry: UserEntry, isNew: boolean): void {
    const before = this.#changes.get(entry.id);
    const known = before === undefined ? !isNew : before !== "join";
    this.#changes.delete(entry.id); // keeps the changes in join order
    this.#changes.set(entry.id, known ? "update" : "join");
  }

  /** Record that a user has left. */
  remove(userId: string): void {
    if (this.#changes.get(userId) === "join") this.#changes.delete(userId);
    else this.#changes.set(userId, "leave");
  }

  /**
   * Take over the changes that an earlier instance had not yet sent, and compare them with the users in storage.
   * @param entryOf a user's stored entry
   */
  restore(earlier: UsersDelta, entryOf: (userId: string) => UserEntry | undefined): void {
    for (const [userId, news] of earlier.#changes) {
      const isTold = news !== "join";
      const entry = entryOf(userId);
      if (entry !== undefined) this.put(entry, !isTold);
      else if (isTold) this.remove(userId);
    }
  }

  /** Take the changes by user id, with joins in join order. Clients are considered updated afterwards. */
  take(): ReadonlyMap<string, UserNews> {
    const changes = this.#changes;
    this.#changes = new Map();
    return changes;
  }
}
