// Which pages may use the service (rule A11). Browsers say in `Origin` which page sends a request; other programs send
// none. Origins are compared exactly, never by a part of them.

import { CollabError } from "../../protocol/errors.ts";

/**
 * What holds where ALLOWED_ORIGINS is not set.
 * - `same`: pages of the service's own origin. For what a browser sends by itself: cookies, or nothing at all.
 * - `any`: all pages, because what they need a browser does not send by itself: a token.
 */
export type OriginPolicy = "same" | "any";

/** The origins that are allowed; `null` if that is not said. */
function listed(allowed: string | undefined): readonly string[] | null {
  const origins = (allowed ?? "").split(/[\s,]+/).filter(Boolean);
  return origins.length === 0 ? null : origins;
}

/** Whether a request comes from a page that may send it. */
export function isAllowedOrigin(
  { headers, url }: Pick<Request, "headers" | "url">,
  allowed: string | undefined,
  policy: OriginPolicy,
): boolean {
  const origin = headers.get("origin");
  if (origin === null || origin === new URL(url).origin) return true;
  const origins = listed(allowed);
  if (origins !== null) return origins.includes(origin) || origins.includes("*");
  return policy === "any";
}

/** @throws CollabError `origin_refused` */
export function checkOrigin(
  request: Request,
  allowed: string | undefined,
  policy: OriginPolicy,
): void {
  if (isAllowedOrigin(request, allowed, policy)) return;
  throw new CollabError("origin_refused", {
    detail: `Pages of ${request.headers.get("origin")} may not use this service. Add that origin to ALLOWED_ORIGINS to allow it.`,
  });
}

const exposed =
  "ETag, Location, Retry-After, X-Request-Id, Idempotency-Replayed, Collab-Dropped, WWW-Authenticate";

/** The CORS headers of a response, for a page of another origin that is listed; none for others. */
export function corsHeaders(
  { headers, url }: Pick<Request, "headers" | "url">,
  allowed: string | undefined,
): Readonly<Record<string, string>> {
  const origin = headers.get("origin");
  const origins = listed(allowed);
  if (origins === null) return {};
  if (origin === null || origin === new URL(url).origin) return { vary: "Origin" };
  if (!origins.includes(origin) && !origins.includes("*")) return { vary: "Origin" };
  return {
    vary: "Origin",
    "access-control-allow-origin": origin,
    "access-control-expose-headers": exposed,
  };
}

/** Whether a request asks, on behalf of a page, whether another one may be sent. It carries no credentials. */
export const isPreflight = ({ method, headers }: Pick<Request, "method" | "headers">): boolean =>
  method === "OPTIONS" && headers.has("origin") && headers.has("access-control-request-method");

/** What a preflight is told beside `corsHeaders`. @param allow the methods of the address */
export const preflightHeaders = (allow: string): Readonly<Record<string, string>> => ({
  "access-control-allow-methods": allow,
  "access-control-allow-headers":
    "Authorization, Content-Type, If-Match, If-None-Match, Idempotency-Key, Last-Event-ID, X-Request-Id",
  "access-control-max-age": "7200",
});
