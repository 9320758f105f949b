// `npm run dev [-- options]`: runs the Worker on this machine with authentication off. It takes the options of
// `wrangler dev`, such as `--port 8788`. Only this script turns authentication off: wrangler.toml sets no
// AUTH_MODE, so a deployment refuses every request.
import { spawn } from "node:child_process";
import { connect } from "node:net";
import { wranglerEnv } from "./wrangler-env.ts";

const extra = process.argv.slice(2);
const setsAuthMode = extra.some((option) => /^(--var=)?AUTH_MODE:/.test(option));

if (!setsAuthMode) {
  const lines = [
    "AUTHENTICATION IS OFF",
    "Everybody who can reach this server can read and change every room.",
    "Use it for local development only. Do not expose or deploy it.",
  ];
  const bar = "!".repeat(78);
  console.warn([bar, ...lines.map((line) => `!!  ${line.padEnd(70)}  !!`), bar].join("\n"));
}

const [, port = "8787"] = /(?:^|\s)--port[= ](\d+)/.exec(extra.join(" ")) ?? [];
if (await isTaken(Number(port))) {
  const other = Number(port) + 1;
  console.error(`Port ${port} is taken. Take another one: npm run dev -- --port ${other}`);
  process.exit(1);
}

const wrangler = spawn(
  "wrangler",
  ["dev", ...(setsAuthMode ? [] : ["--var", "AUTH_MODE:open"]), ...extra],
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

/** Whether something listens on a port of this machine. */
function isTaken(number: number): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const socket = connect({ port: number, host: "127.0.0.1" });
  socket.once("connect", () => resolve(true)).once("error", () => resolve(false));
  return promise.finally(() => socket.destroy());
}
