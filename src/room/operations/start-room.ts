// Start a room, if it is not already running (rule R2).

import type { RoomInfo, StartOptions } from "../../protocol/rooms.ts";
import { roomOperation } from "../operation.ts";
import { roomInfo } from "./get-room-info.ts";

export type Started = {
  /** Whether this call started the room. */
  readonly created: boolean;
  readonly info: RoomInfo;
};

export const startRoom = roomOperation({
  scope: "room:write",
  repeatable: true,
  decode: (options: StartOptions) => options,
  after: (lifecycle) => lifecycle.whenListed(),
  async run(lifecycle, options, caller): Promise<Started> {
    if (lifecycle.room) {
      return { created: false, info: roomInfo(lifecycle.running()) };
    }
    const room = await lifecycle.prepare(options, caller);
    lifecycle.start(room, caller);
    return { created: true, info: roomInfo(room) };
  },
});
