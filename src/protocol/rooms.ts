// The shapes of room info, of the directory's list, and of the options for starting and listing rooms.

export type SaveStatus = {
  /**
   * `off`: the behaviour has no `saveRoomState`. `saved`: all changes are saved. `pending`: changes wait to
   * be saved. `failing`: the last save failed and will be retried.
   */
  readonly status: "off" | "saved" | "pending" | "failing";
  /** Code of the last failure; present while the status is `failing`. */
  readonly error?: "save_failed" | "call_timeout";
};

/** A running room. Times are ISO 8601 in UTC; durations are ms. */
export type RoomInfo = {
  readonly id: string;
  /** Name of the behaviour. */
  readonly behaviour: string;
  /** Random id of the room's storage. Versions count within an epoch. */
  readonly epoch: string;
  /** Version of the state; it grows by one with each change. */
  readonly version: number;
  /** Number of users in the room. */
  readonly users: number;
  /** Number of open sockets. */
  readonly sockets: number;
  readonly createdAt: string;
  readonly lastActivityAt: string;
  readonly idleTimeout: number;
  /** When the room stops if there is no activity; absent while users are in the room. */
  readonly idleDeadline?: string;
  readonly save: SaveStatus;
  readonly alive: true;
};

/** A running room in the directory's list. */
export type RoomEntry = {
  readonly id: string;
  readonly behaviour: string;
  /** Number of users in the room, delayed by about five seconds. */
  readonly users: number;
  /** ISO 8601 in UTC. */
  readonly createdAt: string;
};

export type RoomPage = {
  /** Sorted by id, in code point order. */
  readonly rooms: readonly RoomEntry[];
  /** Number of running rooms whose id starts with the prefix, regardless of the page. */
  readonly total: number;
  /** Pass it to get the next page; absent on the last page. */
  readonly cursor?: string;
};

export type ListOptions = {
  /** List only rooms whose id starts with this. */
  readonly prefix?: string | undefined;
  /** The `cursor` of the previous page. */
  readonly cursor?: string | undefined;
  /** Rooms per page, from 1 to 1,000. Default: 100. */
  readonly limit?: number | undefined;
};

export type StartOptions = {
  /** Name of the behaviour. Default: `default`. */
  readonly behaviour?: string | undefined;
  /** ms without activity after which the empty room stops. Default: the behaviour's. */
  readonly idleTimeout?: number | undefined;
};
