// The bindings that collab-room needs of its Worker.

import type { DirectoryRpc, RoomRpc } from "./rpc.ts";

export type CollabEnv = {
  readonly ROOMS: DurableObjectNamespace<RoomRpc>;
  readonly DIRECTORY: DurableObjectNamespace<DirectoryRpc>;
  /** Over how many objects the directory is spread; 4 if left out. Rooms that run must restart after a change. */
  readonly DIRECTORY_SHARDS?: number | string;
  /** `open` serves everybody without authentication: for a desk, not for the world. */
  readonly AUTH_MODE?: string;
};
