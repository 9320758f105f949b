// Runs the project's scripts as processes, in folders of their own.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { onTestFinished } from "vitest";

export type Ended = { readonly code: number | null; readonly out: string; readonly err: string };

/** An empty folder, gone after the test. */
export async function emptyFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "collab-room-"));
  onTestFinished(() => rm(folder, { recursive: true }));
  return folder;
}

/**
 * Run a script of `scripts/` until it ends.
 * @param cwd where it runs
 * @param env variables besides those of this process
 */
export async function runScript(
  name: string,
  args: readonly string[],
  cwd: string,
  env: Readonly<Record<string, string>> = {},
): Promise<Ended> {
  const script = join(import.meta.dirname, "../../scripts", name);
  const running = spawn(process.execPath, [script, ...args], {
    cwd,
    env: { ...process.env, ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const [out, err, [code]] = await Promise.all([
    text(running.stdout),
    text(running.stderr),
    once(running, "close") as Promise<[number | null]>,
  ]);
  return { code, out, err };
}
