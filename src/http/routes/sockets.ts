// The way into a room by socket. Whatever refuses the user is answered before the upgrade, as a problem:
// a socket that opens is one that is joined.

import { CollabError } from "../../protocol/errors.ts";
import { subprotocol } from "../../protocol/messages.ts";
import { identify } from "../authentication.ts";
import { route } from "../route.ts";
import { socketQuery } from "../schemas.ts";

export const socketRoutes = [
  route({
    method: "get",
    path: "/rooms/:id/socket",
    summary: "Join by WebSocket; an absent room starts",
    query: socketQuery,
    headers: {
      Upgrade: "`websocket`.",
      "Sec-WebSocket-Protocol": `\`${subprotocol}\`, if any is named.`,
    },
    answers: { 101: { description: "Joined. The first message is `welcome`." } },
    problems: [
      "invalid_request",
      "invalid_user",
      "unknown_behaviour",
      "join_refused",
      "forbidden",
      "room_full",
      "upgrade_required",
      "hook_failed",
      "call_timeout",
      "load_failed",
    ],
    handle: async ({ room, method, query, headers }) => {
      if (method !== "GET" || !asksForWebSocket(headers.get("upgrade")))
        throw new CollabError("upgrade_required");
      const protocol = agreeOn(headers.get("sec-websocket-protocol"));
      const { since, epoch, behaviour } = query;
      if ((since === undefined) !== (epoch === undefined))
        throw new CollabError("invalid_request", { detail: "since and epoch go together." });
      const webSocket = await room.connect({
        ...identify(query.user),
        ...(epoch !== undefined && { resume: { since: Number(since), epoch } }),
        ...(behaviour !== undefined && { behaviour }),
      });
      return new Response(null, { status: 101, webSocket, headers: protocol });
    },
  }),
];

const asksForWebSocket = (upgrade: string | null): boolean =>
  upgrade?.split(",").some((name) => name.trim().toLowerCase() === "websocket") ?? false;

/** The header that accepts our protocol, when the client names any. */
function agreeOn(offered: string | null): Record<string, string> {
  if (offered === null) return {};
  if (!offered.split(",").some((name) => name.trim() === subprotocol))
    throw new CollabError("invalid_request", { detail: `The subprotocol is ${subprotocol}.` });
  return { "sec-websocket-protocol": subprotocol };
}
