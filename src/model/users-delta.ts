// Collects what is new of the users since clients were last told. A user who joined and left in between is left
// out.

import type { UserEntry } from "../protocol/users.ts";
import type { UserNews } from "./people-news.ts";

export class UsersDelta {
  #changes = new Map<string, UserNews>();

  get isEmpty(): boolean {
    return this.#changes.size === 0;
  }

  /** Record that a user has joined, or has joined again with another entry. */
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
   * Take over what an earlier instance had not yet told, now that storage says who is in the room.
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

  /** What is new, by user id, joins in join order. From here on clients know it. */
  take(): ReadonlyMap<string, UserNews> {
    const changes = this.#changes;
    this.#changes = new Map();
    return changes;
  }
}
