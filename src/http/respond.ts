// What every response has, whoever makes it: the id of its request, a problem for what is thrown, a body that has
// been read to its end, and a place in this isolate's metrics.

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

/** No browser is to guess what a response is, show it as a page, or tell others where it came from. */
const securityHeaders = {
  "x-content-type-options": "nosniff",
  "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
  "referrer-policy": "no-referrer",
} as const;

/** A request that is being answered, besides what the client has sent. */
export type Exchange = {
  readonly requestId: string;
  /** The response is that of an earlier request. */
  isReplay: boolean;
};

export type AppEnv = { Bindings: CollabEnv };

/** Makes a response; whatever it throws becomes a problem. */
export type Responder = (exchange: Exchange) => Response | Promise<Response>;

/** Respond to a request, once its body has arrived. */
export type Respond = (
  context: Context<AppEnv>,
  address: Address,
  run: Responder,
) => Promise<Response>;

/** @param metrics count every response */
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
