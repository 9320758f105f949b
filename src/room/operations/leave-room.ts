// Let a user leave, whatever sockets they have (rule U4). A user or a room that is not there is no error.

import { roomOperation } from "../operation.ts";

export type LeaveInput = { readonly userId: string };

export const leaveRoom = roomOperation({
  scope: "room:admin",
  sees: "head", // by its hook
  standsAlone: true,
  repeatable: true,
  decode: (input: LeaveInput) => input,
  after: (lifecycle, { userId }) => lifecycle.leaveHooks.pendingFor(userId),
  run(lifecycle, { userId }, caller): void {
    if (lifecycle.room) lifecycle.running().membership.leave(userId, caller);
  },
});
