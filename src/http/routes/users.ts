// Routes for users: join, list, set scopes, leave.

import { jsonText, noContent } from "../answers.ts";
import { jsonBody, route } from "../route.ts";
import { checkScopes } from "../../protocol/scopes.ts";
import { scopesBody, userBody, userEntry, userList } from "../schemas.ts";

export const userRoutes = [
  route({
    method: "post",
    path: "/rooms/:id/users",
    summary: "Join a room; starts the room if it is not running",
    // More than a user may have as compact JSON, to leave room for white space.
    body: { types: { "application/json": userBody }, limit: 16_384 },
    responses: { 201: { description: "The user's entry.", schema: userEntry } },
    problems: [
      "malformed",
      "invalid_user",
      "join_refused",
      "room_full",
      "hook_failed",
      "call_timeout",
      "hook_unavailable",
      "reentrant_call",
      "load_failed",
    ],
    handle: async ({ room, body }) => {
      const { json, fields } = jsonBody(body, userBody, "invalid_user");
      const { ttl: _, ...user } = Object(json) as Record<string, unknown>;
      const input = { user: { text: JSON.stringify(user) }, ttl: fields.ttl };
      return jsonText(await room.call("joinRoom", input), 201);
    },
  }),
  route({
    method: "get",
    path: "/rooms/:id/users",
    summary: "List the users in join order",
    responses: { 200: { description: "The entries of the users.", schema: userList } },
    problems: ["room_not_running"],
    handle: async ({ room }) => jsonText(`{"users":${await room.call("getUsers", undefined)}}`),
  }),
  route({
    method: "patch",
    path: "/rooms/:id/users/:userId",
    summary: "Set the scopes of a user's sockets",
    body: { types: { "application/json": scopesBody }, limit: 4096 },
    responses: { 200: { description: "The user's entry.", schema: userEntry } },
    problems: ["malformed", "invalid_request", "room_not_running", "user_not_found"],
    handle: async ({ room, param, body }) => {
      const { fields } = jsonBody(body, scopesBody);
      const input = { userId: param("userId"), scopes: checkScopes(fields.scopes) };
      return jsonText(await room.call("setScopes", input));
    },
  }),
  route({
    method: "delete",
    path: "/rooms/:id/users/:userId",
    summary: "Remove a user from a room and close their sockets",
    responses: { 204: { description: "The user is not in the room." } },
    problems: ["invalid_request"],
    handle: async ({ room, param }) => {
      await room.call("leaveRoom", { userId: param("userId") });
      return noContent();
    },
  }),
];
