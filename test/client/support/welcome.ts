// A default welcome. A test overrides the members that matter to it.

import type { RoomMessage } from "../../../src/protocol/messages.ts";
import type { UserEntry } from "../../../src/protocol/users.ts";

export type Welcome = Extract<RoomMessage, { type: "welcome" }>;

/** A user in the room. */
export const entry = (id: string, seq: number, more: object = {}): UserEntry => ({
  id,
  joinedAt: "2026-11-22T10:00:00.000Z",
  seq,
  meta: {},
  ...more,
});

/** @param more members that replace the defaults, which describe a room with ada alone */
export function welcome(more: Partial<Welcome> = {}): Welcome {
  const ada = entry("ada", 1);
  return {
    type: "welcome",
    room: "design",
    epoch: "e1",
    session: "s1",
    user: ada,
    users: [ada],
    presence: {},
    version: 0,
    scopes: ["room:read", "room:write", "presence:write"],
    limits: {
      frameBytes: 262_144,
      messagesPerFrame: 100,
      messagesPerSecond: 100,
      bytesPerSecond: 524_288,
      stateBytes: 1_048_576,
      stateDepth: 64,
      patchOperations: 1000,
      presenceBytes: 2048,
      pingInterval: 30_000,
      reconnectGrace: 10_000,
    },
    resumed: false,
    state: {},
    ...more,
  } as Welcome;
}
