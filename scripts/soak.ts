// `npm run soak -- [--seconds 120] [--sockets 500]`: opens, fills, empties and stops rooms on a real server, then
// checks for leftovers and for memory growth. See docs/RELIABILITY.md.
import { parseArgs } from "node:util";
import { printWrong } from "./print-wrong.ts";
import { runSoak } from "../test/support/soak/run.ts";

const { values } = parseArgs({
  options: {
    seconds: { type: "string", default: "120" },
    sockets: { type: "string", default: "500" },
    help: { type: "boolean", short: "h", default: false },
  },
});
const usage =
  "Usage: npm run soak -- [--seconds 120] [--sockets 500]. Both are whole numbers from 1.";
if (values.help) {
  console.log(usage);
  process.exit(0);
}
const seconds = Number(values.seconds);
const sockets = Number(values.sockets);
if (![seconds, sockets].every((value) => Number.isSafeInteger(value) && value > 0)) {
  console.error(usage);
  process.exit(2);
}

console.log(`soak: ${seconds} s with ${sockets} sockets`);
const report = await runSoak({ seconds, sockets, seed: 1 });
const { rooms, leftovers, memory } = report;
const total = rooms.idle + rooms.stop + rooms.purge;
console.log(
  `${total} rooms: ${rooms.idle} stopped when idle, ${rooms.stop} stopped on request, ${rooms.purge} purged`,
);
console.log(
  `${report.sockets} sockets opened, at most ${report.mostSockets} at a time; ${report.writes} writes`,
);
const { objects, ...left } = leftovers;
const parts = Object.entries(left).map(([what, count]) => `${count} ${what}`);
console.log(`left in the storage of ${objects} objects: ${parts.join(", ")}`);
if (memory === null)
  console.log("memory: not measured (this system has no /proc, or the run was too short)");
else {
  console.log(`memory in MiB, second by second: ${memory.series.join(" ")}`);
  const { quarters, slope, lateSlope } = memory;
  console.log(
    `memory: ${quarters.map((mean) => mean.toFixed(0)).join(", ")} MiB by quarter; slope from the second quarter ${slope.toFixed(1)} MiB per minute, from the third ${lateSlope.toFixed(1)}`,
  );
}
printWrong(report.wrong);
process.exitCode = report.wrong.length === 0 ? 0 : 1;
