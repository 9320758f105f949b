// Routes for the state: read, replace and patch it, optionally only at a given version. Bodies stay text:
// the room decodes them.

import type { Limits } from "../../protocol/limits.ts";
import type { ChangeInput } from "../../room/operations/change-state.ts";
import { json, jsonText } from "../answers.ts";
import { etag, ifMatch, ifNoneMatch } from "../conditions.ts";
import { route, type RouteRequest } from "../route.ts";
import { jsonPatchBody, mergePatchBody, stateBody, versionResponse } from "../schemas.ts";

const ifMatchHeader = {
  "If-Match": 'Change the state only if it has this version, as `"<version>"`.',
};
const versionTag = { ETag: 'The version, as `"<version>"`.' };

/** @param limits the largest sizes that any behaviour allows; the room checks its own limits */
export const stateRoutes = ({ stateBytes }: Pick<Limits, "stateBytes">) => [
  route({
    method: "get",
    path: "/rooms/:id/state",
    summary: "Read the state",
    headers: { "If-None-Match": "Respond with 304 if the state has one of these versions." },
    responses: {
      200: { description: "The state.", schema: stateBody, headers: versionTag },
      304: { description: "The state has not changed.", headers: versionTag },
    },
    problems: ["room_not_running"],
    handle: async ({ room, headers }) => {
      const known = ifNoneMatch(headers.get("if-none-match"));
      const { version, text } = await room.call("getState", { known });
      // Caches may store the state, but must revalidate it each time.
      const tags = { etag: etag(version), "cache-control": "no-cache" };
      if (text === null) return new Response(null, { status: 304, headers: tags });
      return jsonText(text, 200, tags);
    },
  }),
  route({
    method: "put",
    path: "/rooms/:id/state",
    summary: "Replace the state",
    headers: ifMatchHeader,
    body: { types: { "application/json": stateBody }, limit: stateBytes },
    responses: {
      200: {
        description: "The version after the change.",
        schema: versionResponse,
        headers: versionTag,
      },
    },
    problems: [
      "malformed",
      "invalid_request",
      "room_not_running",
      "version_conflict",
      "too_large",
      "invalid_state",
    ],
    handle: (request) => change(request, "replace"),
  }),
  route({
    method: "patch",
    path: "/rooms/:id/state",
    summary: "Patch the state",
    headers: ifMatchHeader,
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
        headers: versionTag,
      },
    },
    problems: [
      "invalid_request",
      "malformed",
      "room_not_running",
      "patch_failed",
      "version_conflict",
      "too_large",
      "invalid_state",
    ],
    handle: (request) =>
      change(request, request.body.type === "application/json-patch+json" ? "patch" : "merge"),
  }),
];

async function change(
  { room, headers, body }: RouteRequest<unknown>,
  kind: ChangeInput["kind"],
): Promise<Response> {
  const { version } = await room.call("changeState", {
    kind,
    source: { text: body.text },
    ifVersion: ifMatch(headers.get("if-match")),
  });
  return json({ version }, 200, { etag: etag(version) });
}
