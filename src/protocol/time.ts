// Times are epoch milliseconds internally and ISO 8601 in UTC on the wire. This is the conversion.

/** Convert epoch ms to ISO 8601 in UTC. */
export const isoTime = (ms: number): string => new Date(ms).toISOString();
