// Defines and runs routes. A route has an address, a description, the schemas of its input, and a handler. One
// definition both serves requests and describes them in the OpenAPI document, so the two cannot differ.
//
// A request is processed in this order: authentication → upgrade → query → scope → body → conditions → handler, which
// reads the path. Anything that is thrown becomes a problem. The body is read to its end even if it is not used.

import type { Context, Hono } from "hono";
import { matchedRoutes, routePath } from "hono/route";
import type * as z from "zod";
import type { CollabEnv } from "../cloudflare/env.ts";
import { RoomStub } from "../cloudflare/room-stub.ts";
import { CollabError, type ErrorCode, type Issue } from "../protocol/errors.ts";
import { groupBy } from "../protocol/group-by.ts";
import { parseJson, type JsonValue } from "../protocol/json.ts";
import { measurePayload } from "../model/payload.ts";
import type { Preconditions } from "../model/preconditions.ts";
import { noContent } from "./answers.ts";
import {
  anonymousIdentity,
  callerIn,
  checkScopeEverywhere,
  type Identity,
} from "../protocol/identity.ts";
import type { Scope } from "../protocol/scopes.ts";
import type { AnyOperationName } from "../room/operations/table.ts";
import type { Authentication } from "./authentication/authentication.ts";
import { isPreflight, preflightHeaders } from "./authentication/origins.ts";
import { acceptHeader, readBody, type Body, type BodyDefinition } from "./body.ts";
import { readConditions, refuseConditions } from "./conditions.ts";
import { readKey, takesKey } from "./idempotency.ts";
import { HttpError } from "./problems.ts";
import { refusedSocket, wantsClose } from "./refused-socket.ts";
import type { AppEnv, Exchange, Respond } from "./respond.ts";

export type RouteRequest<Query> = {
  readonly env: CollabEnv;
  /** As sent by the client: GET routes receive HEAD, too. */
  readonly method: string;
  readonly url: string;
  /** Aborts when the client disconnects, if the deployment has the flag `enable_request_signal`. */
  readonly signal: AbortSignal;
  readonly headers: Headers;
  /** The id of this request, for callers that the handler creates. */
  readonly requestId: string;
  /** The sender. */
  readonly identity: Identity;
  /** A named segment of the path, percent-decoded. */
  param(name: string): string;
  /** The room that the segment `:id` names. */
  readonly room: RoomStub;
  readonly query: Query;
  readonly body: Body;
  /** Empty unless the route is `conditional`. */
  readonly conditions: Preconditions;
};

/** A successful response, for the OpenAPI document. */
export type ResponseDefinition = {
  readonly description: string;
  /** Schema of a JSON body. */
  readonly schema?: z.ZodType;
  /** Schemas of bodies in other media types, which the client must request. */
  readonly types?: Readonly<Record<string, z.ZodType>>;
  /** Descriptions of its headers by name. */
  readonly headers?: Readonly<Record<string, string>>;
};

/** The groups of routes, with their descriptions in the OpenAPI document. */
export const tags = {
  Rooms: "Start, find, keep and stop rooms.",
  Users: "Join and leave a room; see who is there and what they may do.",
  State: "Read, change and follow a room's JSON state.",
  Calls: "Call the actions of a room, and send events to its sessions.",
  Presence: "What users show of themselves: name, cursor, typing, status.",
  Inspection:
    "For administrators: what a room is doing, its journal, its sessions and their frames.",
  Sockets: "Live sessions. `docs/PROTOCOL.md` has their messages.",
  Service: "The service itself.",
} as const;

type Tag = keyof typeof tags;

export type Route<Query extends z.ZodType = z.ZodType> = {
  readonly method: "get" | "put" | "post" | "patch" | "delete";
  readonly path: string;
  /** Unique; generated clients name their functions after it. */
  readonly operationId: string;
  readonly tag: Tag;
  readonly summary: string;
  readonly query?: Query;
  readonly body?: BodyDefinition;
  /** Supports `If-Match` and `If-None-Match`, which refer to the state. Other unsafe routes refuse them. */
  readonly conditional?: true;
  /** Accepts only WebSocket upgrades. Any other authenticated request gets 426. */
  readonly upgrade?: true;
  /** Descriptions of the request headers that it supports, by name. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Successful responses by status. */
  readonly responses: Readonly<Record<number, ResponseDefinition>>;
  /** Problems besides those that every route can have. */
  readonly problems: readonly ErrorCode[];
  /** Served without authentication. */
  readonly public?: true;
  /** The room operations that it calls. Each checks its own scope. */
  readonly operations?: readonly AnyOperationName[];
  /** For a route that does not address a single room: the scope that the caller needs in every room. */
  readonly scope?: Scope;
  /** Limits `scope` to rooms whose ids start with this prefix; all rooms if left out. */
  scopePrefix?(query: z.output<Query>): string | undefined;
  handle(request: RouteRequest<z.output<Query>>): Response | Promise<Response>;
};

/** The dependencies of serving a route. */
export type Services = { readonly respond: Respond; readonly authentication: Authentication };

/** Define a route. It only adds types. */
export const route = <Query extends z.ZodType = z.ZodType>(definition: Route<Query>): Route =>
  definition as Route;

/** Register routes, and respond to other methods at their addresses. */
export function serve(app: Hono<AppEnv>, routes: readonly Route[], services: Services): void {
  const { respond } = services;
  for (const definition of routes) {
    const address = { method: definition.method.toUpperCase(), route: definition.path };
    app.on(address.method, address.route, (c) =>
      respond(c, address, (exchange) =>
        runRoute(definition, c, exchange, services).catch(refuse(definition, c)),
      ),
    );
  }
  for (const [path, siblings] of groupBy(routes, (each) => each.path)) {
    const address = { method: "other", route: path };
    const headers = headersOf(siblings);
    app.all(path, (c) => respond(c, address, () => describeAddress(c, headers, services)));
  }
}

/** The headers of the response to OPTIONS. */
function headersOf(routes: readonly Route[]): { allow: string } {
  const methods = routes.map(({ method }) => method.toUpperCase());
  if (methods.includes("GET")) methods.push("HEAD");
  const patch = routes.find(({ method }) => method === "patch")?.body;
  return {
    allow: [...methods, "OPTIONS"].join(", "),
    ...(patch && acceptHeader("PATCH", patch)),
  };
}

async function describeAddress(
  { env, req }: Context<AppEnv>,
  headers: { allow: string },
  { authentication }: Services,
): Promise<Response> {
  // A preflight carries no token, and its response reveals nothing that the OpenAPI document does not.
  if (isPreflight(req.raw)) return noContent(204, preflightHeaders(headers.allow));
  await authentication.identify(req.raw, env);
  if (req.method === "OPTIONS") return noContent(204, headers);
  throw new HttpError("method_not_allowed", null, { allow: headers.allow });
}

/**
 * Respond to unknown addresses. The host application's own routes under the same path take precedence, even those
 * that it adds later. If the app is mounted at `/`, unknown addresses are left to the host.
 */
export function serveUnknown(app: Hono<AppEnv>, { respond, authentication }: Services): void {
  const address = { method: "other", route: "unknown" };
  const respondUnknown = (c: Context<AppEnv>): Promise<Response> =>
    respond(c, address, async () => {
      await authentication.identify(c.req.raw, c.env);
      throw new CollabError("not_found");
    });
  app.notFound(respondUnknown);
  app.all("/*", async (c, next) => {
    const isLast = matchedRoutes(c).length === c.req.routeIndex + 1;
    return isLast && routePath(c) !== "/*" ? respondUnknown(c) : next();
  });
}

/** Refuse a request. For an upgrade, the client may ask to be refused on the socket itself. */
const refuse =
  ({ upgrade }: Route, { req }: Context<AppEnv>) =>
  (error: unknown): Response => {
    const isRefused = error instanceof CollabError && upgrade && isWebSocketUpgrade(req.raw);
    if (isRefused && wantsClose(req.raw)) return refusedSocket(req.raw, error);
    throw error;
  };

/** Run a route. */
async function runRoute(
  definition: Route,
  c: Context<AppEnv>,
  exchange: Exchange,
  { authentication }: Services,
): Promise<Response> {
  const { requestId } = exchange;
  const request = c.req.raw;
  const identity = definition.public
    ? anonymousIdentity
    : await authentication.identify(request, c.env);
  const { headers } = request;
  if (definition.upgrade && !isWebSocketUpgrade(request))
    throw new HttpError("upgrade_required", null, { "sec-websocket-version": "13" });
  const param = pathReader(definition.path, c.req.url);
  const query = definition.query && check(definition.query, readQuery(c), "invalid_request");
  if (definition.scope)
    checkScopeEverywhere(identity, definition.scopePrefix?.(query) ?? "", definition.scope);
  const body = definition.body ? await readBody(request, definition.body) : { type: "", text: "" };
  const isSafe = definition.method === "get";
  if (!isSafe && !definition.conditional) refuseConditions(headers);
  const onReplay = (): void => {
    exchange.isReplay = true;
  };
  const once = takesKey(definition) ? readKey(headers, onReplay) : undefined;
  return definition.handle({
    env: c.env,
    method: request.method,
    url: c.req.url,
    signal: request.signal,
    headers,
    requestId,
    identity,
    param,
    get room() {
      const id = param("id");
      const caller = { ...callerIn(identity, id, "http"), request: requestId };
      return new RoomStub(c.env.ROOMS, id, caller, once);
    },
    query,
    body,
    conditions: definition.conditional ? readConditions(headers, isSafe) : {},
  });
}

/**
 * Whether the platform will perform the upgrade. It fails for a list of protocols, for another version, and without a
 * key, and by then the user would have joined. Only a request from another Worker has neither a version nor a key.
 */
function isWebSocketUpgrade({ method, headers }: Request): boolean {
  const version = headers.get("sec-websocket-version");
  return (
    method === "GET" &&
    headers.get("upgrade")?.trim().toLowerCase() === "websocket" &&
    (version === null || (version.trim() === "13" && headers.has("sec-websocket-key")))
  );
}

/**
 * Create a function that reads segments of the path by name. It reads the raw URL, because Hono lets invalid
 * percent-encoding through, and counts from the end, because the app may be mounted under any path.
 */
function pathReader(pattern: string, url: string): (name: string) => string {
  const names = pattern.split("/").slice(1);
  const segments = new URL(url).pathname.split("/").slice(-names.length);
  return (name) => {
    const segment = segments[names.indexOf(`:${name}`)] ?? "";
    try {
      return decodeURIComponent(segment);
    } catch {
      if (name === "id") throw new CollabError("invalid_room_id");
      throw new CollabError("invalid_request", {
        detail: `${name} must be percent-encoded UTF-8 in the path.`,
      });
    }
  };
}

/** The query parameters. The encoding is checked here, because Hono lets invalid percent-encoding through. */
function readQuery({ req }: Context<AppEnv>): Record<string, string> {
  try {
    decodeURIComponent(new URL(req.url).search);
  } catch {
    throw new CollabError("invalid_request", {
      detail: "The query must be percent-encoded UTF-8.",
    });
  }
  return req.query();
}

/** The maximum nesting depth of a body. This is a first check: the values in a body have lower limits. */
const maxDepth = 256;

/**
 * Parse a JSON body and check it against a schema.
 * @param code the error's code if it does not match. Default: `invalid_request`
 * @returns the whole JSON, and the fields that the schema returned
 * @throws CollabError `malformed`, `too_large`, or the given code
 */
export function jsonBody<Schema extends z.ZodType>(
  body: Body,
  schema: Schema,
  code?: ErrorCode,
): { json: JsonValue; fields: z.output<Schema> } {
  const json = parseJson(body.text);
  const fields = check(schema, json, code ?? "invalid_request");
  try {
    measurePayload(json, maxDepth); // refuses JSON that would change when serialized again
  } catch (error) {
    if (code === undefined || !(error instanceof CollabError)) throw error;
    throw new CollabError(code, { detail: error.message });
  }
  return { json, fields };
}

function check<Schema extends z.ZodType>(
  schema: Schema,
  input: unknown,
  code: ErrorCode,
): z.output<Schema> {
  const checked = schema.safeParse(input);
  if (checked.success) return checked.data;
  throw new CollabError(code, { issues: checked.error.issues.map(issueOf) });
}

const issueOf = ({ path, message }: z.core.$ZodIssue): Issue => ({
  path: path.map(String).join("."),
  message,
});
