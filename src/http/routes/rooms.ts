// Rooms: list, start, look at, stop.

import { Directory } from "../../cloudflare/directory.ts";
import { listQuery, roomInfo, roomPage, startBody, stopQuery } from "../schemas.ts";
import { jsonBody, route } from "../route.ts";
import { json, noContent } from "../answers.ts";

export const roomRoutes = [
  route({
    method: "get",
    path: "/rooms",
    summary: "List the running rooms",
    query: listQuery,
    answers: { 200: { description: "One page, sorted by id.", schema: roomPage } },
    problems: ["invalid_request", "directory_unavailable"],
    handle: async ({ env, query }) => json(await new Directory(env).list(query)),
  }),
  route({
    method: "put",
    path: "/rooms/:id",
    summary: "Start a room, or find it running",
    body: { types: { "application/json": startBody }, limit: 4096, ifEmpty: "{}" },
    answers: {
      200: { description: "It was running; the options were not looked at.", schema: roomInfo },
      201: { description: "It has started.", schema: roomInfo },
    },
    problems: ["malformed", "invalid_request", "unknown_behaviour", "load_failed"],
    handle: async ({ room, body }) => {
      const { fields } = jsonBody(body, startBody);
      const { created, info } = await room.call("startRoom", fields);
      return json(info, created ? 201 : 200);
    },
  }),
  route({
    method: "get",
    path: "/rooms/:id",
    summary: "Look at a running room",
    answers: { 200: { description: "The room.", schema: roomInfo } },
    problems: ["room_not_running"],
    handle: async ({ room }) => json(await room.call("getRoomInfo", undefined)),
  }),
  route({
    method: "delete",
    path: "/rooms/:id",
    summary: "Stop a room",
    query: stopQuery,
    answers: {
      204: { description: "It has stopped; with `purge` its stored state is deleted too." },
    },
    problems: ["invalid_request", "room_not_running", "save_failed"],
    handle: async ({ room, query }) => {
      await room.call("stopRoom", { purge: query.purge === "true" });
      return noContent();
    },
  }),
];
