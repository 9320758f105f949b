// The route for Prometheus: the metrics of a deployment (rule O3).

import { Directory, type ShardCounts } from "../../cloudflare/directory.ts";
import { release } from "../../cloudflare/release.ts";
import * as z from "zod";
import { text } from "../answers.ts";
import { formatMetrics, metricsType, type Metric } from "../prometheus.ts";
import type { RequestMetrics } from "../request-metrics.ts";
import { route, type Route } from "../route.ts";

/** @param requests the metrics of this isolate's requests */
export const metricsRoutes = (requests: RequestMetrics): readonly Route[] => [
  route({
    method: "get",
    path: "/metrics",
    operationId: "getMetrics",
    tag: "Service",
    summary: "Read metrics in the Prometheus text format",
    scope: "room:admin",
    responses: {
      200: {
        description:
          "Rooms and users of the whole deployment, by directory shard; and the HTTP requests of the isolate that answers.",
        types: { [metricsType]: z.string() },
      },
    },
    problems: [],
    handle: async ({ env }) => {
      const shards = await new Directory(env).countByShard();
      return text(
        formatMetrics([info, ...directoryMetrics(shards), ...requests.metrics()]),
        metricsType,
      );
    },
  }),
];

const info: Metric = {
  name: "collab_info",
  type: "gauge",
  help: "Always 1. The labels are this release's socket protocol and storage version.",
  samples: [{ labels: { protocol: release.protocol, storage: String(release.storage) }, value: 1 }],
};

/** Metrics of the shards. A shard that does not answer has no counts. @param shards counts by shard number */
function directoryMetrics(shards: readonly (ShardCounts | null)[]): readonly Metric[] {
  const samples = (read: (counts: ShardCounts | null) => number | undefined) =>
    shards.flatMap((counts, shard) => {
      const value = read(counts);
      return value === undefined ? [] : [{ labels: { shard: String(shard) }, value }];
    });
  return [
    {
      name: "collab_directory_shard_up",
      type: "gauge",
      help: "1 if the shard of the directory has answered, otherwise 0. Of the whole deployment.",
      samples: samples((counts) => (counts === null ? 0 : 1)),
    },
    {
      name: "collab_rooms",
      type: "gauge",
      help: "Running rooms, by shard of the directory. Of the whole deployment.",
      samples: samples((counts) => counts?.rooms),
    },
    {
      name: "collab_users",
      type: "gauge",
      help: "Users in running rooms, by shard of the directory; up to 5 s late. Of the whole deployment.",
      samples: samples((counts) => counts?.users),
    },
  ];
}
