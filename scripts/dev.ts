// `npm run dev [-- wrangler options]`: the worker on this machine, with authentication off.
// Nothing else starts it open: wrangler.toml has no AUTH_MODE, so a deployment is closed.
import { spawn } from "node:child_process";
import { wranglerEnv } from "./wrangler-env.ts";

const extra = process.argv.slice(2);
const ownAuthMode = extra.some((option) => /^(--var=)?AUTH_MODE:/.test(option));

if (!ownAuthMode) {
  const lines = [
    "AUTHENTICATION IS OFF",
    "Whoever reaches this server may read and change every room.",
    "It is for your own desk: do not expose it, do not deploy it like this.",
  ];
  const bar = "!".repeat(78);
  console.warn([bar, ...lines.map((line) => `!!  ${line.padEnd(70)}  !!`), bar].join("\n"));
}

const wrangler = spawn(
  "wrangler",
  ["dev", ...(ownAuthMode ? [] : ["--var", "AUTH_MODE:open"]), ...extra],
  { stdio: "inherit", env: wranglerEnv },
);

// Ctrl-C reaches wrangler by itself; this process only has to outlive it. A signal to this process
// alone is passed on, and a stopped npm counts as one: else workerd would keep the port.
process.on("SIGINT", () => wrangler.kill("SIGINT"));
process.on("SIGTERM", () => wrangler.kill("SIGTERM"));
const parent = process.ppid;
setInterval(() => {
  if (process.ppid !== parent) wrangler.kill("SIGTERM");
}, 500).unref();
wrangler.on("error", (error) => {
  console.error(`wrangler did not start: ${error.message}`);
  process.exitCode = 1;
});
wrangler.on("exit", (code, signal) => {
  process.exitCode = code ?? (signal === "SIGINT" || signal === "SIGTERM" ? 0 : 1);
});
