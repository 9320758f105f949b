// Whether an attempt to connect is under way, as applications see it.

import type { RoomStatus } from "../types.ts";

export const isTrying = (status: RoomStatus, now: number): boolean =>
  status.state === "connecting" || (status.state === "reconnecting" && status.nextAt <= now);
