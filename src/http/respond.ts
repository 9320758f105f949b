// The common parts of all responses: the request's id, and security and CORS headers. Errors become problems, the
// request's body is read to its end, and the response is counted in this isolate's metrics.

import type { Context } from "hono";
import type { CollabEnv } from "../cloudflare/env.ts";
import { CollabError, type ErrorCode } from "../protocol/errors.ts";
import { Refusal } from "./authentication/authentication.ts";
import { corsHeaders } from "./authentication/origins.ts";
import { discardBody } from "./body.ts";
import { replayHeader } from "./idempotency.ts";
import { problemResponse } from "./problems.ts";
import { requestIdHeader, requestIdOf } from "./request-id.ts";
import type { Address, RequestMetrics } from "./request-metrics.ts";

/** Browsers must not sniff a response's type, show it as a page, or send a referrer from it. */
const securityHeaders = {
  "x-content-type-options": "nosniff",
  "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
  "referrer-policy": "no-referrer",
} as const;

/** The service's own context of a request that it is answering. */
export type Exchange = {
  readonly requestId: string;
  /** Whether the response is that of an earlier request. */
  isReplay: boolean;
};

export type AppEnv = { Bindings: CollabEnv };

/** Creates a response. Any exception becomes a problem. */
export type Responder = (exchange: Exchange) => Response | Promise<Response>;

/** Respond to a request, after reading its body to the end. */
export type Respond = (
  context: Context<AppEnv>,
  address: Address,
  run: Responder,
) => Promise<Response>;

/** @param metrics counts every response */
export const createRespond =
  (metrics: RequestMetrics): Respond =>
  async ({ req, env }, address, run) => {
    const request = req.raw;
    const begunAt = performance.now();
    const exchange = { requestId: requestIdOf(request.headers), isReplay: false };
    let response: Response;
    let code: ErrorCode | null = null;
    try {
      response = await run(exchange);
    } catch (error) {
      if (error instanceof Refusal) response = new Response(error.response.body, error.response);
      else {
        code = error instanceof CollabError ? error.code : "internal";
        response = problemResponse(error, exchange.requestId);
      }
    }
    response.headers.set(requestIdHeader, exchange.requestId);
    const more = {
      ...securityHeaders,
      ...corsHeaders(request, (env as CollabEnv | undefined)?.ALLOWED_ORIGINS),
    };
    for (const [name, value] of Object.entries(more)) response.headers.set(name, value);
    if (exchange.isReplay) response.headers.set(replayHeader, "true");
    await discardBody(request);
    const seconds = (performance.now() - begunAt) / 1000;
    metrics.count({ address, status: response.status, code, seconds });
    return response;
  };
