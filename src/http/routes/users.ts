// Routes for users: join, list, get one, set scopes, leave.

import { jsonText, noContent } from "../answers.ts";
import { jsonBody, route } from "../route.ts";
import { checkScopes } from "../../protocol/scopes.ts";
import { userEntry, userInfo, userPage } from "../response-schemas.ts";
import { leaveQuery, scopesBody, userBody, usersQuery } from "../schemas.ts";
import { actingUser } from "../../model/acting-user.ts";
import { CollabError } from "../../protocol/errors.ts";
import type { JsonObject } from "../../protocol/json.ts";

export const userRoutes = [
  route({
    method: "post",
    path: "/rooms/:id/users",
    operationId: "joinRoom",
    tag: "Users",
    summary: "Join a room; starts the room if it is not running",
    operations: ["joinRoom"],
    // More than the limit for a user as compact JSON, to leave room for white space.
    body: { types: { "application/json": userBody }, limit: 16_384 },
    responses: {
      200: { description: "The new entry of a user who was in the room.", schema: userEntry },
      201: {
        description: "The entry of a user who has joined.",
        schema: userEntry,
        headers: { Location: "The user's address, relative to this request's." },
      },
    },
    problems: [
      "malformed",
      "invalid_user",
      "join_refused",
      "not_authorized",
      "room_full",
      "hook_failed",
      "call_timeout",
      "hook_unavailable",
      "reentrant_call",
      "load_failed",
    ],
    handle: async ({ room, body }) => {
      const { json, fields } = jsonBody(body, userBody, "invalid_user");
      const { ttl: _, ...claimed } = json as JsonObject;
      const user = actingUser(room.caller, claimed);
      const input = { user: { text: JSON.stringify(user) }, ttl: fields.ttl };
      const { user: entry, isNew } = await room.call("joinRoom", input);
      // Relative, because a host may have mounted the app under any path.
      const location = `users/${encodeURIComponent((JSON.parse(entry) as { id: string }).id)}`;
      return isNew ? jsonText(entry, 201, { location }) : jsonText(entry);
    },
  }),
  route({
    method: "get",
    path: "/rooms/:id/users",
    operationId: "listUsers",
    tag: "Users",
    summary: "List the users in join order",
    operations: ["listUsers"],
    query: usersQuery,
    responses: { 200: { description: "One page of users.", schema: userPage } },
    problems: ["invalid_request", "room_not_running"],
    handle: async ({ room, query }) => {
      const { users, ...rest } = await room.call("listUsers", query);
      return jsonText(`{"users":${users},${JSON.stringify(rest).slice(1)}`);
    },
  }),
  route({
    method: "get",
    path: "/rooms/:id/users/:userId",
    operationId: "getUser",
    tag: "Users",
    summary: "Get a user, with their scopes",
    operations: ["getUser"],
    responses: { 200: { description: "The user.", schema: userInfo } },
    problems: ["invalid_request", "room_not_running", "user_not_found"],
    handle: async ({ room, param }) =>
      jsonText(await room.call("getUser", { userId: param("userId") })),
  }),
  route({
    method: "patch",
    path: "/rooms/:id/users/:userId",
    operationId: "setUserScopes",
    tag: "Users",
    summary: "Set the scopes of a user's sockets",
    operations: ["setScopes"],
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
    operationId: "leaveRoom",
    tag: "Users",
    summary: "Remove a user from a room and close their sockets",
    operations: ["leaveRoom"],
    query: leaveQuery,
    responses: { 204: { description: "The user is not in the room." } },
    problems: ["invalid_request", "room_not_running"],
    handle: async ({ room, param, query }) => {
      if (query.for !== undefined && query.kick !== "true")
        throw new CollabError("invalid_request", { detail: '"for" requires "kick=true".' });
      const seconds = query.for === undefined ? null : Number(query.for);
      const banFor = query.kick === "true" ? seconds && seconds * 1000 : undefined;
      await room.call("leaveRoom", { userId: param("userId"), banFor });
      return noContent();
    },
  }),
];
