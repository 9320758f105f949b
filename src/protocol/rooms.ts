// What callers see of rooms: the shapes of room info and of the directory's listing.

export type SaveStatus = {
  /** `off`: the behaviour saves nothing. `pending`: changes wait to be saved. */
  readonly status: "off" | "saved" | "pending" | "failing";
  /** Code of the last failure, while saves fail. */
  readonly error?: "save_failed" | "call_timeout";
};

/** A running room. Times are ISO 8601 in UTC, durations ms. */
export type RoomInfo = {
  readonly id: string;
  readonly behaviour: string;
  readonly epoch: string;
  readonly version: number;
  /** How many users are in the room. */
  readonly users: number;
  /** How many sockets are open. */
  readonly sockets: number;
  readonly createdAt: string;
  readonly lastActivityAt: string;
  readonly idleTimeout: number;
  /** When the room stops if nothing happens; absent while users are in it. */
  readonly idleDeadline?: string;
  readonly save: SaveStatus;
  readonly alive: true;
};

/** A running room as the directory lists it. */
export type RoomEntry = {
  readonly id: string;
  readonly behaviour: string;
  /** How many users are in the room, a few seconds late at most. */
  readonly users: number;
  readonly createdAt: string;
};

export type RoomPage = {
  /** Sorted by id, in code point order. */
  readonly rooms: readonly RoomEntry[];
  /** How many rooms run in all, whatever the page shows. */
  readonly total: number;
  /** Pass it to get what follows; absent on the last page. */
  readonly cursor?: string;
};

export type ListOptions = {
  /** Only rooms whose id begins with this. */
  readonly prefix?: string | undefined;
  /** From an earlier page. */
  readonly cursor?: string | undefined;
  /** Rooms per page, 1 to 1,000; 100 if left out. */
  readonly limit?: number | undefined;
};

export type StartOptions = {
  /** Name of the behaviour; `default` if left out. */
  readonly behaviour?: string | undefined;
  /** ms. */
  readonly idleTimeout?: number | undefined;
};
