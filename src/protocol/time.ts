// Converts times, which are epoch milliseconds internally and ISO 8601 in UTC on the wire.

/** The largest time that a Date can hold, in epoch ms. */
export const maxTime = 8.64e15;

/** Whether a value is a time in epoch ms. */
export const isTime = (value: unknown): value is number =>
  typeof value === "number" && Math.abs(value) <= maxTime;

/** Convert epoch ms to ISO 8601 in UTC. */
export const isoTime = (ms: number): string => new Date(ms).toISOString();
