// What a route is: an address, a description, the schemas of its input, and a handler. One definition both
// serves requests and describes them in the OpenAPI document, so the two cannot differ.
//
// A request is processed in this order: authentication → path → query → body → handler. Anything that is
// thrown becomes a problem.

import type { Context, Hono } from "hono";
import type * as z from "zod";
import type { CollabEnv } from "../cloudflare/env.ts";
import { RoomStub } from "../cloudflare/room-stub.ts";
import { CollabError, type ErrorCode, type Issue } from "../protocol/errors.ts";
import { parseJson, type JsonValue } from "../protocol/json.ts";
import { measurePayload } from "../model/payload.ts";
import { authenticate } from "./authentication.ts";
import { workerCaller, type Caller } from "../protocol/caller.ts";
import { mediaType, readText } from "./body.ts";
import { problemResponse } from "./problems.ts";

export type AppEnv = { Bindings: CollabEnv };

export type BodyDefinition = {
  /** Schemas by media type. */
  readonly types: Readonly<Record<string, z.ZodType>>;
  /** The most bytes it may have. */
  readonly limit: number;
  /** JSON text that replaces an empty body; without it the body is required. */
  readonly ifEmpty?: string;
};

export type Body = { readonly type: string; readonly text: string };

export type RouteRequest<Query> = {
  readonly env: CollabEnv;
  /** The route's method; also `HEAD` if that is `GET`. */
  readonly method: string;
  readonly url: string;
  readonly headers: Headers;
  /** A named segment of the path, percent-decoded. */
  param(name: string): string;
  /** The room that the segment `:id` names. */
  readonly room: RoomStub;
  readonly query: Query;
  readonly body: Body;
};

/** A successful response, for the OpenAPI document. */
export type ResponseDefinition = {
  readonly description: string;
  /** Schema of a JSON body. */
  readonly schema?: z.ZodType;
  /** Descriptions of its headers by name. */
  readonly headers?: Readonly<Record<string, string>>;
};

export type Route<Query extends z.ZodType = z.ZodType> = {
  readonly method: "get" | "put" | "post" | "patch" | "delete";
  readonly path: string;
  readonly summary: string;
  readonly query?: Query;
  readonly body?: BodyDefinition;
  /** Descriptions of the request headers that it supports, by name. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Successful responses by status. */
  readonly responses: Readonly<Record<number, ResponseDefinition>>;
  /** Problems besides those that every route can have. */
  readonly problems: readonly ErrorCode[];
  /** Served without authentication. */
  readonly public?: true;
  handle(request: RouteRequest<z.output<Query>>): Response | Promise<Response>;
};

/** Define a route. It only adds types. */
export const route = <Query extends z.ZodType = z.ZodType>(definition: Route<Query>): Route =>
  definition as Route;

/** Register routes, and respond to other methods at their addresses. */
export function serve(app: Hono<AppEnv>, routes: readonly Route[]): void {
  for (const definition of routes)
    app.on(definition.method.toUpperCase(), definition.path, (c) => respond(definition, c));
  const byPath = Map.groupBy(routes, ({ path }) => path);
  for (const [path, siblings] of byPath) {
    const methods = siblings.map(({ method }) => method.toUpperCase());
    const allow = [...methods, ...(methods.includes("GET") ? ["HEAD"] : [])].join(", ");
    app.all(path, (c) => refuse(c, "method_not_allowed", { allow }));
  }
}

/** Respond with a problem, or with the one of a failed authentication. */
export function refuse(
  c: Context<AppEnv>,
  code: ErrorCode,
  headers?: Readonly<Record<string, string>>,
): Response {
  try {
    authenticate(c.env);
    return problemResponse(new CollabError(code), headers);
  } catch (error) {
    return problemResponse(error);
  }
}

/** The caller of a public route. It has no scopes, because public routes access no room. */
const anonymous: Caller = { ...workerCaller, door: "http", scopes: [] };

async function respond(definition: Route, c: Context<AppEnv>): Promise<Response> {
  try {
    const caller = definition.public ? anonymous : authenticate(c.env);
    const param = pathReader(definition.path, c.req.url);
    const { headers } = c.req.raw;
    const request = {
      env: c.env,
      method: c.req.method,
      url: c.req.url,
      headers,
      param,
      get room() {
        return new RoomStub(c.env.ROOMS, param("id"), caller);
      },
      query: definition.query && check(definition.query, readQuery(c), "invalid_request"),
      body: definition.body ? await readBody(c.req.raw, definition.body) : { type: "", text: "" },
    };
    return await definition.handle(request);
  } catch (error) {
    return problemResponse(error);
  }
}

async function readBody(
  request: Request,
  { types, limit, ifEmpty }: BodyDefinition,
): Promise<Body> {
  const text = await readText(request, limit);
  if (text === "" && ifEmpty !== undefined) return { type: "", text: ifEmpty };
  return { type: mediaType(request, Object.keys(types)), text };
}

/**
 * Create a function that reads segments of the path by name. It reads the raw URL, because Hono passes on
 * invalid percent-encoding, and it counts from the end, because the app may be mounted under any path.
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

/** The parameters of the query. They are checked here, because Hono passes on invalid percent-encoding. */
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

/** The most levels of nesting in a body. This is a first check; what the body contains has lower limits. */
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
    measurePayload(json, maxDepth); // serialized again, it must be the same JSON
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
