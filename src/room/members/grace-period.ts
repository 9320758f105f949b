// What happens to a member when their last socket has gone: the grace period begins (rule U6), or their
// lease runs again (rule U7). Pure decisions; membership.ts writes them.

import { exactWatermark } from "../../model/activity-watermark.ts";
import type { Presence } from "../../protocol/presence.ts";
import type { Deadline, Member } from "../../model/members.ts";

/** A deadline that begins: the member as they are from now on, and which timer has to ring when. */
export type Absence = { readonly member: Member; readonly timer: Deadline; readonly at: number };

/**
 * The deadline that begins for a member whose last socket has gone.
 * @param reconnectGrace ms
 * @param away what clients see of them meanwhile, if that is known: it must survive a hibernation
 * @returns `null` when none begins: they have no socket to lose, or their deadline already runs
 */
export function beginAbsence(
  member: Member,
  now: number,
  reconnectGrace: number,
  away: Presence | null,
): Absence | null {
  if (!hasSocket(member)) return null;
  if (member.bySocket) {
    const awayUntil = now + reconnectGrace;
    return {
      member: { ...member, awayUntil, ...(away && { away }) },
      timer: "grace",
      at: awayUntil,
    };
  }
  const { ttl } = member.lease ?? { ttl: 0 };
  return {
    member: { ...member, lease: { ttl, seen: exactWatermark(now) } },
    timer: "lease",
    at: now + ttl,
  };
}

/** Whether the member's record says that they have a socket: then a deadline begins when it goes. */
export const hasSocket = ({ bySocket, awayUntil, lease }: Member): boolean =>
  bySocket ? awayUntil === undefined : lease?.paused === true;

/** Whether a deadline runs that a socket ends. */
export const isAbsent = ({ awayUntil, lease }: Member): boolean =>
  awayUntil !== undefined || (lease !== undefined && !lease.paused);

/** A member who has a socket again: none of their deadlines runs. */
export function endAbsence({ awayUntil: _until, away: _away, ...member }: Member): Member {
  const { lease } = member;
  return lease ? { ...member, lease: { ...lease, paused: true } } : member;
}
