// Summary statistics of measurements.

/** NaN for an empty list. */
export const median = (values: readonly number[]): number => percentile(values, 0.5);

/** The smallest value such that the given share of all values does not exceed it; NaN for an empty list. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = Float64Array.from(values).toSorted();
  return sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? Number.NaN;
}
