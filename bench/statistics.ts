// The few numbers that measurements are summed up in.

/** NaN of nothing. */
export const median = (values: readonly number[]): number => percentile(values, 0.5);

/** The smallest value that the given share of all does not exceed; NaN of nothing. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = Float64Array.from(values).toSorted();
  return sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? Number.NaN;
}
