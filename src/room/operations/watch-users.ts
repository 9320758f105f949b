// Watch users: in a sampled room, the calling session gets their updates at once (rule N1). In a room that is not
// sampled, the list is kept for later.

import { CollabError } from "../../protocol/errors.ts";
import { utf8Bytes } from "../../protocol/json.ts";
import { maxWatchedBytes, maxWatchedUsers } from "../../protocol/limits.ts";
import { runningOperation } from "../operation.ts";

export type WatchInput = {
  /** User ids. The users need not be in the room. */
  readonly users: readonly string[];
};

export const watchUsers = runningOperation({
  scope: "room:read",
  repeatable: true,
  repliesAfterFlush: true,
  decode({ users }: WatchInput): readonly string[] {
    const userIds = [...new Set(users)];
    const bytes = utf8Bytes(JSON.stringify(userIds));
    if (userIds.length > maxWatchedUsers || bytes > maxWatchedBytes)
      throw new CollabError("too_large", {
        detail: `A session may watch at most ${maxWatchedUsers} users, whose ids take at most ${maxWatchedBytes} bytes as a JSON array. This list has ${userIds.length} users and ${bytes} bytes. Your previous list still applies. Send fewer users.`,
      });
    return userIds;
  },
  run({ sessions, crowd, batch }, userIds, caller): void {
    const session = sessions.withId(caller.session);
    if (session === undefined) throw new CollabError("session_lost");
    crowd.watch(session, userIds);
    batch.requestFlush("signal");
  },
});
