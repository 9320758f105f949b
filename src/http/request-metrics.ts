// What this isolate has counted of its requests over HTTP. A deployment has many isolates, which come and go and
// cannot ask each other, so each counts for itself and says who it is.

import type { ErrorCode } from "../protocol/errors.ts";
import type { Labels, Metric, Sample } from "./prometheus.ts";

/** Upper bounds in seconds. */
const bounds = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

/** What a request was for: names of the app's own, never what a client has sent. */
export type Address = { readonly method: string; readonly route: string };

export type Answered = {
  readonly address: Address;
  readonly status: number;
  /** The code of the problem, if it is one. */
  readonly code: ErrorCode | null;
  readonly seconds: number;
};

type Durations = {
  /** By bound: each request counts for the first one that it keeps, and beyond the last one for none. */
  readonly counts: number[];
  count: number;
  sum: number;
};

type Counted<T> = Map<string, { readonly labels: Labels; value: T }>;

export class RequestMetrics {
  readonly #requests: Counted<number> = new Map();
  readonly #problems: Counted<number> = new Map();
  readonly #durations: Counted<Durations> = new Map();
  #isolate: { readonly id: string; readonly startedAt: number } | null = null;

  /** A request has been answered. */
  count({ address, status, code, seconds }: Answered): void {
    this.#identify();
    const statusClass = `${Math.floor(status / 100)}xx`;
    entry(this.#requests, { ...address, status: statusClass }, () => 0).value++;
    if (code !== null) entry(this.#problems, { code }, () => 0).value++;
    const { value } = entry(this.#durations, address, noDurations);
    const index = bounds.findIndex((bound) => seconds <= bound);
    if (index >= 0) value.counts[index] = (value.counts[index] ?? 0) + 1;
    value.count++;
    value.sum += seconds;
  }

  /** Everything counted so far. */
  metrics(): readonly Metric[] {
    const { id: isolate, startedAt } = this.#identify();
    const samples = (counted: Counted<number>): Sample[] =>
      Array.from(counted.values(), ({ labels, value }) => ({
        labels: { ...labels, isolate },
        value,
      }));
    return [
      {
        name: "collab_http_requests_total",
        type: "counter",
        help: "HTTP requests answered, by route and class of status. Of this isolate alone.",
        samples: samples(this.#requests),
      },
      {
        name: "collab_http_problems_total",
        type: "counter",
        help: "HTTP requests answered with a problem, by its code. Of this isolate alone.",
        samples: samples(this.#problems),
      },
      {
        name: "collab_http_request_duration_seconds",
        type: "histogram",
        help: "Seconds until the response began. Workers see time pass only while they wait. Of this isolate alone.",
        samples: Array.from(this.#durations.values()).flatMap(({ labels, value }) =>
          histogram({ ...labels, isolate }, value),
        ),
      },
      {
        name: "collab_isolate_start_timestamp_seconds",
        type: "gauge",
        help: "When this isolate answered its first request, in seconds since 1970.",
        samples: [{ labels: { isolate }, value: startedAt }],
      },
    ];
  }

  /** Called with the first request: an isolate that only starts has neither time nor randomness. */
  #identify(): { readonly id: string; readonly startedAt: number } {
    this.#isolate ??= { id: crypto.randomUUID().slice(0, 8), startedAt: Date.now() / 1000 };
    return this.#isolate;
  }
}

function entry<T>(counted: Counted<T>, labels: Labels, first: () => T): { value: T } {
  const key = Object.values(labels).join(" ");
  const known = counted.get(key);
  if (known !== undefined) return known;
  const fresh = { labels, value: first() };
  counted.set(key, fresh);
  return fresh;
}

const noDurations = (): Durations => ({ counts: bounds.map(() => 0), count: 0, sum: 0 });

/** Buckets are cumulative: each counts what is in the ones before it as well. */
function histogram(labels: Labels, { counts, count, sum }: Durations): Sample[] {
  let below = 0;
  return [
    ...bounds.map((bound, index) => {
      below += counts[index] ?? 0;
      return { suffix: "_bucket", labels: { ...labels, le: String(bound) }, value: below };
    }),
    { suffix: "_bucket", labels: { ...labels, le: "+Inf" }, value: count },
    { suffix: "_sum", labels, value: sum },
    { suffix: "_count", labels, value: count },
  ];
}
