// `node scripts/web-size.ts`: how much JavaScript the demo loads, gzipped. It measures web/dist, which
// `npm run build:web` creates, and fails above a limit.

import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { gzipSync } from "node:zlib";

const folder = join(import.meta.dirname, "../web/dist");

/** All scripts that a page loads, directly or by imports: follows the file names in their texts. */
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

const kib = 1024;
const [limit, page] = [120 * kib, "index.html"];

/** Bytes after gzip. */
export const demoBytes = (): number =>
  [...scriptsOf(page)]
    .map((file) => gzipSync(readFileSync(file), { level: 9 }).byteLength)
    .reduce((sum, size) => sum + size, 0);

export const sizeText = (bytes: number): string =>
  `JavaScript of the demo: ${(bytes / kib).toFixed(1)} KiB gzip, limit ${limit / kib} KiB`;

if (import.meta.main) {
  const bytes = demoBytes();
  console.log(sizeText(bytes));
  if (bytes === 0 || bytes > limit) process.exitCode = 1;
}
