// The Prometheus text format, version 0.0.4. The usual JavaScript client library needs Node, and the format takes only
// a few lines.

export const metricsType = "text/plain; version=0.0.4; charset=utf-8";

export type Labels = Readonly<Record<string, string>>;

export type Sample = {
  /** Appended to the name of the metric, for example `_bucket`. */
  readonly suffix?: string;
  readonly labels: Labels;
  readonly value: number;
};

export type Metric = {
  readonly name: string;
  readonly type: "counter" | "gauge" | "histogram";
  readonly help: string;
  readonly samples: readonly Sample[];
};

/** Format metrics as text. Those without samples are left out. */
export const formatMetrics = (metrics: readonly Metric[]): string =>
  metrics
    .filter(({ samples }) => samples.length > 0)
    .map(formatMetric)
    .join("");

const formatMetric = ({ name, type, help, samples }: Metric): string =>
  [
    `# HELP ${name} ${help.replaceAll("\\", "\\\\").replaceAll("\n", "\\n")}`,
    `# TYPE ${name} ${type}`,
    ...samples.map(
      ({ suffix = "", labels, value }) => `${name}${suffix}${labelText(labels)} ${value}`,
    ),
    "",
  ].join("\n");

function labelText(labels: Labels): string {
  const pairs = Object.entries(labels).map(([name, value]) => `${name}="${escapeLabel(value)}"`);
  return pairs.length === 0 ? "" : `{${pairs.join(",")}}`;
}

const escapeLabel = (value: string): string =>
  value.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", "\\n");
