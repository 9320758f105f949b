// The machine and versions behind a result: figures of two machines cannot be compared.

import { readFileSync } from "node:fs";
import { availableParallelism, cpus, loadavg, totalmem } from "node:os";
import { join } from "node:path";

export const machine = () => ({
  cores: availableParallelism(),
  processor: cpus()[0]?.model ?? "unknown",
  memoryGiB: Math.round(totalmem() / 2 ** 30),
  /** Load average of the minute before. Above about 0.5, something else was using the machine. */
  loadBefore: loadavg()[0] ?? 0,
  platform: `${process.platform} ${process.arch}`,
  node: process.version,
  workerd: versionOf("workerd"),
  ws: versionOf("ws"),
  partyserver: versionOf("partyserver"),
});

function versionOf(name: string): string {
  const path = join(import.meta.dirname, "../node_modules", name, "package.json");
  const { version } = JSON.parse(readFileSync(path, "utf8")) as { version: string };
  return version;
}

type ReportedLimits = { userLimits?: { open_files?: { soft?: number | "unlimited" } } };

/** How many files, and so sockets, a process may have open. */
export function openFileLimit(): number {
  const { userLimits } = process.report.getReport() as ReportedLimits;
  const limit = userLimits?.open_files?.soft;
  return typeof limit === "number" ? limit : Number.POSITIVE_INFINITY;
}
