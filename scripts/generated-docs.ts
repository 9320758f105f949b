// Generates parts of docs/. Each part is between `<!-- generated: name -->` and `<!-- end -->`.

import { errorTable } from "../src/protocol/errors.ts";
import { operationRows, serviceRows } from "./permissions.ts";

/** The generated parts by file in docs/ and by name. */
const parts: Readonly<Record<string, Readonly<Record<string, () => string>>>> = {
  "PROTOCOL.md": { errors: errorRows },
  "PERMISSIONS.md": { operations: operationRows, service: serviceRows },
};

/** The files with their generated parts up to date. @param read returns the current text of a file */
export function generatedDocs(read: (file: string) => string): ReadonlyMap<string, string> {
  return new Map(
    Object.entries(parts).map(([file, byName]) => {
      let text = read(file);
      for (const [name, write] of Object.entries(byName)) text = withPart(text, name, write());
      return [file, text];
    }),
  );
}

/** @throws Error if the file has no place for the part */
function withPart(text: string, name: string, part: string): string {
  const [start, end] = [`<!-- generated: ${name} -->\n`, "\n<!-- end -->"];
  const from = text.indexOf(start);
  const to = text.indexOf(end, from);
  if (from < 0 || to < 0) throw new Error(`There is no place for the part ${name}.`);
  return `${text.slice(0, from + start.length)}\n${part}\n${text.slice(to)}`;
}

function errorRows(): string {
  const rows = Object.entries(errorTable).map(([code, { status, retryable, text }]) => {
    const about = text.replaceAll("|", "\\|");
    return `| \`${code}\` | ${status} | ${retryable ? "yes" : ""} | ${about} |`;
  });
  return ["| code | HTTP | `retry` | |", "|---|---|---|---|", ...rows].join("\n");
}
