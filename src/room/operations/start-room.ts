// Start a room, or find it running (rule R2).

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
  async run(lifecycle, options, caller): Promise<Started> {
    if (lifecycle.room) {
      const room = lifecycle.running();
      // The instance that started it may have died before the room was listed.
      if (!room.record.listed && !lifecycle.registration.isRetrying) await lifecycle.register(room);
      return { created: false, info: roomInfo(room) };
    }
    const room = await lifecycle.prepare(options, caller);
    await lifecycle.start(room, () => {});
    return { created: true, info: roomInfo(room) };
  },
});
