// `npm run docs`: writes the parts of docs/ that are generated from the source. A test checks that they are up to date.
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { generatedDocs } from "./generated-docs.ts";

for (const [file, text] of generatedDocs((name) => readFileSync(pathOf(name), "utf8")))
  writeFileSync(pathOf(file), text);

function pathOf(file: string): string {
  return join(import.meta.dirname, "../docs", file);
}
