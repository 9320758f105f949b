// Times are epoch milliseconds inside and ISO 8601 in UTC on the wire: this is where one becomes the other.

/** Epoch ms as ISO 8601 in UTC. */
export const isoTime = (ms: number): string => new Date(ms).toISOString();
