// What a measurement is: it runs against the bench servers, and returns rows for the table and the results
// of each round.

import type { Row } from "../report.ts";
import type { BenchServers } from "./bench-servers.ts";

export type Measurement = {
  readonly name: string;
  run(servers: BenchServers): Promise<{ readonly rows: readonly Row[]; readonly rounds: unknown }>;
};
