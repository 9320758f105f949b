// Routes for administrators: what a room is doing, who is in it, who has changed it, and the frames of its sessions.

import { ChangeReader } from "../../cloudflare/change-reader.ts";
import { CollabError } from "../../protocol/errors.ts";
import { json, jsonText } from "../answers.ts";
import { eventStream, eventStreamHeaders, eventStreamType, untilExpiry } from "../event-stream.ts";
import {
  actionList,
  frameStream,
  inspectUsersQuery,
  journalPage,
  journalQuery,
  kickedList,
  pastState,
  roomInspection,
  traceQuery,
  userInspectionPage,
} from "../inspect-schemas.ts";
import { route } from "../route.ts";

export const inspectRoutes = [
  route({
    method: "get",
    path: "/rooms/:id/inspect",
    operationId: "inspectRoom",
    tag: "Inspection",
    summary: "Inspect what a room is doing and why it is awake",
    operations: ["inspectRoom"],
    responses: { 200: { description: "The room.", schema: roomInspection } },
    problems: ["room_not_running"],
    handle: async ({ room }) => json(await room.call("inspectRoom", undefined)),
  }),
  route({
    method: "get",
    path: "/rooms/:id/inspect/users",
    operationId: "inspectUsers",
    tag: "Inspection",
    summary: "Inspect the users with their sessions, scopes and deadlines",
    operations: ["inspectUsers"],
    query: inspectUsersQuery,
    responses: { 200: { description: "One page of users.", schema: userInspectionPage } },
    problems: ["invalid_request", "room_not_running", "user_not_found"],
    handle: async ({ room, query }) => jsonText(await room.call("inspectUsers", query)),
  }),
  route({
    method: "get",
    path: "/rooms/:id/kicked",
    operationId: "listKicked",
    tag: "Inspection",
    summary: "List who is kept out, even while the room is stopped",
    operations: ["listKicked"],
    responses: { 200: { description: "All users who are kept out.", schema: kickedList } },
    problems: [],
    handle: async ({ room }) => json({ kicked: await room.call("listKicked", undefined) }),
  }),
  route({
    method: "get",
    path: "/rooms/:id/actions",
    operationId: "listActions",
    tag: "Inspection",
    summary: "List the actions with the JSON Schemas of their inputs",
    operations: ["listActions"],
    responses: { 200: { description: "The actions of the behaviour.", schema: actionList } },
    problems: ["room_not_running"],
    handle: async ({ room }) => jsonText(await room.call("listActions", undefined)),
  }),
  route({
    method: "get",
    path: "/rooms/:id/journal",
    operationId: "listJournal",
    tag: "Inspection",
    summary: "Read the journal: who changed the state, when and how",
    operations: ["getJournal"],
    query: journalQuery,
    responses: {
      200: {
        description:
          "The newest rows. If the page has `next`, pass it as `upTo` to get the next page.",
        schema: journalPage,
      },
    },
    problems: ["invalid_request", "room_not_running"],
    handle: async ({ room, query: { upTo, limit } }) => {
      const input = { limit, ...(upTo !== undefined && { upTo: Number(upTo) }) };
      return jsonText(await room.call("getJournal", input));
    },
  }),
  route({
    method: "get",
    path: "/rooms/:id/journal/:version",
    operationId: "getPastState",
    tag: "Inspection",
    summary: "Read the state as it was at a version of the journal",
    operations: ["getPastState"],
    responses: { 200: { description: "The state at that version.", schema: pastState } },
    problems: ["invalid_request", "room_not_running", "changes_gone"],
    handle: async ({ room, param }) => {
      const version = param("version");
      if (!/^(0|[1-9]\d{0,15})$/.test(version))
        throw new CollabError("invalid_request", {
          detail: "The last part of the path must be a version, a whole number from 0.",
        });
      return jsonText(await room.call("getPastState", { version: Number(version) }));
    },
  }),
  route({
    method: "get",
    path: "/rooms/:id/trace",
    operationId: "traceFrames",
    tag: "Inspection",
    summary: "Watch the frames of the room's sessions as they are sent and received",
    operations: ["traceFrames"],
    query: traceQuery,
    responses: {
      200: {
        description: "Events, until the client disconnects or the room stops.",
        types: { [eventStreamType]: frameStream },
      },
    },
    problems: ["invalid_request", "room_not_running", "room_full"],
    handle: async ({ room, query, method, signal, identity }) => {
      if (method === "HEAD") {
        await room.call("inspectRoom", undefined); // throws unless it is running and the caller may inspect it
        return new Response(null, { headers: eventStreamHeaders });
      }
      const reader = new ChangeReader(await room.trace({ filter: query }));
      return eventStream(reader, untilExpiry(signal, identity), {});
    },
  }),
];
