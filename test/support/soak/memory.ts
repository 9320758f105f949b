// How the memory of a process develops.

import { residentBytes } from "../../../bench/processes.ts";

const mebibyte = 2 ** 20;

export type MemoryTrend = {
  /** MiB, one sample a second. */
  readonly series: readonly number[];
  /** Means of the second and of the last quarter, in MiB: the first quarter is when everything fills. */
  readonly second: number;
  readonly last: number;
  /** From the middle of the second quarter to the middle of the last one, in MiB per minute. */
  readonly slope: number;
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
  const quarter = Math.floor(series.length / 4);
  if (quarter === 0) return null;
  const second = mean(series.slice(quarter, 2 * quarter));
  const last = mean(series.slice(-quarter));
  const minutes = (series.length - 2 * quarter) / 60;
  return { series, second, last, slope: (last - second) / minutes };
}

const mean = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length;
