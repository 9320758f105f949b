// Data points of rooms for Workers Analytics Engine. Its columns have numbers instead of names: docs/OPERATING.md
// lists what is in each. Add to the end only, because queries and stored points go by these numbers.

import type { DataPoint } from "../model/data-point.ts";

const maxIndexBytes = 96;

/** Write a data point. The platform writes it later: nothing waits for it. */
export function writeDataPoint(
  dataset: AnalyticsEngineDataset,
  room: string,
  { kind, behaviour, detail, ...numbers }: DataPoint,
): void {
  const { users, sockets, ms, flushes, changes, messages, opened, closed } = numbers;
  dataset.writeDataPoint({
    indexes: [beginningOf(room)],
    blobs: [kind, room, behaviour, detail],
    doubles: [users, sockets, ms, flushes, changes, messages, opened, closed],
  });
}

/** As much of an id as an index takes: the platform samples by the index, so each room has its own. */
function beginningOf(id: string): string {
  const { read } = new TextEncoder().encodeInto(id, new Uint8Array(maxIndexBytes));
  return id.slice(0, read);
}
