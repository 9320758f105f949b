// Routes for the state: read, replace and patch it, optionally only at a given version. Bodies stay text:
// the room decodes them.

import type { Limits } from "../../protocol/limits.ts";
import type { ChangeInput } from "../../room/operations/change-state.ts";
import { json, jsonText, noContent } from "../answers.ts";
import { etag } from "../conditions.ts";
import { route, type RouteRequest } from "../route.ts";
import {
  jsonPatchBody,
  mergePatchBody,
  stateBody,
  tagHeader,
  versionResponse,
} from "../schemas.ts";

/** @param limits the largest sizes that any behaviour allows; the room checks its own limits */
export const stateRoutes = ({ stateBytes }: Pick<Limits, "stateBytes">) => [
  route({
    method: "get",
    path: "/rooms/:id/state",
    operationId: "getState",
    tag: "State",
    summary: "Read the state",
    conditional: true,
    responses: {
      200: { description: "The state.", schema: stateBody, headers: tagHeader },
      304: { description: "The state has not changed.", headers: tagHeader },
    },
    problems: ["room_not_running"],
    handle: async ({ room, conditions }) => {
      const { tag, text } = await room.call("getState", conditions);
      // The client's own cache may store the state, but must revalidate it each time.
      const headers = { etag: etag(tag), "cache-control": "private, no-cache" };
      return text === null ? noContent(304, headers) : jsonText(text, 200, headers);
    },
  }),
  route({
    method: "put",
    path: "/rooms/:id/state",
    operationId: "replaceState",
    tag: "State",
    summary: "Replace the state",
    conditional: true,
    body: { types: { "application/json": stateBody }, limit: stateBytes },
    responses: {
      200: {
        description: "The version after the change.",
        schema: versionResponse,
        headers: tagHeader,
      },
    },
    problems: ["malformed", "invalid_request", "room_not_running", "too_large", "invalid_state"],
    handle: (request) => change(request, "replace"),
  }),
  route({
    method: "patch",
    path: "/rooms/:id/state",
    operationId: "patchState",
    tag: "State",
    summary: "Patch the state",
    conditional: true,
    body: {
      types: {
        "application/json-patch+json": jsonPatchBody,
        "application/merge-patch+json": mergePatchBody,
      },
      limit: stateBytes,
    },
    responses: {
      200: {
        description: "The version after the change.",
        schema: versionResponse,
        headers: tagHeader,
      },
    },
    problems: [
      "invalid_request",
      "malformed",
      "room_not_running",
      "patch_failed",
      "too_large",
      "invalid_state",
    ],
    handle: (request) =>
      change(request, request.body.type === "application/json-patch+json" ? "patch" : "merge"),
  }),
];

async function change(
  { room, conditions, body }: RouteRequest<unknown>,
  kind: ChangeInput["kind"],
): Promise<Response> {
  const source = { text: body.text };
  const { version, tag } = await room.call("changeState", { kind, source, ...conditions });
  return json({ version }, 200, { etag: etag(tag) });
}
