// Creates the OpenAPI 3.1 document from the routes that are served, and from nothing else.

import {
  createDocument,
  type ZodOpenApiOperationObject,
  type ZodOpenApiResponseObject,
} from "zod-openapi";
import * as z from "zod";
import { errorTable, type ErrorCode } from "../protocol/errors.ts";
import { groupBy } from "../protocol/group-by.ts";
import { typeIsRequired } from "./body.ts";
import { conditionHeaders } from "./conditions.ts";
import { keyHeader, keyProblems, replayedHeader, takesKey } from "./idempotency.ts";
import { problemType } from "./problems.ts";
import { tags, type ResponseDefinition, type Route } from "./route.ts";
import { problem } from "./response-schemas.ts";

/**
 * Create the OpenAPI document for routes.
 * @param server the URL to which their paths are relative
 */
export function describeRoutes(routes: readonly Route[], server: string): object {
  const paths: Record<string, Record<string, ZodOpenApiOperationObject>> = {};
  for (const definition of routes) {
    const path = definition.path.replaceAll(/:(\w+)/g, "{$1}");
    (paths[path] ??= {})[definition.method] = operation(definition);
  }
  return createDocument({
    openapi: "3.1.1",
    info: {
      title: "collab-room",
      version: "2",
      description:
        "Collaboration rooms: users, presence and a shared JSON state. Every response has the id of its request in `X-Request-Id`; the logs contain it, too.",
      license: { name: "MIT", identifier: "MIT" },
    },
    servers: [{ url: server }],
    tags: Object.entries(tags).map(([name, description]) => ({ name, description })),
    security: [{ bearerAuth: [] }, {}],
    components: { securitySchemes: { bearerAuth } },
    paths,
  });
}

const bearerAuth = {
  type: "http",
  scheme: "bearer",
  bearerFormat: "JWT",
  description:
    "A token from the deployment's issuer. With `AUTH_MODE=open`, requests need no token.",
} as const;

function operation(definition: Route): ZodOpenApiOperationObject {
  const { method, path, operationId, tag, summary, query, body, responses, conditional } =
    definition;
  const headers = {
    ...definition.headers,
    ...(conditional && conditionHeaders),
    ...(takesKey(definition) && keyHeader),
  };
  const names = Array.from(path.matchAll(/:(\w+)/g), ([, name = ""]) => name);
  return {
    operationId,
    tags: [tag],
    summary,
    ...(definition.public && { security: [] }),
    requestParams: {
      ...(names.length > 0 && {
        path: z.object(Object.fromEntries(names.map((name) => [name, z.string()]))),
      }),
      ...(query instanceof z.ZodObject && { query }),
      ...(Object.keys(headers).length > 0 && {
        header: z.object(
          mapValues(headers, (description) => z.string().optional().meta({ description })),
        ),
      }),
    },
    ...(body && {
      requestBody: {
        ...(typeIsRequired(method, body) && {
          description: "Optional. The Content-Type is required even if there is no body.",
        }),
        required: body.ifEmpty === undefined,
        content: mapValues(body.types, (schema) => ({ schema })),
      },
    }),
    responses: {
      ...mapValues(responses, (response) =>
        responseObject(takesKey(definition) ? replayable(response) : response),
      ),
      ...problemObjects(definition),
    },
  };
}

/** A response that may be that of an earlier request. */
const replayable = (response: ResponseDefinition): ResponseDefinition => ({
  ...response,
  headers: { ...response.headers, ...replayedHeader },
});

const responseObject = ({
  description,
  schema,
  types,
  headers,
}: ResponseDefinition): ZodOpenApiResponseObject => ({
  description,
  ...((schema ?? types) && {
    content: mapValues({ ...(schema && { "application/json": schema }), ...types }, (each) => ({
      schema: each,
    })),
  }),
  ...(headers && {
    headers: z.object(mapValues(headers, (text) => z.string().meta({ description: text }))),
  }),
});

/** Problems that every request to a room can have. */
const roomProblems = [
  "invalid_room_id",
  "behaviour_missing",
  "storage_too_new",
  "room_overloaded",
  "room_busy",
  "room_unavailable",
  // A request waits for the commit of earlier changes by others, and that commit can fail.
  "commit_failed",
  "forbidden",
  "kicked",
  "rate_limited",
] as const satisfies ErrorCode[];

/** Problems that every authenticated request can have. */
const authenticationProblems = [
  "auth_not_configured",
  "auth_unavailable",
  "token_required",
  "invalid_token",
  "token_expired",
  "origin_refused",
  "internal",
] as const satisfies ErrorCode[];

/** Problems by status: those of the route itself, and those that result from its path, body and authentication. */
function problemObjects(definition: Route): Record<string, ZodOpenApiResponseObject> {
  const codes = new Set<ErrorCode>(definition.problems);
  if (definition.path.includes(":id")) for (const code of roomProblems) codes.add(code);
  if (definition.body) codes.add("too_large").add("unsupported_media_type");
  if (definition.conditional) codes.add("version_conflict");
  // A condition that is invalid or not supported.
  if (definition.conditional || definition.method !== "get") codes.add("invalid_request");
  if (takesKey(definition)) for (const code of keyProblems) codes.add(code);
  if (definition.upgrade) codes.add("upgrade_required");
  if (definition.scope) codes.add("forbidden");
  if (!definition.public) for (const code of authenticationProblems) codes.add(code);
  const byStatus = groupBy(codes, (code) => errorTable[code].status);
  return Object.fromEntries(
    Array.from(byStatus, ([status, group]) => [
      status,
      {
        description: group.map((code) => `\`${code}\`: ${errorTable[code].text}`).join("\n\n"),
        content: { [problemType]: { schema: problem } },
      },
    ]),
  );
}

const mapValues = <T, U>(
  record: Readonly<Record<string, T>>,
  map: (value: T) => U,
): Record<string, U> =>
  Object.fromEntries(Object.entries(record).map(([key, value]) => [key, map(value)]));
