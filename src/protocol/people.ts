// The people of a room that is too large to tell everybody of everybody (rule N1): how many there are, and a
// sample of them.

import type { Presence } from "./presence.ts";
import type { UserEntry } from "./users.ts";

/** How many people there are. Users without presence are in `users` alone. */
export type PeopleCounts = {
  readonly users: number;
  readonly online: number;
  readonly idle: number;
  readonly away: number;
  readonly typing: number;
};

/** Somebody in the sample. */
export type SamplePerson = { readonly user: UserEntry; readonly presence: Presence };
