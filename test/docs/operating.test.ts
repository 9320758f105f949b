// docs/OPERATING.md names exactly the events, metrics and columns that there are (rules O1, O3, O4).

import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { writeDataPoint } from "../../src/cloudflare/analytics.ts";
import { RequestMetrics } from "../../src/http/request-metrics.ts";
import { dataPoint, type DataPoint } from "../../src/model/data-point.ts";
import { logEvents } from "../../src/room/log.ts";
import { send } from "../support/core/http.ts";
import { parseMetrics } from "../support/prometheus.ts";

const text = await readFile(join(import.meta.dirname, "../../docs/OPERATING.md"), "utf8");

/** The rows of the table that has these first two columns. */
function tableOf(first: string, second: string): string[][] {
  const cells = (line: string): string[] =>
    line
      .split(/(?<!\\)\|/)
      .slice(1, -1)
      .map((cell) => cell.trim().replaceAll("`", ""));
  const lines = text.split("\n");
  const start = lines.findIndex((line) => {
    const [one, two] = cells(line);
    return one === first && two === second;
  });
  expect(start).toBeGreaterThanOrEqual(0);
  const rows = lines.slice(start + 2);
  return rows
    .slice(
      0,
      rows.findIndex((line) => !line.startsWith("|")),
    )
    .map(cells);
}

test("[O1] each event has a row, with its level, and no other has one", () => {
  const rows = tableOf("event", "level").map(([event, level]) => [event, level]);
  expect(rows).toEqual(Object.entries(logEvents));
});

test("[O3] each metric has a row, with its type and labels, and no other has one", async () => {
  await send("GET", "/healthz");
  await send("GET", "/nowhere");
  const families = parseMetrics(await (await send("GET", "/metrics")).text());
  const actual = Array.from(families, ([name, { type, samples }]) => {
    const labels = Object.keys(samples[0]?.labels ?? {}).filter((label) => label !== "le");
    return [name, type, labels.join(", ")];
  });
  const rows = tableOf("metric", "type").map(([name, type, labels]) => [name, type, labels]);
  const sorted = (table: unknown[][]): string[] => table.map((row) => row.join(" ")).toSorted();
  expect(sorted(rows)).toEqual(sorted(actual));
});

test("[O3] expressions name metrics that there are", () => {
  const documented = tableOf("metric", "type").map(([name]) => name);
  const named = text.match(/\bcollab_\w+/g) ?? [];
  const unknown = named
    .map((name) => name.replace(/_bucket$/, ""))
    .filter((name) => !documented.includes(name));
  expect(unknown.filter((name) => name !== "collab_rooms")).toEqual([]); // also the dataset
  expect(new RequestMetrics().metrics().every(({ name }) => documented.includes(name))).toBe(true);
});

test("[O1] alerts name events that there are", () => {
  const alerts = tableOf("alert", "expression").map(([, expression = ""]) => expression);
  const named = alerts.flatMap((expression) => {
    const [, events = ""] =
      /^log: event is ([a-z_, ]+?)(?: and attempts|,? (?:by|in) |: |$)/.exec(expression) ?? [];
    return events.split(/, | or /).filter((event) => event !== "");
  });
  expect(named.length).toBeGreaterThan(10);
  expect(named.filter((event) => !(event in logEvents))).toEqual([]);
});

test("[O4] each number of a data point is in the column that is documented", () => {
  const point: DataPoint = dataPoint({
    kind: "activity",
    behaviour: "",
    users: 1,
    sockets: 2,
    ms: 3,
    flushes: 4,
    changes: 5,
    messages: 6,
    opened: 7,
    closed: 8,
  });
  let written: AnalyticsEngineDataPoint = {};
  writeDataPoint({ writeDataPoint: (given) => void (written = given ?? {}) }, "room", point);
  const columns = tableOf("column", "what it is");
  for (const [name, number] of Object.entries(point).filter(([, value]) => Number(value) > 0)) {
    const column = `double${(written.doubles ?? []).indexOf(Number(number)) + 1}`;
    const told = columns.find(([each]) => each === column)?.[1];
    expect(told?.startsWith(name), `${name} in ${column}: ${told}`).toBe(true);
  }
  const counted = (prefix: string): number =>
    columns.filter(([each]) => each?.startsWith(prefix)).length;
  expect([counted("double"), counted("blob"), counted("index")]).toEqual([
    written.doubles?.length,
    written.blobs?.length,
    written.indexes?.length,
  ]);
});
