// The people of a sampled room, which is too large to send everyone to everyone (rule N1): their number, and a sample of
// them.

import type { Presence } from "./presence.ts";
import type { UserEntry } from "./users.ts";

/** The number of people by status. Users without presence count only in `users`. */
export type PeopleCounts = {
  readonly users: number;
  readonly online: number;
  readonly idle: number;
  readonly away: number;
  readonly typing: number;
};

/** A person in the sample. */
export type SamplePerson = { readonly user: UserEntry; readonly presence: Presence };
