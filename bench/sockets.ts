// Sockets, measured against the least that can be (workers/bare-socket.ts) and against partyserver
// (workers/party.ts): three servers of the same workerd and one client in a process of its own. The table
// is printed, and all rounds are kept in .bench/sockets.json.

import { join } from "node:path";
import { machine } from "./machine.ts";
import { printTable, type Row, verdict, writeJson } from "./report.ts";
import { Arena } from "./sockets/arena.ts";
import { cursors } from "./sockets/cursors.ts";
import { crowd, oneKey } from "./sockets/large-room.ts";
import { reconnect } from "./sockets/reconnect.ts";
import { fanOut, manyInFlight, oneInFlight } from "./sockets/update-speed.ts";

const measurements = [fanOut, oneInFlight, manyInFlight, cursors, oneKey, reconnect, crowd];
const resultsFile = join(import.meta.dirname, "../.bench/sockets.json");

/** @returns how many targets are missed */
export async function benchSockets(): Promise<number> {
  const facts = machine();
  const start = performance.now();
  const rows: Row[] = [];
  const rounds: Record<string, unknown> = {};
  const arena = await Arena.open();
  try {
    for (const { name, run } of measurements) {
      console.log(`  ${name} …`);
      try {
        const result = await run(arena);
        rows.push(...result.rows);
        rounds[name] = result.rounds;
      } catch (error) {
        // The others are worth having all the same.
        rows.push({ what: name, figures: {}, failure: String(error) });
      }
    }
  } finally {
    await arena.close();
  }
  const seconds = Math.round((performance.now() - start) / 1000);
  console.log();
  printTable(rows);
  console.log(
    `\n${seconds} s; medians of rounds; ${facts.cores} cores, Node ${facts.node}, workerd ${facts.workerd}.` +
      "\nThe rooms have the limits of a session's messages and bytes a second raised: the peers have none.",
  );
  writeJson(resultsFile, {
    at: new Date().toISOString(),
    seconds,
    machine: facts,
    rows: rows.map((row) => ({ ...row, verdict: verdict(row) })),
    rounds,
  });
  console.log(`All rounds: ${resultsFile}`);
  return rows.filter((row) => verdict(row) === "MISSED").length;
}
