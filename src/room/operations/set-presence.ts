// Change the presence of the calling session (rules P1, P3).

import { changePresence } from "../../model/presence.ts";
import { CollabError } from "../../protocol/errors.ts";
import type { JsonObject } from "../../protocol/json.ts";
import { runningOperation } from "../operation.ts";

export type PresenceInput = {
  /** A merge patch. */
  readonly data: JsonObject;
};

export const setPresence = runningOperation({
  scope: "presence:write",
  repeatable: true,
  isActivity: true,
  decode: (input: PresenceInput) => input,
  run({ sessions, presence, crowd, batch, ports }, { data }, caller): void {
    const session = sessions.withId(caller.session);
    if (session === undefined) throw new CollabError("session_lost");
    const lastMove = presence.lastMoveOf(session.userId);
    const before = session.presence;
    session.presence = changePresence(before, data, ports.now(), lastMove);
    if (session.presence.at !== before.at) crowd.markMoved(session.userId, ports.now());
    batch.markUnsaved(session);
    presence.markChanged(session.userId);
    batch.requestFlush("signal");
  },
});
