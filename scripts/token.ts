// `npm run token -- --sub ada …`: prints a token for development and nothing else, so that a shell can capture it.

import { parseArgs } from "node:util";
import type { Grants } from "../src/protocol/identity.ts";
import { allScopes, type Scope } from "../src/protocol/scopes.ts";
import { readConfigVars } from "./config-vars.ts";
import { createToken, type TokenRequest } from "./development-token.ts";
import { readDevVars } from "./dev-vars.ts";

const help = `npm run -s token -- --sub <user> [--name <name>] [--room <rooms> --scope <scope> …] [--expires 1h]

Prints a token signed with AUTH_SECRET from the environment or .dev.vars. AUTH_ISSUER and AUTH_AUDIENCE are included
if they are set there or under [vars] in wrangler.toml.
  --sub ada            the user's id
  --name Ada           the user's name
  --room 'doc-*'       a room id, or a prefix followed by "*"; the scopes after it apply to these rooms
  --scope room:write   one of ${allScopes.join(", ")}
  --expires 1h         how long it is valid: a number followed by s, m, h or d

--room and --scope can be repeated. Without them, the token only identifies the user, and the hooks onJoin and
authorize of a room decide what the user may do.`;

const unitSeconds = { s: 1, m: 60, h: 3600, d: 86_400 } as const;

try {
  const request = readRequest(process.argv.slice(2));
  if (request === null) console.log(help);
  else {
    const folder = process.cwd();
    const configured = await readConfigVars(folder);
    const variables = { ...configured, ...readDevVars(folder), ...process.env };
    console.log(await createToken(request, variables));
  }
} catch (error) {
  console.error(error instanceof Error ? error.message : String(error));
  console.error("npm run -s token -- --help shows all options.");
  process.exitCode = 1;
}

/** The token to create; `null` to show the help. @throws Error */
function readRequest(args: string[]): TokenRequest | null {
  const { values, tokens } = parseArgs({
    args,
    tokens: true,
    options: {
      sub: { type: "string" },
      name: { type: "string" },
      room: { type: "string", multiple: true },
      scope: { type: "string", multiple: true },
      expires: { type: "string", default: "1h" },
      help: { type: "boolean", short: "h", default: false },
    },
  });
  if (values.help) return null;
  if (!values.sub) throw new Error("Set the user with --sub: an id of 1 to 128 characters.");
  const options = tokens.flatMap((each) =>
    each.kind === "option" ? [[each.name, each.value ?? ""] as const] : [],
  );
  return {
    sub: values.sub,
    name: values.name,
    scopes: readGrants(options),
    expiresIn: readSeconds(values.expires),
  };
}

/** Each --scope belongs to the --room before it. @throws Error */
function readGrants(
  options: readonly (readonly [name: string, value: string])[],
): Grants | undefined {
  const grants: Record<string, Scope[]> = {};
  let room: string | null = null;
  for (const [name, value] of options) {
    if (name === "room") {
      room = value;
      grants[room] ??= [];
    }
    if (name !== "scope") continue;
    const scope = allScopes.find((each) => each === value);
    if (scope === undefined)
      throw new Error(`There is no scope "${value}". Use one of ${allScopes.join(", ")}.`);
    if (room === null) throw new Error(`--scope ${value} needs a --room before it.`);
    grants[room]?.push(scope);
  }
  for (const [pattern, scopes] of Object.entries(grants))
    if (scopes.length === 0)
      throw new Error(`--room "${pattern}" needs at least one --scope after it.`);
  return room === null ? undefined : grants;
}

/** @throws Error */
function readSeconds(text: string): number {
  const [, count, unit = ""] = /^([1-9]\d{0,5})([smhd])$/.exec(text) ?? [];
  if (count === undefined)
    throw new Error(
      `--expires must be a number followed by s, m, h or d, such as 30m, not "${text}".`,
    );
  return Number(count) * unitSeconds[unit as keyof typeof unitSeconds];
}
