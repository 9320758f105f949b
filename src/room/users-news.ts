// What has changed among the users since clients were told, as one message: who came and went in
// between is not mentioned at all.

import type { RoomMessage } from "../protocol/messages.ts";
import type { UserEntry } from "../protocol/users.ts";

type News = { readonly kind: "join" | "update"; readonly entry: UserEntry } | { kind: "leave" };

export class UsersNews {
  readonly #news = new Map<string, News>();

  get isEmpty(): boolean {
    return this.#news.size === 0;
  }

  /** A user has joined, or has joined again with another entry. */
  put(entry: UserEntry, isNew: boolean): void {
    const before = this.#news.get(entry.id);
    const known = before === undefined ? !isNew : before.kind !== "join";
    this.#news.delete(entry.id); // joins are told in join order
    this.#news.set(entry.id, { kind: known ? "update" : "join", entry });
  }

  remove(userId: string): void {
    if (this.#news.get(userId)?.kind === "join") this.#news.delete(userId);
    else this.#news.set(userId, { kind: "leave" });
  }

  /** The message, `null` when there is nothing to tell; from here on clients know it. */
  take(): RoomMessage | null {
    if (this.#news.size === 0) return null;
    const joins: UserEntry[] = [];
    const updates: UserEntry[] = [];
    const leaves: string[] = [];
    for (const [userId, news] of this.#news) {
      if (news.kind === "leave") leaves.push(userId);
      else (news.kind === "join" ? joins : updates).push(news.entry);
    }
    this.#news.clear();
    return {
      type: "users",
      ...(joins.length > 0 && { joins }),
      ...(updates.length > 0 && { updates }),
      ...(leaves.length > 0 && { leaves }),
    };
  }
}
