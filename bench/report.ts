// The results of measurements as rows: a figure for each server, a ratio, a target, and whether the target is
// met. Rows are printed as a table and written as JSON.

import { mkdirSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import type { ServerName } from "./client/server-protocols.ts";

export type Relation = ">=" | "<=";

export type Row = {
  readonly what: string;
  /** Medians of all rounds. */
  readonly figures: Partial<Record<ServerName, number | undefined>>;
  /** Our figure divided by that of the server `over`: the median of each round's ratio, not a ratio of medians. */
  readonly ratio?: number | undefined;
  readonly over?: ServerName;
  readonly target?: Target;
  /** Why there is no figure. */
  readonly failure?: string;
};

/** For the ratio if the row has one, else for our own figure. */
type Target = { readonly relation: Relation; readonly value: number };

export type Verdict = "met" | "MISSED" | "not measured" | "";

export const isMet = (value: number, relation: Relation, target: number): boolean =>
  relation === ">=" ? value >= target : value <= target;

export function verdict(row: Row): Verdict {
  if (row.failure !== undefined) return "MISSED";
  if (row.target === undefined) return "";
  const value = row.over === undefined ? row.figures.ours : row.ratio;
  if (value === undefined) return "not measured";
  return isMet(value, row.target.relation, row.target.value) ? "met" : "MISSED";
}

const headings = ["measurement", "ours", "bare", "partyserver", "ratio", "target", ""];

export function printTable(rows: readonly Row[]): void {
  const table = [headings, ...rows.map(cells)];
  const widths = headings.map((_, column) =>
    Math.max(...table.map((row) => row[column]?.length ?? 0)),
  );
  for (const row of table)
    console.log(
      row
        .map((cell, column) => {
          const width = widths[column] ?? 0;
          // Text is aligned left, figures right.
          return column === 0 || column > 4 ? cell.padEnd(width) : cell.padStart(width);
        })
        .join("  ")
        .trimEnd(),
    );
}

function cells(row: Row): string[] {
  const { what, figures, ratio, over, target, failure } = row;
  if (failure !== undefined) return [what, "", "", "", "", failure, "MISSED"];
  return [
    what,
    figures.ours === undefined ? "not measured" : figure(figures.ours),
    figure(figures.bare),
    figure(figures.partyserver),
    figure(ratio),
    target ? `${target.relation} ${target.value}${over ? ` × ${over}` : ""}` : "",
    verdict(row),
  ];
}

/** Whole numbers in full, others with three digits: a benchmark is not more precise. */
export function figure(value: number | undefined): string {
  if (value === undefined) return "";
  if (Number.isInteger(value)) return value.toLocaleString("en");
  const digits = Math.max(0, 2 - Math.floor(Math.log10(Math.abs(value))));
  return digits === 0 ? Math.round(value).toLocaleString("en") : value.toFixed(digits);
}

export function writeJson(path: string, content: unknown): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, `${JSON.stringify(content, undefined, 2)}\n`);
}
