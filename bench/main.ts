// `npm run bench`: compares the rooms with other servers within one run. `npm run bench -- sockets` runs only
// that part.

import { benchEdits } from "./edits.ts";
import { benchHttp } from "./http.ts";
import { benchLibrary } from "./library.ts";
import { benchSockets } from "./sockets.ts";

const parts = { edits: benchEdits, library: benchLibrary, http: benchHttp, sockets: benchSockets };
type Part = keyof typeof parts;

const isPart = (name: string): name is Part => Object.hasOwn(parts, name);

const names = process.argv.slice(2);
const unknown = names.find((name) => !isPart(name));
if (unknown !== undefined) {
  console.error(`There is no part "${unknown}". Parts: ${Object.keys(parts).join(", ")}.`);
  process.exit(2);
}
const chosen = names.length === 0 ? (Object.keys(parts) as Part[]) : names.filter(isPart);

let missed = 0;
for (const part of chosen) {
  console.log(`\n── ${part}`);
  missed += await parts[part]();
}
console.log(missed === 0 ? "\nAll targets met" : `\nTargets missed: ${missed}`);
