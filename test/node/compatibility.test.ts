// Workers with other compatibility dates and flags, on real servers. A Worker that rooms cannot run with does not
// start, and missing flags are logged (rule O5).

import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { minimumDate, missingFlags } from "../../src/cloudflare/compatibility.ts";
import { startServer, type ServerOptions } from "../support/server.ts";

type Compatibility = NonNullable<ServerOptions["compatibility"]>;

const project = join(import.meta.dirname, "../..");
const recommended = ["no_web_socket_compression", "enable_request_signal"];

const dayBefore = (date: string): string =>
  new Date(Date.parse(date) - 86_400_000).toISOString().slice(0, 10);

/** Start a server and two rooms. @returns the log lines about flags */
async function logOf(compatibility?: Compatibility): Promise<string[]> {
  const lines: string[] = [];
  const server = await startServer({
    ...(compatibility && { compatibility }),
    vars: { AUTH_MODE: "open" },
    onLog: (line) => lines.push(line),
  });
  for (const id of ["one", "two"])
    expect((await fetch(`${server.url}/rooms/${id}`, { method: "PUT" })).status).toBe(201);
  await server.stop(); // everything logged has arrived by then
  expect(lines.filter((line) => line.includes("room_started"))).toHaveLength(2);
  return lines.filter((line) => line.includes("flags_missing"));
}

test("[O5] a Worker with a date that is too early does not start, and names the line it needs", async () => {
  const date = dayBefore(minimumDate);
  await expect(startServer({ compatibility: { date, flags: recommended } })).rejects.toThrow(
    `Put this line into wrangler.toml, or a later date: compatibility_date = \\"${minimumDate}\\"`,
  );
});

test("[O5] a Worker that disables required flags does not start, whatever its date", async () => {
  const compatibility = { date: "2026-10-06", flags: ["delete_all_preserves_alarm"] };
  await expect(startServer({ compatibility })).rejects.toThrow(
    'leaves \\"delete_all_deletes_alarm\\" off',
  );
});

test("[O5] a Worker with the earliest date and all flags runs, and logs no missing flag", async () => {
  expect(await logOf({ date: minimumDate, flags: [...recommended, "nodejs_als"] })).toEqual([]);
});

test("[O5] a Worker without the flags logs the line for wrangler.toml once", async () => {
  const lines = await logOf({ date: minimumDate, flags: [] });
  expect(lines.map((line): unknown => JSON.parse(line))).toEqual([
    {
      level: "warn",
      event: "flags_missing",
      text: expect.stringContaining(
        'compatibility_flags = ["no_web_socket_compression", "enable_request_signal", "nodejs_als"]',
      ),
    },
  ]);
});

test("[O5] the Worker to deploy has all flags", async () => {
  expect(await logOf()).toEqual([]);
});

test("[O5] the documents name the earliest date and the recommended flags", async () => {
  for (const path of ["docs/SPEC.md", "docs/guides/install.md", "docs/guides/deploying.md"])
    expect(await readFile(join(project, path), "utf8"), path).toContain(minimumDate);
  for (const path of ["docs/SPEC.md", "docs/guides/deploying.md"]) {
    const text = await readFile(join(project, path), "utf8");
    expect(missingFlags({}).filter((flag) => !text.includes(`\`${flag}\``))).toEqual([]);
  }
});
