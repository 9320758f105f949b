// A real server process for tests and benchmarks: one workerd that serves a bundled Worker on a port of
// its own on this machine, and uses nothing outside it. What talks to it is an outside client.

import { AsyncLocalStorage } from "node:async_hooks";
import type { ChildProcess } from "node:child_process";
import { subscribe } from "node:diagnostics_channel";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { build } from "esbuild";
import { convertV4MiniflareOptions, Log, LogLevel, Miniflare } from "miniflare";

export type ServerOptions = {
  /** The Worker's module, seen from the project's folder; the deployable app if left out. */
  readonly main?: string;
  readonly vars?: Readonly<Record<string, string | number>>;
  /** Classes of Durable Objects by binding, SQLite-backed; those of a rooms service if left out. */
  readonly objects?: Readonly<Record<string, string>>;
  /** What it runs with instead of what the project deploys with. */
  readonly compatibility?: { readonly date: string; readonly flags: readonly string[] };
  /** The folder that storage stays in; a temporary one if left out. */
  readonly persistTo?: string;
  /** Gets the lines of the Worker's log; they are dropped if left out. */
  onLog?(line: string): void;
};

export type Server = {
  /** Origin, without a slash at its end. */
  readonly url: string;
  /** Origin of the Worker itself: at `url` a proxy of Miniflare's stands before it, as in `wrangler dev`. */
  readonly directUrl: string;
  /** Process id of workerd. */
  readonly pid: number;
  stop(): Promise<void>;
  /** End workerd by SIGKILL, at once; what it has not written by then is lost. */
  kill(): Promise<void>;
};

const project = join(import.meta.dirname, "../..");
const roomObjects = { ROOMS: "CollabRoom", DIRECTORY: "RoomDirectory" };

// Miniflare keeps the process to itself, and replaces it when it dies: Node tells of each one that starts.
const started = new AsyncLocalStorage<ChildProcess[]>();
subscribe("child_process", (message) => {
  started.getStore()?.push((message as { process: ChildProcess }).process);
});

/**
 * Start a server.
 * @example
 * ```ts
 * const server = await startServer({ vars: { AUTH_MODE: "open" } });
 * await fetch(`${server.url}/rooms/one`, { method: "PUT" });
 * await server.stop();
 * ```
 */
export async function startServer(options: ServerOptions = {}): Promise<Server> {
  const { main = "src/worker.ts", vars = {}, objects = roomObjects, persistTo, onLog } = options;
  const [contents, { date, flags }] = await Promise.all([
    bundle(main),
    options.compatibility ?? deployedCompatibility(),
  ]);
  const processes: ChildProcess[] = [];
  const [miniflare, url, directUrl] = await started.run(processes, async () => {
    const starting = new Miniflare(
      convertV4MiniflareOptions({
        modules: [{ type: "ESModule", path: "worker.js", contents }],
        compatibilityDate: date,
        compatibilityFlags: [...flags],
        unsafeDirectSockets: [{ host: "127.0.0.1", port: 0 }],
        bindings: vars,
        durableObjects: Object.fromEntries(
          Object.entries(objects).map(([name, className]) => [
            name,
            { className, useSQLite: true },
          ]),
        ),
        ...(persistTo !== undefined && { resourcePersistencePath: persistTo }),
        host: "127.0.0.1",
        port: 0,
        cf: false,
        telemetry: { enabled: false },
        log: new Log(LogLevel.NONE),
        handleStructuredLogs: ({ message }) => onLog?.(message),
      }),
    );
    try {
      return [starting, await starting.ready, await starting.unsafeGetDirectURL()] as const;
    } catch (error) {
      await starting.dispose();
      throw error;
    }
  });
  const workerd = processes.find(({ exitCode }) => exitCode === null);
  if (workerd?.pid === undefined) throw new Error("no process has started");
  const { pid } = workerd;
  let stopped: Promise<void> | undefined;
  const stop = (): Promise<void> => (stopped ??= miniflare.dispose());
  return {
    url: url.origin,
    directUrl: directUrl.origin,
    pid,
    stop,
    async kill() {
      const exited = once(workerd, "exit");
      process.kill(pid, "SIGKILL");
      await Promise.all([exited, stop()]);
    },
  };
}

async function bundle(main: string): Promise<string> {
  const { outputFiles } = await build({
    entryPoints: [resolve(project, main)],
    bundle: true,
    minify: true,
    write: false,
    format: "esm",
    target: "es2024",
    conditions: ["workerd", "worker", "browser"],
    external: ["cloudflare:*", "node:*"],
  });
  return outputFiles[0]?.text ?? "";
}

/** The compatibility date and flags that the project deploys with. */
async function deployedCompatibility(): Promise<{ date: string; flags: string[] }> {
  const config = await readFile(join(project, "wrangler.toml"), "utf8");
  const date = /^compatibility_date = "(.*)"$/m.exec(config)?.[1];
  if (date === undefined) throw new Error("wrangler.toml has no compatibility_date");
  const [, flags = ""] = /^compatibility_flags = \[(.*)\]$/m.exec(config) ?? [];
  return { date, flags: Array.from(flags.matchAll(/"([^"]*)"/g), ([, flag = ""]) => flag) };
}
