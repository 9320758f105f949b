// Remove a user, whatever sockets they have (rule U4), and optionally keep them out for a time (rule A9). A missing
// user or room is not an error, unless a user is to be kept out.

import { clockTolerance } from "../../protocol/limits.ts";
import { isoTime } from "../../protocol/time.ts";
import { askedBy } from "../log.ts";
import { roomOperation } from "../operation.ts";
import type { RunningRoom } from "../running-room.ts";

export type LeaveInput = {
  readonly userId: string;
  /**
   * Bans the user: for this many ms, or, with `null`, for at least an hour, and until the tokens of their sessions
   * are no longer valid. `null` never shortens an earlier ban.
   */
  readonly banFor?: number | null | undefined;
};

/** Minimum ms of a ban without a duration: the user may have other tokens. */
const defaultBan = 3_600_000;

export const leaveRoom = roomOperation({
  scope: "room:admin",
  ownScope: "room:read",
  subject: ({ userId, banFor }) => (banFor === undefined ? userId : undefined),
  sees: "head", // because its hook sees the head
  standsAlone: true,
  repeatable: true,
  decode: (input: LeaveInput) => input,
  after: (lifecycle, { userId }) => lifecycle.leaveHooks.pendingFor(userId),
  run(lifecycle, { userId, banFor }, caller): void {
    if (lifecycle.room === null && banFor === undefined) return;
    const room = lifecycle.running();
    const { bans, membership, observers, ports } = room;
    if (banFor !== undefined) {
      bans.set(userId, banFor === null ? banEnd(room, userId) : ports.now() + banFor);
      observers.endAllOf(userId, "kicked");
    }
    const leavesByThemselves = banFor === undefined && caller.user?.id === userId;
    const sessions = membership.leave(userId, caller, leavesByThemselves ? "left" : "kicked");
    const told = { user: userId, sessions, ...askedBy(caller) };
    if (banFor === 0) ports.log("kick_lifted", told);
    else if (banFor !== undefined)
      ports.log("kicked", { ...told, until: isoTime(bans.until(userId)) });
    // Without sockets, this is an ordinary leave.
    else if (sessions > 0 && !leavesByThemselves) ports.log("kicked", told);
  },
});

/** Epoch ms until which a user is banned if the request does not say. */
function banEnd({ sessions, bans, ports }: RunningRoom, userId: string): number {
  const ends = sessions.of(userId).map(({ expiresAt }) => (expiresAt ?? 0) + clockTolerance);
  return Math.max(bans.until(userId), ports.now() + defaultBan, ...ends);
}
