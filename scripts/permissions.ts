// Generates the tables of docs/PERMISSIONS.md: the operations, and the routes and messages that offer them.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { createRoutes } from "../src/http/app.ts";
import { RequestMetrics } from "../src/http/request-metrics.ts";
import type { Route } from "../src/http/route.ts";
import { defaultLimits } from "../src/protocol/limits.ts";
import {
  operations,
  sessionOperations,
  type AnyOperationName,
} from "../src/room/operations/table.ts";
import { offeredOperations } from "../src/room/sessions/message-operations.ts";

/** Every operation by name. */
export const allOperations = { ...operations, ...sessionOperations };

export const allRoutes: readonly Route[] = createRoutes(
  defaultLimits,
  new RequestMetrics(),
  () => "{}",
);

const code = (text: string): string => `\`${text}\``;
const row = (...cells: readonly string[]): string => `| ${cells.join(" | ")} |`;
const addressOf = ({ method, path }: Route): string => code(`${method.toUpperCase()} ${path}`);

/** One row for each operation. */
export function operationRows(): string {
  const names = (Object.keys(allOperations) as AnyOperationName[]).toSorted();
  return [
    row("operation", "what it does", "scope", "for oneself", "HTTP", "message"),
    "|---|---|---|---|---|---|",
    ...names.map(operationRow),
  ].join("\n");
}

function operationRow(name: AnyOperationName): string {
  const operation = allOperations[name];
  const { scope } = operation;
  const ownScope = "ownScope" in operation ? operation.ownScope : undefined;
  const isEntry = "isEntry" in operation && operation.isEntry;
  const routes = allRoutes.filter((route) => route.operations?.includes(name)).map(addressOf);
  const messages = Object.entries(offeredOperations)
    .filter(([, offered]) => offered === operation)
    .map(([type]) => code(type));
  return row(
    code(name),
    summaryOf(name),
    scope === null ? "none" : code(scope),
    [...(ownScope ? [code(ownScope)] : []), ...(isEntry ? ["*hooks*"] : [])].join(", or "),
    routes.join("<br>"),
    messages.join(", "),
  );
}

/** The summary of an operation: the first sentence in its file, without rule ids. */
function summaryOf(name: AnyOperationName): string {
  const file = `${name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}.ts`;
  const text = readFileSync(join(import.meta.dirname, "../src/room/operations", file), "utf8");
  const [comment = ""] = /^(\/\/ .*\n)+/.exec(text) ?? [];
  const prose = comment.replaceAll("\n", " ").replaceAll("// ", "");
  const [sentence] = /^.*?\.(?= |$)/.exec(prose) ?? [];
  if (sentence === undefined) throw new Error(`${file} does not begin with a sentence.`);
  return sentence.replaceAll(/ \(rules? [^)]*\)/g, "").replaceAll("|", "\\|");
}

/** One row for each route that does not concern a particular room. */
export function serviceRows(): string {
  return [
    row("HTTP", "what it does", "needs"),
    "|---|---|---|",
    ...allRoutes
      .filter((route) => route.operations === undefined)
      .map((route) => row(addressOf(route), `${route.summary}.`, needs(route))),
  ].join("\n");
}

function needs({ scope, scopePrefix, public: isPublic }: Route): string {
  if (isPublic) return "nothing, not even a token";
  if (scope === undefined) return "a token";
  return `${code(scope)} in every room${scopePrefix ? ", or, with `prefix`, in every room that starts with it" : ""}`;
}
