// Presence of a room's users, for those who have no socket.

import type { JsonObject } from "../../protocol/json.ts";
import { jsonText, noContent } from "../answers.ts";
import { jsonBody, route } from "../route.ts";
import { holdBody, presenceMap } from "../schemas.ts";

export const presenceRoutes = [
  route({
    method: "get",
    path: "/rooms/:id/presence",
    summary: "See who is there",
    answers: { 200: { description: "Everybody's presence.", schema: presenceMap } },
    problems: ["room_not_running"],
    handle: async ({ room }) =>
      jsonText(`{"presence":${await room.call("getPresence", undefined)}}`),
  }),
  route({
    method: "put",
    path: "/rooms/:id/presence/:userId",
    summary: "Hold presence for a user without a socket",
    // Twice what presence may have as compact JSON: room for white space.
    body: { types: { "application/json": holdBody }, limit: 8192 },
    answers: { 204: { description: "It is seen for that long." } },
    problems: [
      "malformed",
      "invalid_request",
      "invalid_presence",
      "room_not_running",
      "user_not_found",
    ],
    handle: async ({ room, param, body }) => {
      const { json, fields } = jsonBody(body, holdBody);
      // As it came: the schema's copy lacks the key `__proto__`.
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
