// Routes for presence, for clients without a socket.

import type { JsonObject } from "../../protocol/json.ts";
import { jsonText, noContent } from "../answers.ts";
import { jsonBody, route } from "../route.ts";
import { presenceMap } from "../response-schemas.ts";
import { holdBody } from "../schemas.ts";

export const presenceRoutes = [
  route({
    method: "get",
    path: "/rooms/:id/presence",
    operationId: "getPresence",
    tag: "Presence",
    summary: "Get the presence of all users",
    operations: ["getPresence"],
    responses: { 200: { description: "The presence of all users.", schema: presenceMap } },
    problems: ["room_not_running"],
    handle: async ({ room }) =>
      jsonText(`{"presence":${await room.call("getPresence", undefined)}}`),
  }),
  route({
    method: "put",
    path: "/rooms/:id/presence/:userId",
    operationId: "holdPresence",
    tag: "Presence",
    summary: "Hold presence for a user without a socket",
    operations: ["holdPresence"],
    // More than the limit for presence as compact JSON, to leave room for white space.
    body: { types: { "application/json": holdBody }, limit: 8192 },
    responses: { 204: { description: "The presence is held for `ttl` milliseconds." } },
    problems: [
      "malformed",
      "invalid_request",
      "invalid_presence",
      "room_not_running",
      "user_not_found",
    ],
    handle: async ({ room, param, body }) => {
      const { json, fields } = jsonBody(body, holdBody);
      // From the parsed JSON, because the schema drops the key `__proto__`.
      const { data } = Object(json) as { data: JsonObject };
      await room.call("holdPresence", {
        userId: param("userId"),
        data: { text: JSON.stringify(data) },
        ttl: fields.ttl,
      });
      return noContent();
    },
  }),
];
