// Hold presence for a user of the room without a socket, for a limited time (rule P4).

import { checkDuration } from "../../model/duration.ts";
import { CollabError } from "../../protocol/errors.ts";
import { isObject } from "../../protocol/json.ts";
import { readJson, runningOperation, type JsonSource } from "../operation.ts";

export type HoldInput = {
  readonly userId: string;
  /** An object. */
  readonly data: JsonSource;
  /** ms. */
  readonly ttl: number;
};

export const holdPresence = runningOperation({
  scope: "room:admin",
  ownScope: "presence:write",
  subject: ({ userId }) => userId,
  repeatable: true,
  decode({ userId, data, ttl }: HoldInput) {
    checkDuration("ttl", ttl);
    const json = readJson(data);
    if (!isObject(json)) throw new CollabError("invalid_presence");
    return { userId, data: json, ttl };
  },
  run({ membership, crowd, ports }, { userId, data, ttl }): void {
    membership.holdPresence(userId, { data, ttl });
    crowd.markMoved(userId, ports.now());
  },
});
