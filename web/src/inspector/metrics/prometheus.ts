// Parses the subset of the Prometheus text format that the service writes.

export type Sample = {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
};

export function readMetrics(text: string): readonly Sample[] {
  const samples: Sample[] = [];
  for (const line of text.split("\n")) {
    const [, name, labels = "", value] = /^(\w+)(?:\{(.*)\})? (\S+)$/.exec(line) ?? [];
    if (name === undefined || value === undefined) continue;
    const pairs = labels.matchAll(/(\w+)="((?:[^"\\]|\\.)*)"/g);
    samples.push({
      name,
      labels: Object.fromEntries([...pairs].map(([, key = "", of = ""]) => [key, unescaped(of)])),
      value: value === "+Inf" ? Infinity : Number(value),
    });
  }
  return samples;
}

const unescaped = (text: string): string =>
  text.replace(/\\(.)/g, (_, sign: string) => (sign === "n" ? "\n" : sign));

export const sumOf = (samples: readonly Sample[], of: string): number =>
  samples.reduce((sum, { name, value }) => (name === of ? sum + value : sum), 0);

export type Requests = {
  readonly route: string;
  readonly all: number;
  readonly refused: number;
  readonly failed: number;
  readonly mean: string;
  readonly p95: string;
};

/** The requests by method and route, most frequent first. */
export function requestsOf(samples: readonly Sample[]): readonly Requests[] {
  const byRoute = Map.groupBy(
    samples.filter(({ labels }) => labels["route"] !== undefined),
    ({ labels }) => `${labels["method"]} ${labels["route"]}`,
  );
  return [...byRoute]
    .map(([route, of]) => {
      const counts = of.filter(({ name }) => name === "collab_http_requests_total");
      const withStatus = (status: string): number =>
        counts.reduce(
          (sum, { labels, value }) => sum + (labels["status"] === status ? value : 0),
          0,
        );
      const spent = sumOf(of, "collab_http_request_duration_seconds_sum");
      const timed = sumOf(of, "collab_http_request_duration_seconds_count");
      return {
        route,
        all: counts.reduce((sum, { value }) => sum + value, 0),
        refused: withStatus("4xx"),
        failed: withStatus("5xx"),
        mean: timed === 0 ? "" : millis(spent / timed),
        p95: percentile(of, timed * 0.95),
      };
    })
    .toSorted((a, b) => b.all - a.all || a.route.localeCompare(b.route));
}

/** The upper bound of the first bucket that contains `wanted` requests. */
function percentile(samples: readonly Sample[], wanted: number): string {
  const buckets = samples
    .filter(({ name }) => name === "collab_http_request_duration_seconds_bucket")
    .map(({ labels, value }) => ({
      bound: labels["le"] === "+Inf" ? Infinity : Number(labels["le"]),
      value,
    }))
    .toSorted((a, b) => a.bound - b.bound);
  const found = buckets.find(({ value }) => value >= wanted && value > 0);
  if (!found) return "";
  const last = buckets.at(-2)?.bound ?? 0;
  return found.bound === Infinity ? `over ${millis(last)}` : millis(found.bound);
}

const millis = (seconds: number): string =>
  seconds < 0.01 ? `${(seconds * 1000).toFixed(1)} ms` : `${Math.round(seconds * 1000)} ms`;
