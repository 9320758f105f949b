// Routes for the state: read, replace and patch it, optionally only at a given version. Bodies stay text; the room
// parses them.

import type { Limits } from "../../protocol/limits.ts";
import type * as z from "zod";
import { CollabError } from "../../protocol/errors.ts";
import type { BaseInput, ChangeInput } from "../../room/operations/change-state.ts";
import { json, jsonText, noContent } from "../answers.ts";
import { etag } from "../conditions.ts";
import { route, type RouteRequest } from "../route.ts";
import { tagHeader, versionResponse } from "../response-schemas.ts";
import {
  extendedPatchBody,
  jsonPatchBody,
  mergePatchBody,
  patchQuery,
  stateBody,
} from "../schemas.ts";

/** @param limits the largest sizes that any behaviour allows; the room checks its own limits */
export const stateRoutes = ({ stateBytes }: Pick<Limits, "stateBytes">) => [
  route({
    method: "get",
    path: "/rooms/:id/state",
    operationId: "getState",
    tag: "State",
    summary: "Read the state",
    operations: ["getState"],
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
    operations: ["changeState"],
    conditional: true,
    body: { types: { "application/json": stateBody }, limit: stateBytes },
    responses: {
      200: {
        description: "The version after the change.",
        schema: versionResponse,
        headers: tagHeader,
      },
    },
    problems: [
      "malformed",
      "invalid_request",
      "forbidden",
      "room_not_running",
      "too_large",
      "invalid_state",
    ],
    handle: (request) => change(request, "replace"),
  }),
  route({
    method: "patch",
    path: "/rooms/:id/state",
    operationId: "patchState",
    tag: "State",
    summary: "Patch the state",
    operations: ["changeState"],
    conditional: true,
    query: patchQuery,
    body: {
      types: {
        "application/json-patch+json": jsonPatchBody,
        "application/merge-patch+json": mergePatchBody,
        "application/vnd.collab-room.patch+json": extendedPatchBody,
      },
      limit: stateBytes,
    },
    responses: {
      200: {
        description: "The version after the change.",
        schema: versionResponse,
        headers: {
          ...tagHeader,
          "Collab-Dropped":
            "Indexes of the operations that were dropped because their targets are gone, such as `0, 2`.",
        },
      },
    },
    problems: [
      "invalid_request",
      "forbidden",
      "base_too_old",
      "target_gone",
      "malformed",
      "room_not_running",
      "patch_failed",
      "too_large",
      "invalid_state",
    ],
    handle: (request) => {
      const kind = patchKinds[request.body.type] ?? "patch";
      return change(request, kind, baseOf(request.query, kind));
    },
  }),
];

const patchKinds: Readonly<Record<string, ChangeInput["kind"]>> = {
  "application/merge-patch+json": "merge",
  "application/vnd.collab-room.patch+json": "extendedPatch",
};

/** @throws CollabError `invalid_request` for a base that the patch does not support */
function baseOf(
  { base, strict }: z.output<typeof patchQuery>,
  kind: ChangeInput["kind"],
): BaseInput | undefined {
  if (base === undefined && strict === undefined) return undefined;
  if (base === undefined)
    throw new CollabError("invalid_request", {
      detail: "`strict` requires `base`, the version that the patch is based on.",
    });
  if (kind === "merge")
    throw new CollabError("invalid_request", {
      detail: "A merge patch does not support `base`, because it has no positions. Leave it out.",
    });
  const dot = base.lastIndexOf(".");
  return {
    version: Number(base.slice(dot + 1)),
    strict: strict === "true",
    ...(dot >= 0 && { epoch: base.slice(0, dot) }),
  };
}

async function change(
  { room, conditions, body }: RouteRequest<unknown>,
  kind: ChangeInput["kind"],
  base?: BaseInput,
): Promise<Response> {
  const input = { kind, source: { text: body.text }, base, ...conditions };
  const { version, tag, dropped } = await room.call("changeState", input);
  return json({ version }, 200, {
    etag: etag(tag),
    ...(dropped.length > 0 && { "collab-dropped": dropped.join(", ") }),
  });
}
