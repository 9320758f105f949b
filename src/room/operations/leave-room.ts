// Let a user leave, whatever sockets they have (rule U4), and keep them out for a time (rule A9). A user or a room
// that is not there is no error, unless somebody is to be kept out of it.

import { roomOperation } from "../operation.ts";

export type LeaveInput = {
  readonly userId: string;
  /** Keeps the user out: for this many ms, or, with `null`, until the tokens of their sessions end. */
  readonly banFor?: number | null | undefined;
};

export const leaveRoom = roomOperation({
  scope: "room:admin",
  ownScope: "room:read",
  subject: ({ userId, banFor }) => (banFor === undefined ? userId : undefined),
  sees: "head", // by its hook
  standsAlone: true,
  repeatable: true,
  decode: (input: LeaveInput) => input,
  after: (lifecycle, { userId }) => lifecycle.leaveHooks.pendingFor(userId),
  run(lifecycle, { userId, banFor }, caller): void {
    if (lifecycle.room === null && banFor === undefined) return;
    const room = lifecycle.running();
    if (banFor !== undefined) {
      const ends = room.sessions.of(userId).map(({ expiresAt }) => expiresAt ?? 0);
      room.observers.endAllOf(userId, "kicked");
      room.bans.set(userId, banFor === null ? Math.max(0, ...ends) : room.ports.now() + banFor);
    }
    room.membership.leave(userId, caller);
  },
});
