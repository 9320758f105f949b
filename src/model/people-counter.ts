// Counts people by status as presence changes (rule N1).

import type { PeopleCounts } from "../protocol/people.ts";
import type { Presence } from "../protocol/presence.ts";

export class PeopleCounter {
  #counts = { online: 0, idle: 0, away: 0, typing: 0 };

  /** Replace a user's presence; `undefined` means none. */
  replace(before: Presence | undefined, after: Presence | undefined): void {
    this.#add(before, -1);
    this.#add(after, 1);
  }

  #add(presence: Presence | undefined, by: 1 | -1): void {
    if (presence === undefined) return;
    this.#counts[presence.status] += by;
    if (presence.typing) this.#counts.typing += by;
  }

  /** @param users the number of users in the room */
  counts(users: number): PeopleCounts {
    return { users, ...this.#counts };
  }
}

export const isSameCounts = (a: PeopleCounts, b: PeopleCounts): boolean =>
  a.users === b.users &&
  a.online === b.online &&
  a.idle === b.idle &&
  a.away === b.away &&
  a.typing === b.typing;
