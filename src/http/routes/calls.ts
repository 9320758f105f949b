// Routes for actions, events and `touch`.

import type { Limits } from "../../protocol/limits.ts";
import { jsonText, noContent } from "../answers.ts";
import { etag } from "../conditions.ts";
import { jsonBody, route } from "../route.ts";
import { actionResponse, tagHeader } from "../response-schemas.ts";
import { broadcastBody, payloadBody, touchBody } from "../schemas.ts";

/** @param limits the largest sizes that any behaviour allows; the room checks its own limits */
export const callRoutes = ({ frameBytes }: Pick<Limits, "frameBytes">) => [
  route({
    method: "post",
    path: "/rooms/:id/actions/:name",
    operationId: "callAction",
    tag: "Calls",
    summary: "Call an action of the room's behaviour",
    operations: ["callAction"],
    conditional: true,
    body: { types: { "application/json": payloadBody }, limit: frameBytes, ifEmpty: "{}" },
    responses: {
      200: { description: "The result of the action.", schema: actionResponse, headers: tagHeader },
    },
    problems: [
      "malformed",
      "invalid_request",
      "room_not_running",
      "unknown_action",
      "action_refused",
      "invalid_payload",
      "invalid_state",
      "too_large",
      "action_failed",
      "call_timeout",
      "hook_unavailable",
      "reentrant_call",
    ],
    handle: async ({ room, param, body, conditions }) => {
      const { result, version, tag } = await room.call("callAction", {
        name: param("name"),
        payload: { text: body.text },
        ...conditions,
      });
      return jsonText(`{"result":${result},"version":${version}}`, 200, { etag: etag(tag) });
    },
  }),
  route({
    method: "post",
    path: "/rooms/:id/broadcast",
    operationId: "broadcastEvent",
    tag: "Calls",
    summary: "Send an event to every session of the room",
    operations: ["broadcast"],
    body: { types: { "application/json": broadcastBody }, limit: frameBytes },
    responses: { 202: { description: "The event was accepted. Events are not stored." } },
    problems: ["malformed", "invalid_request", "room_not_running", "too_large"],
    handle: async ({ room, body }) => {
      const { fields } = jsonBody(body, broadcastBody);
      const text = JSON.stringify(fields.payload ?? null);
      await room.call("broadcast", { event: fields.event, payload: { text } });
      return noContent(202);
    },
  }),
  route({
    method: "post",
    path: "/rooms/:id/touch",
    operationId: "touchRoom",
    tag: "Rooms",
    summary: "Keep a room, and optionally a user, alive",
    operations: ["touch"],
    body: { types: { "application/json": touchBody }, limit: 4096, ifEmpty: "{}" },
    responses: {
      204: { description: "`idleTimeout` has restarted, and so has the `ttl` of a named user." },
    },
    problems: ["malformed", "invalid_request", "room_not_running", "user_not_found"],
    handle: async ({ room, body }) => {
      await room.call("touch", jsonBody(body, touchBody).fields);
      return noContent();
    },
  }),
];
