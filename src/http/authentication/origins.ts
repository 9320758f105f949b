// Decides which pages may use the service (rule A11). Browsers send the page's origin in `Origin`; other programs send
// none. Origins are compared exactly, never in part.

import { CollabError } from "../../protocol/errors.ts";

/**
 * The policy where ALLOWED_ORIGINS is not set.
 * - `local`: as `same`, and the service's own name must be one that nobody else can have. For a service that asks nobody who
 *   they are.
 * - `same`: pages of the service's own origin. For what a browser sends by itself: cookies.
 * - `any`: all pages, because what they need a browser does not send by itself: a token.
 */
export type OriginPolicy = "local" | "same" | "any";

/** The origins in ALLOWED_ORIGINS; `null` if it is not set. */
function listed(allowed: string | undefined): readonly string[] | null {
  const origins = (allowed ?? "").split(/[\s,]+/).filter(Boolean);
  return origins.length === 0 ? null : origins;
}

const isListed = (origin: string, origins: readonly string[] | null): boolean =>
  origins !== null && (origins.includes(origin) || origins.includes("*"));

/**
 * Whether nobody else can let this address lead to the service. The owner of any other name can, for a moment, so that a
 * page of that name is of the service's own origin (DNS rebinding). With TLS, they have no certificate for it.
 */
const isOwnAddress = ({ protocol, hostname }: URL): boolean =>
  protocol === "https:" ||
  hostname === "localhost" ||
  hostname.endsWith(".localhost") ||
  /^\d+\.\d+\.\d+\.\d+$/.test(hostname) ||
  hostname.startsWith("[");

/** @throws CollabError `origin_refused` for a request that comes from a page that may not send it, or could */
export function checkOrigin(
  { headers, url }: Pick<Request, "headers" | "url">,
  allowed: string | undefined,
  policy: OriginPolicy,
): void {
  const address = new URL(url);
  const origins = listed(allowed);
  // A page sends no Origin when it reads from its own.
  if (policy === "local" && !isOwnAddress(address) && !isListed(address.origin, origins))
    throw new CollabError("origin_refused", {
      detail: `With authentication off, this service does not answer as ${address.host}, because somebody else could own that name. Use localhost or an IP address, or add ${address.origin} to ALLOWED_ORIGINS.`,
    });
  const origin = headers.get("origin");
  if (origin === null || origin === address.origin || isListed(origin, origins)) return;
  if (origins === null && policy === "any") return;
  throw new CollabError("origin_refused", {
    detail: `Pages of ${origin} may not use this service. Add that origin to ALLOWED_ORIGINS to allow it.`,
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
