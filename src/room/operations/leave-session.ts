// End the calling session. If it was its user's last one, they leave the room without a grace period.

import { noInput, runningOperation } from "../operation.ts";

export const leaveSession = runningOperation({
  scope: null,
  repeatable: true,
  sees: "committed", // its replies are sent before the socket closes
  decode: noInput,
  run({ sessions, hub, membership }, _input, caller): void {
    const session = sessions.withId(caller.session);
    if (session === undefined) return;
    hub.end(session, "left");
    membership.sessionEnded(session.userId, caller);
  },
});
