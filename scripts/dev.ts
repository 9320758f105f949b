// `npm run dev [-- options]`: runs the Worker locally, with authentication off or, with `--auth`, with tokens. It also
// accepts the options of `wrangler dev`, such as `--port 8788`. Only this script turns authentication off:
// wrangler.toml sets no AUTH_MODE, so a deployment refuses every request.
import { spawn } from "node:child_process";
import { connect } from "node:net";
import { readConfigVars } from "./config-vars.ts";
import { createToken } from "./development-token.ts";
import { readDevVars, withSecret } from "./dev-vars.ts";
import { wranglerEnv } from "./wrangler-env.ts";

const options = process.argv.slice(2);
const takesTokens = options.includes("--auth");
const extra = options.filter((option) => option !== "--auth");
const setsAuthMode = extra.some((option) => /^(--var=)?AUTH_MODE:/.test(option));
const isOpen = !setsAuthMode && !takesTokens;

if (takesTokens && setsAuthMode)
  fail("--auth and AUTH_MODE exclude each other. Use only one of them.");

if (isOpen) {
  const lines = [
    "AUTHENTICATION IS OFF",
    "Anyone who can reach this server can read and change every room.",
    "Use it for local development only. Do not expose or deploy it.",
    "To require tokens instead, run: npm run dev -- --auth",
  ];
  const bar = "!".repeat(78);
  console.warn([bar, ...lines.map((line) => `!!  ${line.padEnd(70)}  !!`), bar].join("\n"));
}

const [, port = "8787"] = /(?:^|\s)--port[= ](\d+)/.exec(extra.join(" ")) ?? [];
if (await isTaken(Number(port)))
  fail(
    `Port ${port} is already in use. Choose another one: npm run dev -- --port ${Number(port) + 1}`,
  );

if (takesTokens) await introduceTokens();
else console.log(`Demo: http://localhost:${port}/\nInspector: http://localhost:${port}/inspector`);

const wrangler = spawn(
  "wrangler",
  ["dev", ...(isOpen ? ["--var", "AUTH_MODE:open"] : []), ...extra],
  { stdio: "inherit", env: wranglerEnv },
);

// Ctrl-C reaches wrangler directly, and this process only waits for it to exit. A signal to this process
// alone is passed on, and so is the end of npm: otherwise workerd would keep running and hold the port.
process.on("SIGINT", () => wrangler.kill("SIGINT"));
process.on("SIGTERM", () => wrangler.kill("SIGTERM"));
const parent = process.ppid;
setInterval(() => {
  if (process.ppid !== parent) wrangler.kill("SIGTERM");
}, 500).unref();
wrangler.on("error", (error) => {
  console.error(`wrangler did not start: ${error.message}. Run npm ci first.`);
  process.exitCode = 1;
});
wrangler.on("exit", (code, signal) => {
  process.exitCode = code ?? (signal === "SIGINT" || signal === "SIGTERM" ? 0 : 1);
});

function fail(reason: string): never {
  console.error(reason);
  process.exit(1);
}

/** Make sure that there is a secret, and explain how to use it. */
async function introduceTokens(): Promise<void> {
  const folder = process.cwd();
  const configured = await readConfigVars(folder);
  if ({ ...configured, ...readDevVars(folder) }["AUTH_MODE"] === "open")
    fail(
      "AUTH_MODE=open, in .dev.vars or in wrangler's configuration, turns authentication off. Remove that line.",
    );
  const variables = { ...configured, ...withSecret(folder) };
  const administrator = {
    sub: "ada",
    scopes: { "*": ["room:admin"] },
    expiresIn: 12 * 3600,
  } as const;
  const token = await createToken(administrator, variables).catch((error: Error) =>
    fail(`${error.message}. See .dev.vars.`),
  );
  const address = port === "8787" ? "" : ` --url ws://localhost:${port}`;
  console.log(`Requests need a token signed with AUTH_SECRET from .dev.vars. This one is valid for every room for 12 hours:

${token}

  curl -X PUT localhost:${port}/rooms/design -H 'authorization: Bearer ${token}'
  npm run -s join -- design ada${address} --token ${token}

To see the rooms, open http://localhost:${port}/inspector and paste the token.

To create other tokens, see npm run -s token -- --help.
`);
}

/** Whether something listens on a local port. */
function isTaken(number: number): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const socket = connect({ port: number, host: "127.0.0.1" });
  socket.once("connect", () => resolve(true)).once("error", () => resolve(false));
  return promise.finally(() => socket.destroy());
}
