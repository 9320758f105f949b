// The HTTP app: all routes, and the response for unknown addresses. It can be served on its own or mounted under any
// path of another Hono app. Its only state is the cached OpenAPI document and its metrics.

import { Hono } from "hono";
import type { Limits } from "../protocol/limits.ts";
import { json, jsonText } from "./answers.ts";
import { describeRoutes } from "./openapi.ts";
import { RequestMetrics } from "./request-metrics.ts";
import { createRespond, type AppEnv } from "./respond.ts";
import { createAuthentication, type Authentication } from "./authentication/authentication.ts";
import { route, serve, serveUnknown, type Route } from "./route.ts";
import { callRoutes } from "./routes/calls.ts";
import { changeRoutes } from "./routes/changes.ts";
import { inspectRoutes } from "./routes/inspect.ts";
import { metricsRoutes } from "./routes/metrics.ts";
import { presenceRoutes } from "./routes/presence.ts";
import { roomRoutes } from "./routes/rooms.ts";
import { socketRoutes } from "./routes/sockets.ts";
import { stateRoutes } from "./routes/state.ts";
import { userRoutes } from "./routes/users.ts";
import { health } from "./response-schemas.ts";
import * as z from "zod";

/**
 * Create the HTTP app.
 * @param limits the largest sizes that any behaviour allows
 */
export function createApp(
  limits: Pick<Limits, "stateBytes" | "frameBytes">,
  authentication: Authentication = createAuthentication(),
): Hono<AppEnv> {
  const metrics = new RequestMetrics();
  const routes: readonly Route[] = createRoutes(limits, metrics, (mountedAt) =>
    describe(mountedAt),
  );
  const describe = memoize((mountedAt) => JSON.stringify(describeRoutes(routes, mountedAt || "/")));
  const app = new Hono<AppEnv>();
  const services = { respond: createRespond(metrics), authentication };
  serve(app, routes, services);
  serveUnknown(app, services);
  return app;
}

/**
 * All routes.
 * @param describe returns the OpenAPI document as JSON text for the path that the app is mounted at
 */
export function createRoutes(
  limits: Pick<Limits, "stateBytes" | "frameBytes">,
  metrics: RequestMetrics,
  describe: (mountedAt: string) => string,
): readonly Route[] {
  return [
    ...roomRoutes,
    ...userRoutes,
    ...stateRoutes(limits),
    ...changeRoutes,
    ...callRoutes(limits),
    ...presenceRoutes,
    ...inspectRoutes,
    ...socketRoutes,
    ...metricsRoutes(metrics),
    route({
      method: "get",
      path: "/healthz",
      operationId: "checkHealth",
      tag: "Service",
      summary: "Check that the Worker responds",
      public: true,
      responses: { 200: { description: "It does.", schema: health } },
      problems: [],
      handle: () => json({ status: "ok" }),
    }),
    route({
      method: "get",
      path: "/openapi.json",
      operationId: "describeApi",
      tag: "Service",
      summary: "Describe this API",
      public: true,
      responses: {
        200: { description: "This document.", schema: z.record(z.string(), z.unknown()) },
      },
      problems: [],
      handle: ({ url }) =>
        jsonText(describe(new URL(url).pathname.replace(/\/openapi\.json$/, ""))),
    }),
  ];
}

/** The maximum number of cached results. The paths come from the host application, not from clients. */
const maxResults = 32;

/** Cache a function's results by its argument. The cache is cleared when it is full. */
function memoize(compute: (text: string) => string): (text: string) => string {
  const results = new Map<string, string>();
  return (text) => {
    const result = results.get(text) ?? compute(text);
    if (results.size >= maxResults) results.clear();
    results.set(text, result);
    return result;
  };
}
