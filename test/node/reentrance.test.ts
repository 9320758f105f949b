// A hook that calls its own room, on a real server with the project's compatibility flags. Without AsyncLocalStorage,
// such a call could only time out.

import { afterAll, beforeAll, expect, test } from "vitest";
import { startServer, type Server } from "../support/server.ts";

let server: Server;

beforeAll(async () => {
  const main = "test/fixtures/reentrance-worker.ts";
  server = await startServer({ main, vars: { AUTH_MODE: "open" } });
});

afterAll(() => server.stop());

test("[B7] an action that calls its own room fails at once", async () => {
  const room = `${server.url}/rooms/loop`;
  const headers = { "content-type": "application/json" };
  expect((await fetch(room, { method: "PUT", headers, body: "{}" })).status).toBe(201);
  const response = await fetch(`${room}/actions/loop`, { method: "POST", headers, body: "{}" });
  expect([response.status, await response.json()]).toMatchObject([409, { code: "reentrant_call" }]);
});
