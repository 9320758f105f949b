// The route for following the state: the changes since a version as JSON, or every change as server-sent events.

import { ChangeReader } from "../../cloudflare/change-reader.ts";
import type { Resume } from "../../model/session-attachment.ts";
import { CollabError } from "../../protocol/errors.ts";
import { jsonText } from "../answers.ts";
import {
  eventStream,
  eventStreamHeaders,
  eventStreamType,
  prefersEvents,
  untilExpiry,
} from "../event-stream.ts";
import { route } from "../route.ts";
import { changePage, changeStream } from "../response-schemas.ts";
import { changesQuery } from "../schemas.ts";

export const changeRoutes = [
  route({
    method: "get",
    path: "/rooms/:id/changes",
    operationId: "listChanges",
    tag: "State",
    summary: "Follow the state: its changes since a version, or as they happen",
    operations: ["getChanges", "observeChanges"],
    query: changesQuery,
    headers: {
      Accept: `\`${eventStreamType}\` for events until the client disconnects or the room stops; otherwise JSON.`,
      "Last-Event-ID":
        "The id of the last event that was received, `<epoch>.<version>`. It replaces `epoch` and `since`, and takes precedence over them.",
    },
    responses: {
      200: {
        description:
          "The changes. The page is limited in size: if it has `more`, repeat the request with its `to` as `since`.",
        schema: changePage,
        types: { [eventStreamType]: changeStream },
        headers: { Vary: "`Accept`" },
      },
    },
    problems: ["invalid_request", "room_not_running", "room_full", "changes_gone"],
    handle: async ({ room, query, headers, method, signal, identity }) => {
      const position = readPosition(headers.get("last-event-id"), query);
      const vary = { vary: "accept" };
      if (!prefersEvents(headers.get("accept"))) {
        if (position === undefined)
          throw invalid('"since" and "epoch" are required: they say which version you have.');
        return jsonText(await room.call("getChanges", position), 200, vary);
      }
      if (method === "HEAD") {
        await room.call("getRoomInfo", undefined); // whether it is running
        return new Response(null, { headers: { ...eventStreamHeaders, ...vary } });
      }
      const reader = new ChangeReader(await room.observe({ resume: position }));
      return eventStream(reader, untilExpiry(signal, identity), vary);
    },
  }),
];

/** The client's position; `undefined` if it sends none. @throws CollabError `invalid_request` */
function readPosition(
  lastEventId: string | null,
  { since, epoch }: { readonly since?: string | undefined; readonly epoch?: string | undefined },
): Resume | undefined {
  if (lastEventId) {
    const [, ofEpoch, version] =
      /^([\w-]{1,64})\.(0|[1-9]\d{0,15})$/.exec(lastEventId.trim()) ?? [];
    if (ofEpoch === undefined)
      throw invalid("Last-Event-ID must be the id of an event, <epoch>.<version>.");
    return { epoch: ofEpoch, since: Number(version) };
  }
  if ((since === undefined) !== (epoch === undefined))
    throw invalid('"since" and "epoch" must be sent together: send both or neither.');
  return since === undefined || epoch === undefined ? undefined : { epoch, since: Number(since) };
}

const invalid = (detail: string): CollabError => new CollabError("invalid_request", { detail });
