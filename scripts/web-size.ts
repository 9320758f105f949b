// `node scripts/web-size.ts`: how much JavaScript the demo loads, as gzip. It measures web/dist, which `npm run build:web`
// makes, and fails above a limit.

import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { gzipSync } from "node:zlib";

const limit = 120 * 1024;
const folder = join(import.meta.dirname, "../web/dist");

/** All that a page loads, and what that imports: the files that its text and theirs name. */
function scriptsOf(page: string): ReadonlySet<string> {
  const found = new Set<string>();
  const read = (file: string): void => {
    const text = readFileSync(file, "utf8");
    for (const [, name = ""] of text.matchAll(/["'`]([\w./-]+\.js)["'`]/g)) {
      const path = join(name.startsWith("/") ? folder : dirname(file), name);
      if (found.has(path)) continue;
      found.add(path);
      read(path);
    }
  };
  read(join(folder, page));
  return found;
}

const bytes = [...scriptsOf("index.html")]
  .map((file) => gzipSync(readFileSync(file), { level: 9 }).byteLength)
  .reduce((sum, size) => sum + size, 0);
console.log(`demo: ${(bytes / 1024).toFixed(1)} KiB gzip of JavaScript, limit ${limit / 1024} KiB`);
if (bytes === 0 || bytes > limit) process.exitCode = 1;
