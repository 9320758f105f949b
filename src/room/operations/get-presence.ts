// Read everyone's current presence (rule P1).

import { noInput, runningOperation } from "../operation.ts";

/** Returns presence by user id, as JSON text. */
export const getPresence = runningOperation({
  scope: "room:read",
  repeatable: true,
  decode: noInput,
  run: ({ presence, ports }): string => JSON.stringify(presence.all(ports.now())),
});
