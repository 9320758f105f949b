// The deployable Worker with its pages, as `npm run dev` serves it: for tests that open them in a browser.

import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { createServer, type AddressInfo } from "node:net";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

const project = join(import.meta.dirname, "../..");

export type DevServer = {
  readonly url: string;
  /** End all of its processes by SIGKILL, at once. */
  kill(): Promise<void>;
};

export type DevServerOptions = {
  /** The folder that storage stays in. */
  readonly persistTo: string;
  /** Default: a free one. */
  readonly port?: number;
  /** Variables of the Worker; with none, authentication is off. */
  readonly vars?: Readonly<Record<string, string>>;
  /** The Worker's file, if it is another one; its authentication is as `vars` say. */
  readonly worker?: string;
};

export async function startDevServer(options: DevServerOptions): Promise<DevServer> {
  const { persistTo, port = await freePort(), vars = {}, worker } = options;
  const variables = Object.entries(vars).flatMap(([name, value]) => ["--var", `${name}:${value}`]);
  // With a file alone, wrangler would take the configuration that is nearest to it.
  const main = worker === undefined ? [] : [worker, "--config", join(project, "wrangler.toml")];
  const [command, ...start] =
    variables.length === 0 && worker === undefined
      ? [process.execPath, join(project, "scripts/dev.ts")]
      : [join(project, "node_modules/.bin/wrangler"), "dev", ...main, ...variables];
  const place = ["--port", `${port}`, "--inspector-port", "0", "--persist-to", persistTo];
  const server = spawn(command, [...start, ...place], {
    cwd: project,
    // A group of its own, so that workerd goes with it.
    detached: true,
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...process.env, WRANGLER_SEND_METRICS: "false", CI: "true" },
  });
  let output = "";
  for (const stream of [server.stdout, server.stderr])
    stream.on("data", (text: Buffer) => (output += text.toString()));
  const url = `http://localhost:${port}`;
  try {
    await answers(url, server);
  } catch (cause) {
    await end(server);
    throw new Error(`The server did not start:\n${output}`, { cause });
  }
  return { url, kill: () => end(server) };
}

async function answers(url: string, server: ChildProcess): Promise<void> {
  const until = Date.now() + 60_000;
  while (server.exitCode === null && Date.now() < until) {
    const response = await fetch(`${url}/healthz`).catch(() => null);
    if (response?.ok) return;
    await sleep(100);
  }
  throw new Error(server.exitCode === null ? "It takes too long." : "It has ended.");
}

async function end(server: ChildProcess): Promise<void> {
  if (server.exitCode !== null || server.signalCode !== null || server.pid === undefined) return;
  const ended = once(server, "exit");
  process.kill(-server.pid, "SIGKILL");
  await ended;
}

async function freePort(): Promise<number> {
  const listener = createServer().listen(0, "127.0.0.1");
  await once(listener, "listening");
  const { port } = listener.address() as AddressInfo;
  listener.close();
  await once(listener, "close");
  return port;
}
