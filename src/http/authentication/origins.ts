// Decides which pages may use the service (rule A11). Browsers send the page's origin in `Origin`; other programs send
// none. Origins are compared exactly, never in part.

import { CollabError } from "../../protocol/errors.ts";

/**
 * Which origins are allowed if ALLOWED_ORIGINS is not set.
 * - `same`: only the service's own. For credentials that a browser sends by itself (cookies), or without any.
 * - `any`: all of them. For tokens, which a browser never sends by itself.
 */
export type OriginPolicy = "same" | "any";

/** The origins in ALLOWED_ORIGINS; `null` if it is not set. */
function listed(allowed: string | undefined): readonly string[] | null {
  const origins = (allowed ?? "").split(/[\s,]+/).filter(Boolean);
  return origins.length === 0 ? null : origins;
}

/** Whether a request comes from an allowed page, or not from a page at all. */
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
    detail: `Pages from ${request.headers.get("origin")} may not use this service. To allow them, add that origin to ALLOWED_ORIGINS.`,
  });
}

const exposed =
  "ETag, Location, Retry-After, X-Request-Id, Idempotency-Replayed, Collab-Dropped, WWW-Authenticate";

/** The CORS headers of a response to a page from another origin. Only listed origins get access. */
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

/** Whether a request is a CORS preflight. It carries no credentials. */
export const isPreflight = ({ method, headers }: Pick<Request, "method" | "headers">): boolean =>
  method === "OPTIONS" && headers.has("origin") && headers.has("access-control-request-method");

/** The headers of a response to a preflight, besides `corsHeaders`. @param allow the methods of the address */
export const preflightHeaders = (allow: string): Readonly<Record<string, string>> => ({
  "access-control-allow-methods": allow,
  "access-control-allow-headers":
    "Authorization, Content-Type, If-Match, If-None-Match, Idempotency-Key, Last-Event-ID, X-Request-Id",
  "access-control-max-age": "7200",
});
