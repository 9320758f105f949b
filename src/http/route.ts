// What a route is: an address, a description, the shapes it takes, and a handler. One definition both
// serves the requests and describes them in the OpenAPI document, so that neither can lack the other.
//
// A request goes: authenticate → path → query → body → handler; whatever is thrown on the way becomes a
// problem.

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

/** A body: schemas by media type, the most bytes it may have, and the JSON text that stands for none. */
export type BodyDefinition = {
  readonly types: Readonly<Record<string, z.ZodType>>;
  readonly limit: number;
  readonly ifEmpty?: string;
};

export type Body = { readonly type: string; readonly text: string };

export type RouteRequest<Query> = {
  readonly env: CollabEnv;
  /** `GET` or, on the same routes, `HEAD`; or the route's own. */
  readonly method: string;
  readonly url: string;
  readonly headers: Headers;
  /** A segment of the path, percent-decoded. */
  param(name: string): string;
  /** The room of the segment `:id`. */
  readonly room: RoomStub;
  readonly query: Query;
  readonly body: Body;
};

export type Answer = {
  readonly description: string;
  readonly schema?: z.ZodType;
  /** Headers that it carries, with what each says. */
  readonly headers?: Readonly<Record<string, string>>;
};

export type Route<Query extends z.ZodType = z.ZodType> = {
  readonly method: "get" | "put" | "post" | "patch" | "delete";
  readonly path: string;
  readonly summary: string;
  readonly query?: Query;
  readonly body?: BodyDefinition;
  /** Request headers that it heeds, with what each does. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Successful answers by status; a schema for JSON. */
  readonly answers: Readonly<Record<number, Answer>>;
  /** Problems besides those that every route can have. */
  readonly problems: readonly ErrorCode[];
  /** Served without authorization. */
  readonly public?: true;
  handle(request: RouteRequest<z.output<Query>>): Response | Promise<Response>;
};

/** Define a route; only carries types. */
export const route = <Query extends z.ZodType = z.ZodType>(definition: Route<Query>): Route =>
  definition as Route;

/** Serve routes, and answer other methods at their addresses. */
export function serve(app: Hono<AppEnv>, routes: readonly Route[]): void {
  for (const definition of routes)
    app.on(definition.method.toUpperCase(), definition.path, (c) => answer(definition, c));
  const byPath = Map.groupBy(routes, ({ path }) => path);
  for (const [path, siblings] of byPath) {
    const methods = siblings.map(({ method }) => method.toUpperCase());
    const allow = [...methods, ...(methods.includes("GET") ? ["HEAD"] : [])].join(", ");
    app.all(path, (c) => refuse(c, "method_not_allowed", { allow }));
  }
}

/** Answer with a problem; who may not ask at all is told that instead. */
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

/** The caller of a public route: no room is asked in their name. */
const anonymous: Caller = { ...workerCaller, door: "http", scopes: [] };

async function answer(definition: Route, c: Context<AppEnv>): Promise<Response> {
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
 * Read segments of the path by name. They are taken from the URL as it came, counted from its end: so
 * what is not valid percent-encoding is refused instead of passed on, and the app may be mounted anywhere.
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
      throw new CollabError("invalid_request", { detail: `${name} is not percent-encoded UTF-8.` });
    }
  };
}

/** The query's parameters. Hono lets pass what it cannot decode. */
function readQuery({ req }: Context<AppEnv>): Record<string, string> {
  try {
    decodeURIComponent(new URL(req.url).search);
  } catch {
    throw new CollabError("invalid_request", {
      detail: "The query is not percent-encoded UTF-8.",
    });
  }
  return req.query();
}

/** Levels of nesting in a body: more than anything in it may have. */
const maxDepth = 256;

/**
 * The fields of a JSON body, when they fit a schema.
 * @param code of the error when they do not
 */
export function jsonBody<Schema extends z.ZodType>(
  body: Body,
  schema: Schema,
  code?: ErrorCode,
): { json: JsonValue; fields: z.output<Schema> } {
  const json = parseJson(body.text);
  const fields = check(schema, json, code ?? "invalid_request");
  try {
    measurePayload(json, maxDepth); // what is passed on as text again must be what came
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
