// What the analytics of a deployment are told of a room: plain data.

/** What is counted from one data point to the next. */
export type UsageCounts = {
  readonly flushes: number;
  /** Versions of the state. */
  readonly changes: number;
  /** Messages that sessions have sent, refused ones included. */
  readonly messages: number;
  /** Sessions. */
  readonly opened: number;
  readonly closed: number;
};

/** Who is there. */
export type Occupancy = { readonly users: number; readonly sockets: number };

export type DataPoint = UsageCounts &
  Occupancy & {
    readonly kind: "started" | "stopped" | "refused" | "activity";
    readonly behaviour: string;
    /** Why the room has stopped, or the code of a refusal; empty for the others. */
    readonly detail: string;
    /** ms that the counts cover; for a stop, how long the room has run. */
    readonly ms: number;
  };

export const noCounts: UsageCounts = { flushes: 0, changes: 0, messages: 0, opened: 0, closed: 0 };

/** A data point; what is left out is nothing. */
export const dataPoint = (
  point: Pick<DataPoint, "kind" | "behaviour"> & Partial<DataPoint>,
): DataPoint => ({ ...noCounts, users: 0, sockets: 0, detail: "", ms: 0, ...point });
