// Metrics of this isolate's HTTP requests. A deployment has many short-lived isolates that cannot reach each other, so
// each counts its own requests and adds its id as a label.

import type { ErrorCode } from "../protocol/errors.ts";
import type { Labels, Metric, Sample } from "./prometheus.ts";

/** Upper bounds in seconds. */
const bounds = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

/** Labels of a request: the app's own names, never text from the client. */
export type Address = { readonly method: string; readonly route: string };

export type Answered = {
  readonly address: Address;
  readonly status: number;
  /** The error code, if the response is a problem. */
  readonly code: ErrorCode | null;
  readonly seconds: number;
};

type Durations = {
  /** By bound, not cumulative: a request counts at the first bound that it does not exceed, if there is one. */
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

  /** Count a request that has been answered. */
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
        help: "HTTP requests answered, by route and class of status. Of this isolate only.",
        samples: samples(this.#requests),
      },
      {
        name: "collab_http_problems_total",
        type: "counter",
        help: "HTTP requests answered with a problem, by its code. Of this isolate only.",
        samples: samples(this.#problems),
      },
      {
        name: "collab_http_request_duration_seconds",
        type: "histogram",
        help: "Seconds until the response began. In Workers, the clock advances only during I/O. Of this isolate only.",
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

  /** Called on the first request: in its global scope, an isolate has neither a clock nor randomness. */
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

/** Buckets are cumulative: each includes the counts of the ones before it. */
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
