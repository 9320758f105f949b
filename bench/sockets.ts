// Sockets, compared with a minimal Durable Object (workers/bare-socket.ts) and with partyserver
// (workers/party.ts): three servers on the same workerd, and one client in a separate process. The table is
// printed, and the results of all rounds are written to .bench/sockets.json.

import { join } from "node:path";
import { machine } from "./machine.ts";
import { printTable, type Row, verdict, writeJson } from "./report.ts";
import { base } from "./sockets/base.ts";
import { BenchServers } from "./sockets/bench-servers.ts";
import { crowd } from "./sockets/crowd.ts";
import { cursors } from "./sockets/cursors.ts";
import { manySockets, oneKey } from "./sockets/large-room.ts";
import { ordinaryLoad } from "./sockets/ordinary-load.ts";
import { readsBesideWrites } from "./sockets/reads-beside-writes.ts";
import { reconnectStorm } from "./sockets/reconnect.ts";
import { fanOut, manyInFlight, oneInFlight } from "./sockets/update-speed.ts";
import { wakeUp } from "./sockets/wake.ts";

const measurements = [
  ordinaryLoad,
  fanOut,
  oneInFlight,
  manyInFlight,
  base,
  cursors,
  readsBesideWrites,
  oneKey,
  wakeUp,
  reconnectStorm,
  manySockets,
  crowd,
];
const resultsFile = join(import.meta.dirname, "../.bench/sockets.json");

/** @returns the number of missed targets */
export async function benchSockets(): Promise<number> {
  const facts = machine();
  const start = performance.now();
  const rows: Row[] = [];
  const rounds: Record<string, unknown> = {};
  const servers = await BenchServers.start();
  try {
    for (const { name, run } of measurements) {
      console.log(`  ${name} …`);
      try {
        const result = await run(servers);
        rows.push(...result.rows);
        rounds[name] = result.rounds;
      } catch (error) {
        // One failure does not stop the other measurements.
        rows.push({ what: name, figures: {}, failure: String(error) });
      }
    }
  } finally {
    await servers.stop();
  }
  const seconds = Math.round((performance.now() - start) / 1000);
  console.log();
  printTable(rows);
  console.log(
    `\n${seconds} s; medians of all rounds; ${facts.cores} cores, Node ${facts.node}, workerd ${facts.workerd}.` +
      "\nThe rate limits of the rooms' sessions are raised, because the other servers have none.",
  );
  writeJson(resultsFile, {
    at: new Date().toISOString(),
    seconds,
    machine: facts,
    rows: rows.map((row) => ({ ...row, verdict: verdict(row) })),
    rounds,
  });
  console.log(`Results of all rounds: ${resultsFile}`);
  return rows.filter((row) => verdict(row) === "MISSED").length;
}
