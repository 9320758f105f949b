// The log of a real server: one JSON object per line, with the ids that lead from a response to its cause, and nothing
// of what clients have sent (rules O1, O2).

import { EventEmitter, on } from "node:events";
import { afterAll, beforeAll, expect, test } from "vitest";
import { outsideClients } from "../support/outside-client.ts";
import { startServer, type Server } from "../support/server.ts";
import { expectOk } from "../support/session.ts";

type Line = { readonly event: string } & Readonly<Record<string, unknown>>;

const lines: string[] = [];
const log = new EventEmitter<{ line: [] }>();
let server: Server;
beforeAll(async () => {
  server = await startServer({
    vars: { AUTH_MODE: "open" },
    onLog(line) {
      lines.push(line);
      log.emit("line");
    },
  });
});
afterAll(() => server.stop());

const { connect } = outsideClients(() => server.url);

/** Wait for the log line of a room's event. */
async function lineOf(room: string, event: string): Promise<Line> {
  const find = (): Line | undefined =>
    lines
      .map((line) => JSON.parse(line) as Line)
      .find((line) => line["room"] === room && line.event === event);
  const incoming = on(log, "line");
  for (let found = find(); ; found = find()) {
    if (found !== undefined) return found;
    await incoming.next();
  }
}

test("[O1, O2] describes a room from its start to its stop", async () => {
  const secret = "s3cr3t";
  const started = await fetch(`${server.url}/rooms/design?token=${secret}`, {
    method: "PUT",
    headers: { authorization: `Bearer ${secret}`, "cf-ray": "8f2a1b3c4d5e6f70-FRA" },
  });
  const request = started.headers.get("x-request-id");
  expect(request).toBe("8f2a1b3c4d5e6f70-FRA");
  expect(await lineOf("design", "room_started")).toMatchObject({
    level: "info",
    door: "http",
    request,
  });
  const ada = await connect("design", { id: "ada", name: secret });
  expectOk(await ada.update([{ op: "add", path: `/${secret}`, value: secret }]));
  ada.sendRaw(secret);
  const { session } = ada.welcome;
  await ada.close(4999, secret);
  expect(await lineOf("design", "session_closed")).toMatchObject({
    session,
    user: "ada",
    code: 4999,
    reason: "socket_closed",
    lasted: expect.any(Number),
  });
  await fetch(`${server.url}/rooms/design?purge=true`, { method: "DELETE" });
  expect(await lineOf("design", "room_stopped")).toMatchObject({ reason: "purge", users: 1 });
  for (const line of lines) expect(JSON.parse(line)).toHaveProperty("event");
  expect(lines.join("\n")).not.toContain(secret);
});
