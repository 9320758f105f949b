// `npm run bench`: speed against peers in the same run. `npm run bench -- sockets` runs that part alone.

import { benchHttp } from "./http.ts";
import { benchSockets } from "./sockets.ts";

const parts = { http: benchHttp, sockets: benchSockets };
type Part = keyof typeof parts;

const isPart = (name: string): name is Part => Object.hasOwn(parts, name);

const names = process.argv.slice(2);
const unknown = names.find((name) => !isPart(name));
if (unknown !== undefined) {
  console.error(`there is no part "${unknown}": ${Object.keys(parts).join(", ")}`);
  process.exit(2);
}
const chosen = names.length === 0 ? (Object.keys(parts) as Part[]) : names.filter(isPart);

let missed = 0;
for (const part of chosen) {
  console.log(`\n── ${part}`);
  missed += await parts[part]();
}
console.log(missed === 0 ? "\nall targets met" : `\n${missed} of the targets missed`);
