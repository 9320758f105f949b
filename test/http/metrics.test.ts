// Metrics for Prometheus (rule O3).

import { env } from "cloudflare:workers";
import { describe, expect, test } from "vitest";
import { release } from "../../src/cloudflare/release.ts";
import { formatMetrics } from "../../src/http/prometheus.ts";
import { RequestMetrics } from "../../src/http/request-metrics.ts";
import { collab } from "../fixtures/worker.ts";
import { setScript } from "../fixtures/scripts.ts";
import { at, expectEmpty, send } from "../support/http.ts";
import { parseMetrics, type Family } from "../support/prometheus.ts";
import { newId, rooms } from "../support/rooms.ts";

async function read(): Promise<Map<string, Family>> {
  const response = await send("GET", "/metrics");
  expect(response.status).toBe(200);
  expect(response.headers.get("content-type")).toBe("text/plain; version=0.0.4; charset=utf-8");
  expect(response.headers.get("cache-control")).toBe("no-store");
  return parseMetrics(await response.text());
}

/** The value of the sample that has these labels; 0 if there is none. */
function valueOf(families: Map<string, Family>, name: string, labels: object = {}): number {
  const family = families.get(name.replace(/_(bucket|sum|count)$/, "")) ?? families.get(name);
  const found = family?.samples.filter(
    (sample) =>
      sample.name === name &&
      Object.entries(labels).every(([label, value]) => sample.labels[label] === value),
  );
  expect(found?.length ?? 0).toBeLessThanOrEqual(1);
  return found?.[0]?.value ?? 0;
}

const total = (families: Map<string, Family>, name: string): number =>
  families.get(name)?.samples.reduce((sum, { value }) => sum + value, 0) ?? 0;

describe("the deployment", () => {
  test("[O3] has its rooms and users, by directory shard", async () => {
    const before = await read();
    const ids = Array.from({ length: 12 }, () => newId());
    for (const id of ids) await rooms.joinOrCreateRoom(id);
    const started = await read();
    expect(total(started, "collab_rooms") - total(before, "collab_rooms")).toBe(12);
    expect(started.get("collab_rooms")?.samples.map(({ labels }) => labels)).toEqual(
      ["0", "1", "2", "3"].map((shard) => ({ shard })),
    );
    // A changed count arrives after 5 s, but a new entry has its count at once.
    const shard = env.DIRECTORY.getByName("shard-0-of-4");
    const entry = { id: newId(), behaviour: "default", users: 7, createdAt: "" };
    await shard.put(entry, 1);
    await shard.put({ ...entry, users: 5 }, 2);
    const counted = await read();
    expect(total(counted, "collab_users") - total(started, "collab_users")).toBe(5);
    await shard.remove(entry.id, 3);
    for (const id of ids) await rooms.room(id).stop();
    const after = await read();
    for (const name of ["collab_rooms", "collab_users"])
      expect(total(after, name)).toBe(total(before, name));
  });

  test("[O3, D3] leaves out a shard that does not answer, and reports it", async () => {
    setScript("shard-2-of-4", { directoryDown: () => true });
    const families = await read();
    setScript("shard-2-of-4", {});
    expect(families.get("collab_directory_shard_up")?.samples.map(({ value }) => value)).toEqual([
      1, 1, 0, 1,
    ]);
    const shards = families.get("collab_rooms")?.samples.map(({ labels }) => labels["shard"]);
    expect(shards).toEqual(["0", "1", "3"]);
  });

  test("[O3] names its protocol version and storage version", async () => {
    const { protocol, storage } = release;
    const labels = { protocol, storage: String(storage) };
    expect((await read()).get("collab_info")?.samples).toEqual([
      { name: "collab_info", labels, value: 1 },
    ]);
  });
});

describe("the isolate that responds", () => {
  const requests = "collab_http_requests_total";
  const problems = "collab_http_problems_total";
  const durations = "collab_http_request_duration_seconds_count";

  test.each([
    ["GET", "/healthz", "GET", "/healthz", "2xx"],
    ["HEAD", "/healthz", "GET", "/healthz", "2xx"],
    ["GET", at("no such room"), "GET", "/rooms/:id", "4xx"],
    ["DELETE", at("no such room", "?purge=true"), "DELETE", "/rooms/:id", "2xx"],
    ["PROPFIND", "/rooms", "other", "/rooms", "4xx"],
    ["GET", "/nowhere/at/all", "other", "unknown", "4xx"],
  ])("[O3] counts %s %s by its route", async (verb, path, method, route, status) => {
    const before = await read();
    await send(verb, path);
    const after = await read();
    const grown = (name: string, labels: object): number =>
      valueOf(after, name, labels) - valueOf(before, name, labels);
    expect(grown(requests, { method, route, status })).toBe(1);
    expect(grown(durations, { method, route })).toBe(1);
  });

  test("[O3] counts problems by code, and has no labels from client input", async () => {
    const before = await read();
    const secret = newId("secret");
    await send("GET", at(secret));
    await send("GET", at(secret, "/users?limit=0&secret=secret"));
    await send("POST", at(secret, "/actions/secret"), { json: { secret }, headers: { secret } });
    await send("PROPFIND", `/${secret}`);
    const response = await send("GET", "/metrics");
    const text = await response.text();
    expect(text.toLowerCase()).not.toContain("secret");
    const after = parseMetrics(text);
    const grown = (code: string): number =>
      valueOf(after, problems, { code }) - valueOf(before, problems, { code });
    expect(grown("room_not_running")).toBe(2);
    expect(grown("invalid_request")).toBe(1);
    expect(grown("not_found")).toBe(1);
  });

  test("[O3] is named in all its counters, and their help text says so", async () => {
    const families = await read();
    const isolates = new Set<string | undefined>();
    for (const [name, { help, samples }] of families)
      for (const { labels } of samples) {
        const isOwn = /^collab_(http|isolate)_/.test(name);
        expect("isolate" in labels, name).toBe(isOwn);
        if (isOwn) isolates.add(labels["isolate"]);
        if (name.startsWith("collab_http_")) expect(help).toContain("Of this isolate only.");
      }
    expect(isolates.size).toBe(1);
  });
});

test("[O3] returns no body for HEAD of the metrics", async () => {
  await expectEmpty(await send("HEAD", "/metrics"), 200);
});

test("[O3] counts separately for each mounted app", async () => {
  const { createApp } = await import("../../src/http/app.ts");
  const { defaultLimits } = await import("../../src/protocol/limits.ts");
  const app = createApp(defaultLimits);
  await app.request("/healthz", {}, env);
  const families = parseMetrics(await (await app.request("/metrics", {}, env)).text());
  expect(total(families, "collab_http_requests_total")).toBe(1);
  expect(collab.app).not.toBe(app);
});

describe("the metrics text", () => {
  test("[O3] has durations in cumulative buckets", () => {
    const metrics = new RequestMetrics();
    const address = { method: "GET", route: "/rooms" };
    for (const seconds of [0, 0.005, 0.0051, 0.3, 9, 11])
      metrics.count({ address, status: 200, code: null, seconds });
    const families = parseMetrics(formatMetrics(metrics.metrics()));
    const name = "collab_http_request_duration_seconds";
    const below = (le: string): number => valueOf(families, `${name}_bucket`, { le });
    expect(["0.005", "0.01", "0.25", "0.5", "10", "+Inf"].map(below)).toEqual([2, 3, 3, 4, 5, 6]);
    expect(valueOf(families, `${name}_sum`)).toBeCloseTo(20.3101, 6);
  });

  test("[O3] escapes special characters", () => {
    const value = 'a"b\\c\nd,e="f"}';
    const metric = { name: "m", type: "gauge", help: "one\\two\nthree" } as const;
    const text = formatMetrics([
      { ...metric, samples: [{ labels: { label: value }, value: 1.5 }] },
    ]);
    expect(text).toContain("# HELP m one\\\\two\\nthree\n");
    expect(parseMetrics(text).get("m")?.samples).toEqual([
      { name: "m", labels: { label: value }, value: 1.5 },
    ]);
    expect(formatMetrics([{ ...metric, samples: [] }])).toBe("");
  });
});
