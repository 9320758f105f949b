// The bindings and variables that collab-room needs in its Worker.

import type { DirectoryRpc, RoomRpc } from "./rpc.ts";

/** The environment of a Worker that uses collab-room. */
export type CollabEnv = {
  /** Binding of the Durable Object class `CollabRoom`. */
  readonly ROOMS: DurableObjectNamespace<RoomRpc>;
  /** Binding of the Durable Object class `RoomDirectory`. */
  readonly DIRECTORY: DurableObjectNamespace<DirectoryRpc>;
  /** Number of directory shards, 1 to 1,000. Default: 4. Running rooms must restart after a change. */
  readonly DIRECTORY_SHARDS?: number | string;
  /** Dataset of Workers Analytics Engine for data points of rooms; without it, none are written. */
  readonly ANALYTICS?: AnalyticsEngineDataset;
  /** `open` serves everybody without authentication. For local development only. */
  readonly AUTH_MODE?: string;
};
