// How the memory of a process develops.

import { residentBytes } from "../../../bench/processes.ts";

const mebibyte = 2 ** 20;

export type MemoryTrend = {
  /** MiB, one sample a second. */
  readonly series: readonly number[];
  /** The mean of each quarter, in MiB. */
  readonly quarters: readonly [number, number, number, number];
  /** MiB per minute, from the second quarter to the last one: in the first quarter everything fills. */
  readonly slope: number;
  /** MiB per minute, from the third quarter to the last one. */
  readonly lateSlope: number;
};

export class MemoryWatch implements Disposable {
  readonly #pid: number;
  readonly #series: number[] = [];
  readonly #timer: NodeJS.Timeout;

  /** Watch a process until it is disposed of. */
  constructor(pid: number) {
    this.#pid = pid;
    this.#timer = setInterval(() => this.#look(), 1000);
  }

  /** The trend so far; `null` where the system has no /proc, or when there were too few samples. */
  get trend(): MemoryTrend | null {
    return trendOf(this.#series);
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
  }

  #look(): void {
    const bytes = residentBytes(this.#pid);
    if (bytes !== undefined) this.#series.push(Math.round(bytes / mebibyte));
  }
}

/** @param series one sample a second */
export function trendOf(series: readonly number[]): MemoryTrend | null {
  const seconds = Math.floor(series.length / 4);
  if (seconds === 0) return null;
  const quarter = (n: number): number => mean(series.slice(n * seconds, (n + 1) * seconds));
  const quarters = [quarter(0), quarter(1), quarter(2), quarter(3)] as const;
  const [, second, third, last] = quarters;
  const minutes = seconds / 60;
  return {
    series,
    quarters,
    slope: (last - second) / (2 * minutes),
    lateSlope: (last - third) / minutes,
  };
}

const mean = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length;
