// Read the information about a running room.

import type { RoomInfo } from "../../protocol/rooms.ts";
import { isoTime } from "../../protocol/time.ts";
import { noInput, runningOperation } from "../operation.ts";
import type { RunningRoom } from "../running-room.ts";

export const getRoomInfo = runningOperation({
  scope: "room:read",
  repeatable: true,
  decode: noInput,
  run: (room): RoomInfo => roomInfo(room),
});

export function roomInfo(room: RunningRoom): RoomInfo {
  const { activity, record, document, members, saver, ports, isEmpty } = room;
  return {
    id: ports.id,
    behaviour: record.behaviour,
    epoch: record.epoch,
    version: document.version,
    users: members.size,
    sockets: room.socketCount,
    createdAt: isoTime(record.createdAt),
    lastActivityAt: isoTime(activity.lastAt),
    idleTimeout: record.idleTimeout,
    ...(isEmpty && { idleDeadline: isoTime(activity.idleDeadline) }),
    save: saver.status,
    alive: true,
  };
}
