// Collects the changes of the users since the last message to clients and puts them into one message. A
// user who joined and left in between is left out.

import type { RoomMessage } from "../protocol/messages.ts";
import type { UserEntry } from "../protocol/users.ts";

type UserChange =
  | { readonly kind: "join" | "update"; readonly entry: UserEntry }
  | { kind: "leave" };

export class UsersDelta {
  readonly #changes = new Map<string, UserChange>();

  get isEmpty(): boolean {
    return this.#changes.size === 0;
  }

  /** Record that a user has joined, or has joined again with another entry. */
  put(entry: UserEntry, isNew: boolean): void {
    const before = this.#changes.get(entry.id);
    const known = before === undefined ? !isNew : before.kind !== "join";
    this.#changes.delete(entry.id); // keeps the changes in join order
    this.#changes.set(entry.id, { kind: known ? "update" : "join", entry });
  }

  /** Record that a user has left. */
  remove(userId: string): void {
    if (this.#changes.get(userId)?.kind === "join") this.#changes.delete(userId);
    else this.#changes.set(userId, { kind: "leave" });
  }

  /**
   * Take over what an earlier instance had not yet told, now that storage says who is in the room.
   * @param entryOf a user's stored entry
   */
  restore(earlier: UsersDelta, entryOf: (userId: string) => UserEntry | undefined): void {
    for (const [userId, { kind }] of earlier.#changes) {
      const isTold = kind !== "join";
      const entry = entryOf(userId);
      if (entry !== undefined) this.put(entry, !isTold);
      else if (isTold) this.remove(userId);
    }
  }

  /** The message, `null` when there is nothing to tell. From here on clients know it. */
  take(): RoomMessage | null {
    if (this.#changes.size === 0) return null;
    const joins: UserEntry[] = [];
    const updates: UserEntry[] = [];
    const leaves: string[] = [];
    for (const [userId, change] of this.#changes) {
      if (change.kind === "leave") leaves.push(userId);
      else (change.kind === "join" ? joins : updates).push(change.entry);
    }
    this.#changes.clear();
    return {
      type: "users",
      ...(joins.length > 0 && { joins }),
      ...(updates.length > 0 && { updates }),
      ...(leaves.length > 0 && { leaves }),
    };
  }
}
