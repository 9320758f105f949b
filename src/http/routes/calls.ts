// What one can do in a room besides changing its state: actions, events, signs of life.

import type { Limits } from "../../protocol/limits.ts";
import { jsonText, noContent } from "../answers.ts";
import { jsonBody, route } from "../route.ts";
import { actionAnswer, broadcastBody, payloadBody, touchBody } from "../schemas.ts";

/** @param limits the most that any behaviour allows; the room itself holds to its own */
export const callRoutes = ({ frameBytes }: Pick<Limits, "frameBytes">) => [
  route({
    method: "post",
    path: "/rooms/:id/actions/:name",
    summary: "Call an action of the room's behaviour",
    body: { types: { "application/json": payloadBody }, limit: frameBytes, ifEmpty: "{}" },
    answers: { 200: { description: "What the action answered.", schema: actionAnswer } },
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
    ],
    handle: async ({ room, param, body }) => {
      const { result, version } = await room.call("callAction", {
        name: param("name"),
        payload: { text: body.text },
      });
      return jsonText(`{"result":${result},"version":${version}}`);
    },
  }),
  route({
    method: "post",
    path: "/rooms/:id/broadcast",
    summary: "Send an event to every session of the room",
    body: { types: { "application/json": broadcastBody }, limit: frameBytes },
    answers: { 202: { description: "It is on its way. Events are not stored." } },
    problems: ["malformed", "invalid_request", "room_not_running", "too_large"],
    handle: async ({ room, body }) => {
      const { fields } = jsonBody(body, broadcastBody);
      const text = JSON.stringify(fields.payload ?? null);
      await room.call("broadcast", { event: fields.event, payload: { text } });
      return new Response(null, { status: 202 });
    },
  }),
  route({
    method: "post",
    path: "/rooms/:id/touch",
    summary: "Give a sign of life",
    body: { types: { "application/json": touchBody }, limit: 4096, ifEmpty: "{}" },
    answers: { 204: { description: "The room, and the user if named, stay that much longer." } },
    problems: ["malformed", "invalid_request", "room_not_running", "user_not_found"],
    handle: async ({ room, body }) => {
      await room.call("touch", jsonBody(body, touchBody).fields);
      return noContent();
    },
  }),
];
