// Record a sign of life: of the room, and of a user if one is named (rules T1, U7).

import { runningOperation } from "../operation.ts";

export type TouchInput = { readonly userId?: string | undefined };

export const touch = runningOperation({
  scope: "room:admin",
  ownScope: "room:read",
  subject: ({ userId }) => userId,
  repeatable: true,
  isActivity: true,
  decode: (input: TouchInput) => input,
  run({ membership }, { userId }): void {
    if (userId !== undefined) membership.touch(userId);
  },
});
