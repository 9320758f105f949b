// Handles a member who loses their last socket: the grace period begins (rule U6), or their lease resumes
// (rule U7). These are pure decisions; membership.ts writes them.

import { exactWatermark } from "../../model/activity-watermark.ts";
import type { Presence } from "../../protocol/presence.ts";
import type { Deadline, Member } from "../../model/members.ts";

/** A deadline that begins: the member as they are from now on, and which timer must ring when. */
export type Absence = { readonly member: Member; readonly timer: Deadline; readonly at: number };

/**
 * The deadline that begins for a member who has lost their last socket.
 * @param reconnectGrace ms
 * @param away what clients see of them meanwhile, if known: it must survive hibernation
 * @returns `null` if none begins: they had no socket to lose, or their deadline is already running
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

/** Whether the member's record says that they have a socket: losing it begins a deadline. */
export const hasSocket = ({ bySocket, awayUntil, lease }: Member): boolean =>
  bySocket ? awayUntil === undefined : lease?.paused === true;

/** Whether a deadline is running that a socket would end. */
export const isAbsent = ({ awayUntil, lease }: Member): boolean =>
  awayUntil !== undefined || (lease !== undefined && !lease.paused);

/** The member once they have a socket again: none of their deadlines is running. */
export function endAbsence({ awayUntil: _until, away: _away, ...member }: Member): Member {
  const { lease } = member;
  return lease ? { ...member, lease: { ...lease, paused: true } } : member;
}
