// The variables of a local Worker. Wrangler reads them from `.dev.vars`, which git ignores.

import { randomBytes } from "node:crypto";
import { appendFileSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parseEnv } from "node:util";
import { base64url } from "jose";

export type DevVars = Readonly<Record<string, string | undefined>>;

const pathIn = (folder: string): string => join(folder, ".dev.vars");

/** The variables in the `.dev.vars` of a folder; empty if there is no such file. */
export const readDevVars = (folder: string): DevVars => parseEnv(textIn(folder));

/**
 * Add a secret to the `.dev.vars` of a folder, unless it has one.
 * @returns all variables, including the secret
 */
export function withSecret(folder: string): DevVars {
  const text = textIn(folder);
  const variables = parseEnv(text);
  if (variables["AUTH_SECRET"]) return variables;
  const AUTH_SECRET = base64url.encode(randomBytes(32));
  const lineBreak = text === "" || text.endsWith("\n") ? "" : "\n";
  appendFileSync(pathIn(folder), `${lineBreak}AUTH_SECRET=${AUTH_SECRET}\n`, { mode: 0o600 });
  return { ...variables, AUTH_SECRET };
}

function textIn(folder: string): string {
  try {
    return readFileSync(pathIn(folder), "utf8");
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return "";
    throw error;
  }
}
