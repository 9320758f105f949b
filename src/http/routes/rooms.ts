// Routes for rooms: list, start, get, stop.

import { Directory } from "../../cloudflare/directory.ts";
import { CollabError } from "../../protocol/errors.ts";
import { roomInfo, roomPage } from "../response-schemas.ts";
import { roomsQuery, startBody, stopQuery } from "../schemas.ts";
import { jsonBody, route } from "../route.ts";
import { json, noContent } from "../answers.ts";

export const roomRoutes = [
  route({
    method: "get",
    path: "/rooms",
    operationId: "listRooms",
    tag: "Rooms",
    summary: "List the running rooms",
    query: roomsQuery,
    scope: "room:admin",
    scopePrefix: ({ prefix }) => prefix,
    responses: { 200: { description: "One page, sorted by id.", schema: roomPage } },
    problems: ["invalid_request", "directory_unavailable"],
    handle: async ({ env, query }) => json(await new Directory(env).list(query)),
  }),
  route({
    method: "put",
    path: "/rooms/:id",
    operationId: "startRoom",
    tag: "Rooms",
    summary: "Start a room if it is not running",
    operations: ["startRoom"],
    body: { types: { "application/json": startBody }, limit: 4096, ifEmpty: "{}" },
    responses: {
      200: { description: "The room was running. It keeps its options.", schema: roomInfo },
      201: { description: "The room has started.", schema: roomInfo },
    },
    problems: [
      "malformed",
      "invalid_request",
      "unknown_behaviour",
      "behaviour_conflict",
      "load_failed",
    ],
    handle: async ({ room, body }) => {
      const { fields } = jsonBody(body, startBody);
      const { created, info } = await room.call("startRoom", fields);
      // The room was already running, so nothing has changed. Code in the Worker gets that room instead (rule R2).
      if (fields.behaviour !== undefined && fields.behaviour !== info.behaviour)
        throw behaviourConflict(fields.behaviour, info.behaviour);
      return json(info, created ? 201 : 200);
    },
  }),
  route({
    method: "get",
    path: "/rooms/:id",
    operationId: "getRoom",
    tag: "Rooms",
    summary: "Get a running room",
    operations: ["getRoomInfo"],
    responses: { 200: { description: "The room.", schema: roomInfo } },
    problems: ["room_not_running"],
    handle: async ({ room }) => json(await room.call("getRoomInfo", undefined)),
  }),
  route({
    method: "delete",
    path: "/rooms/:id",
    operationId: "stopRoom",
    tag: "Rooms",
    summary: "Stop a room",
    operations: ["stopRoom"],
    conditional: true,
    query: stopQuery,
    responses: {
      204: {
        description:
          "The room has stopped. With `purge`, its stored state is deleted, and the room need not be running.",
      },
    },
    problems: ["invalid_request", "room_not_running", "save_failed"],
    handle: async ({ room, query, conditions }) => {
      await room.call("stopRoom", { purge: query.purge === "true", ...conditions });
      return noContent();
    },
  }),
];

const behaviourConflict = (named: string, running: string): CollabError =>
  new CollabError("behaviour_conflict", {
    detail: `The request names the behaviour ${JSON.stringify(named)}; the room runs as ${JSON.stringify(running)}.`,
  });
