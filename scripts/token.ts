// `npm run token -- --sub ada …`: prints a token for development, and nothing else, so a shell can take it.

import { parseArgs } from "node:util";
import type { Grants } from "../src/protocol/identity.ts";
import { allScopes, type Scope } from "../src/protocol/scopes.ts";
import { readConfigVars } from "./config-vars.ts";
import { createToken, type TokenRequest } from "./development-token.ts";
import { readDevVars } from "./dev-vars.ts";

const help = `npm run -s token -- --sub <user> [--name <name>] [--room <rooms> --scope <scope> …] [--expires 1h]

Prints a token that is signed with AUTH_SECRET, of the environment or of .dev.vars. AUTH_ISSUER and AUTH_AUDIENCE
go into it where they are set, there or under [vars] in wrangler.toml.
  --sub ada            the user's id
  --name Ada           the user's name
  --room 'doc-*'       a room id, or the start of room ids and a "*"; the scopes that follow are for these rooms
  --scope room:write   one of ${allScopes.join(", ")}
  --expires 1h         how long it is valid: a number and s, m, h or d

--room and --scope may be repeated. Without them, the token only says who somebody is: then the hooks onJoin and
authorize of a room say what they may do.`;

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

/** What to make; `null` to show the help. @throws Error */
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
  if (!values.sub) throw new Error("Name the user with --sub: an id of 1 to 128 characters.");
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

/** Scopes belong to the room that was named before them. @throws Error */
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
      throw new Error(`There is no scope "${value}". Name one of ${allScopes.join(", ")}.`);
    if (room === null)
      throw new Error(`Name the rooms of --scope ${value} before it, with --room.`);
    grants[room]?.push(scope);
  }
  for (const [pattern, scopes] of Object.entries(grants))
    if (scopes.length === 0)
      throw new Error(`Name what is allowed in "${pattern}", with --scope behind --room.`);
  return room === null ? undefined : grants;
}

/** @throws Error */
function readSeconds(text: string): number {
  const [, count, unit = ""] = /^([1-9]\d{0,5})([smhd])$/.exec(text) ?? [];
  if (count === undefined)
    throw new Error(`--expires must be a number and s, m, h or d, such as 30m, not "${text}".`);
  return Number(count) * unitSeconds[unit as keyof typeof unitSeconds];
}
