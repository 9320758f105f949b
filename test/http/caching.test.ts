// What a response says about caching, and what the app itself keeps.

import { env } from "cloudflare:workers";
import { Hono } from "hono";
import { describe, expect, test, vi } from "vitest";
import { createApp } from "../../src/http/app.ts";
import { describeRoutes } from "../../src/http/openapi.ts";
import { defaultLimits } from "../../src/protocol/limits.ts";
import { at, send, type Sent } from "../support/http.ts";
import { newId } from "../support/rooms.ts";
import type { Document } from "../support/openapi.ts";

vi.mock("../../src/http/openapi.ts", { spy: true });

describe("Cache-Control", () => {
  test("[H6] lets only the client's own cache store a state, and makes it revalidate each time", async () => {
    const id = newId();
    await send("PUT", at(id));
    for (const method of ["GET", "HEAD"])
      for (const headers of [{}, { "if-none-match": "*" }]) {
        const response = await send(method, at(id, "/state"), { headers });
        expect(response.headers.get("cache-control")).toBe("private, no-cache");
      }
  });

  test.each<[number, string, string, Sent?]>([
    [200, "PUT", ""],
    [200, "GET", ""],
    [201, "POST", "/users", { json: { id: "ada" } }],
    [200, "GET", "/users"],
    [200, "PATCH", "/users/ada", { json: { scopes: [] } }],
    [204, "PUT", "/presence/ada", { json: { data: {} } }],
    [200, "GET", "/presence"],
    [200, "PUT", "/state", { json: {} }],
    [412, "PUT", "/state", { json: {}, headers: { "if-none-match": "*" } }],
    [412, "GET", "/state", { headers: { "if-match": '"old.1"' } }],
    [200, "POST", "/actions/nothing", { json: {} }],
    [202, "POST", "/broadcast", { json: { event: "wave" } }],
    [204, "POST", "/touch", { json: {} }],
    [426, "GET", "/socket"],
    [404, "GET", "/nothing"],
    [405, "POST", ""],
    [204, "OPTIONS", "/state"],
    [204, "DELETE", "/users/ada"],
    [204, "DELETE", ""],
  ])("[H6] forbids storing the response %i to %s …%s", async (status, method, rest, sent) => {
    const id = newId();
    await send("PUT", at(id), { json: { behaviour: "scripted" } });
    if (rest.includes("ada")) await send("POST", at(id, "/users"), { json: { id: "ada" } });
    const response = await send(method, at(id, rest), sent);
    expect(response.status).toBe(status);
    expect(response.headers.get("cache-control")).toBe("no-store");
  });
});

describe("the OpenAPI document", () => {
  const serverIn = async (response: Response): Promise<unknown> =>
    (await response.json<Document>()).servers;

  test("[H6] is created once for each path at which the app is mounted", async () => {
    const app = createApp(defaultLimits);
    const host = new Hono<{ Bindings: typeof env }>()
      .route("/a", app)
      .route("/b", app)
      .route("/", app);
    vi.mocked(describeRoutes).mockClear();
    for (const _ of ["once", "again", "and again"])
      for (const base of ["/a", "/b", ""]) {
        const response = await host.request(`${base}/openapi.json`, {}, env);
        expect(await serverIn(response)).toEqual([{ url: base || "/" }]);
      }
    expect(describeRoutes).toHaveBeenCalledTimes(3);
  });

  test("[H6] is correct under any number of paths", async () => {
    const host = new Hono().route("/:tenant", createApp(defaultLimits));
    for (let n = 0; n < 100; n++) {
      const response = await host.request(`/tenant-${n % 60}/openapi.json`);
      expect(await serverIn(response)).toEqual([{ url: `/tenant-${n % 60}` }]);
    }
  });
});
