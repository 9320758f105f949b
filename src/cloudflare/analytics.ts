// Data points of rooms for Workers Analytics Engine. Its columns have numbers instead of names; docs/OPERATING.md
// lists them. Append new columns at the end only, because queries and stored points rely on the numbers.

import type { DataPoint } from "../model/data-point.ts";

const maxIndexBytes = 96;

/** Write a data point. The platform writes it in the background, so there is nothing to await. */
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

/** As much of an id as fits into an index. Each room has its own index, because the platform samples by index. */
function beginningOf(id: string): string {
  const { read } = new TextEncoder().encodeInto(id, new Uint8Array(maxIndexBytes));
  return id.slice(0, read);
}
