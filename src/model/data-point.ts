// The data points that a room reports to the deployment's analytics, as plain data.

/** Counts since the previous data point. */
export type UsageCounts = {
  readonly flushes: number;
  /** New versions of the state. */
  readonly changes: number;
  /** Messages from sessions, including refused ones. */
  readonly messages: number;
  /** Sessions opened and closed. */
  readonly opened: number;
  readonly closed: number;
};

/** The current number of users and sockets. */
export type Occupancy = { readonly users: number; readonly sockets: number };

export type DataPoint = UsageCounts &
  Occupancy & {
    readonly kind: "started" | "stopped" | "refused" | "activity";
    readonly behaviour: string;
    /** Why the room stopped, or the code of a refusal; empty for other kinds. */
    readonly detail: string;
    /** ms that the counts cover; for a stop, how long the room ran. */
    readonly ms: number;
  };

export const noCounts: UsageCounts = { flushes: 0, changes: 0, messages: 0, opened: 0, closed: 0 };

/** Create a data point. Fields that are left out are 0 or empty. */
export const dataPoint = (
  point: Pick<DataPoint, "kind" | "behaviour"> & Partial<DataPoint>,
): DataPoint => ({ ...noCounts, users: 0, sockets: 0, detail: "", ms: 0, ...point });
