// `npm run chaos -- [--rounds 25] [--seed n]`: kills a real server at random moments while clients write, users come
// and go, and rooms stop, and checks its guarantees after each restart. See docs/RELIABILITY.md.
import { parseArgs } from "node:util";
import { printWrong } from "./print-wrong.ts";
import { runChaos } from "../test/support/chaos/run.ts";

const { values } = parseArgs({
  options: {
    rounds: { type: "string", default: "25" },
    seed: { type: "string", default: String(Math.floor(Math.random() * 2 ** 31)) },
    help: { type: "boolean", short: "h", default: false },
  },
});
const usage =
  "Usage: npm run chaos -- [--rounds 25] [--seed n]. Both are whole numbers, with at least one round.";
if (values.help) {
  console.log(usage);
  process.exit(0);
}
const rounds = Number(values.rounds);
const seed = Number(values.seed);
if (!Number.isSafeInteger(rounds) || rounds < 1 || !Number.isSafeInteger(seed)) {
  console.error(usage);
  process.exit(2);
}

console.log(`chaos: ${rounds} rounds, seed ${seed}`);
const report = await runChaos({
  rounds,
  seed,
  onRound({ round, kills, acknowledged }) {
    console.log(`round ${round}: killed at ${kills.join(", then at ")}; ${acknowledged} writes`);
  },
});
printWrong(report.wrong);
const { kills, acknowledged, lost, doubled } = report;
console.log(
  `${report.rounds} rounds, ${kills} kills, ${acknowledged} acknowledged, ${lost} lost, ${doubled} doubled (seed ${seed})`,
);
process.exitCode = report.wrong.length === 0 ? 0 : 1;
