// Reads the text format of Prometheus (0.0.4), and refuses what Prometheus would refuse or misread.

import { expect } from "vitest";

export type Family = {
  readonly type: string;
  readonly help: string;
  readonly samples: readonly Sample[];
};
type Sample = {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
};

const sampleLine = /^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.*)\})? (\S+)$/;
const labelPair = /([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\["\\n])*)"(?:,|$)/y;

function parseLabels(text: string): Record<string, string> {
  const labels: Record<string, string> = {};
  labelPair.lastIndex = 0;
  while (labelPair.lastIndex < text.length) {
    const [, name = "", value = ""] = labelPair.exec(text) ?? [];
    expect(name, `labels ${text}`).not.toBe("");
    expect(labels).not.toHaveProperty([name]);
    labels[name] = value.replaceAll(/\\(.)/g, (_, c: string) => (c === "n" ? "\n" : c));
  }
  return labels;
}

/** Parse metrics: each has its help and its type once, and then all of its samples, none twice. */
export function parseMetrics(text: string): Map<string, Family> {
  expect(text.endsWith("\n")).toBe(true);
  const families = new Map<string, Family & { samples: Sample[] }>();
  const seen = new Set<string>();
  let current = "";
  let help: [name: string, text: string] = ["", ""];
  for (const line of text.slice(0, -1).split("\n")) {
    const [, keyword, name = "", rest = ""] = /^# (HELP|TYPE) (\S+) (.+)$/.exec(line) ?? [];
    if (keyword === "HELP") help = [name, rest];
    else if (keyword === "TYPE") {
      expect(help[0], line).toBe(name);
      expect(families.has(name), line).toBe(false);
      expect(["counter", "gauge", "histogram"], line).toContain(rest);
      families.set(name, { type: rest, help: help[1], samples: [] });
      current = name;
    } else {
      const [, sampled = "", labels = "", value = ""] = sampleLine.exec(line) ?? [];
      const family = families.get(current);
      const suffix = sampled.slice(current.length);
      expect(sampled.startsWith(current) && Number.isFinite(Number(value)), line).toBe(true);
      expect(family?.type === "histogram" ? ["_bucket", "_sum", "_count"] : [""], line).toContain(
        suffix,
      );
      const key = line.slice(0, line.lastIndexOf(" "));
      expect(seen.has(key), line).toBe(false);
      seen.add(key);
      family?.samples.push({ name: sampled, labels: parseLabels(labels), value: Number(value) });
    }
  }
  for (const family of families.values()) if (family.type === "histogram") checkHistogram(family);
  return families;
}

/** Buckets grow with their bounds, and the last one counts all. */
function checkHistogram({ samples }: Family): void {
  const bySeries = Map.groupBy(samples, ({ labels }) => JSON.stringify({ ...labels, le: null }));
  for (const series of bySeries.values()) {
    const buckets = series.filter(({ name }) => name.endsWith("_bucket"));
    const bounds = buckets.map(({ labels: { le } }) => (le === "+Inf" ? Infinity : Number(le)));
    expect(bounds).toEqual(bounds.toSorted((a, b) => a - b));
    const values = buckets.map(({ value }) => value);
    expect(values).toEqual(values.toSorted((a, b) => a - b));
    const count = series.find(({ name }) => name.endsWith("_count"));
    expect([bounds.at(-1), values.at(-1)]).toEqual([Infinity, count?.value]);
  }
}
