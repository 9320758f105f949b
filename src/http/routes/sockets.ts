// The route that opens sockets. Unless the client asks for `refuse=close`, a refusal is sent as a problem before the
// upgrade, so a socket that opens has joined the room.

import { RoomStub } from "../../cloudflare/room-stub.ts";
import { CollabError } from "../../protocol/errors.ts";
import { subprotocol } from "../../protocol/messages.ts";
import { callerIn } from "../../protocol/identity.ts";
import { checkUser } from "../../model/user.ts";
import { actingUser, parseUser } from "../../model/acting-user.ts";
import { offeredProtocols } from "../authentication/credentials.ts";
import { route } from "../route.ts";
import { socketQuery } from "../schemas.ts";

export const socketRoutes = [
  route({
    method: "get",
    path: "/rooms/:id/socket",
    operationId: "openSocket",
    tag: "Sockets",
    summary: "Join a room by WebSocket; starts the room if it is not running",
    operations: ["connectSession"],
    upgrade: true,
    query: socketQuery,
    headers: {
      Upgrade: "`websocket`, and nothing else.",
      "Sec-WebSocket-Protocol": `If present, it must include \`${subprotocol}\`; a second subprotocol may be \`bearer.\` followed by a token.`,
    },
    responses: { 101: { description: "The user has joined. The first message is `welcome`." } },
    problems: [
      "invalid_request",
      "invalid_user",
      "unknown_behaviour",
      "behaviour_conflict",
      "join_refused",
      "not_authorized",
      "forbidden",
      "room_full",
      "client_taken",
      "hook_failed",
      "call_timeout",
      "hook_unavailable",
      "reentrant_call",
      "load_failed",
    ],
    handle: async ({ env, param, query, headers, requestId, identity }) => {
      const protocolHeader = acceptSubprotocol(headers);
      const { since, epoch, behaviour, client } = query;
      if (since !== undefined && epoch === undefined)
        throw new CollabError("invalid_request", {
          detail: '"since" requires "epoch", the epoch of that version.',
        });
      const id = param("id");
      const asking = callerIn(identity, id, "socket");
      const claimed = query.user === undefined ? undefined : parseUser(query.user);
      const caller = {
        ...asking,
        user: checkUser(actingUser(asking, claimed)),
        request: requestId,
      };
      const room = new RoomStub(env.ROOMS, id, caller);
      const webSocket = await room.connect({
        ...(epoch !== undefined && {
          resume: { since: since === undefined ? null : Number(since), epoch },
        }),
        ...(client !== undefined && { client }),
        ...(behaviour !== undefined && { behaviour }),
      });
      return new Response(null, { status: 101, webSocket, headers: protocolHeader });
    },
  }),
];

/** The response header that accepts the subprotocol; none if the client does not offer one. */
function acceptSubprotocol(headers: Headers): Record<string, string> {
  if (!headers.has("sec-websocket-protocol")) return {};
  if (!offeredProtocols(headers).includes(subprotocol))
    throw new CollabError("invalid_request", {
      detail: `Sec-WebSocket-Protocol must include ${subprotocol}, or be left out.`,
    });
  return { "sec-websocket-protocol": subprotocol };
}
