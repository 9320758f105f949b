// Answers a message of a session within its turn: runs its operation, unless the client has numbered the message
// and it was handled before (rule X1).

import type { Lifecycle } from "../lifecycle.ts";
import { attempt } from "../outcome.ts";
import type { RequestId } from "../requests/request-log.ts";
import type { RoomPorts, SocketPort } from "../ports.ts";
import { callOf } from "./message-operations.ts";
import type { RequestMessage, VerifiedMessage } from "./message-receiver.ts";
import { reply, sessionCaller } from "./reply.ts";
import type { Session } from "./session.ts";

/** @param socket that it arrived on: the room may have restarted since and restored the session */
export async function answerMessage(
  lifecycle: Lifecycle,
  socket: SocketPort,
  message: VerifiedMessage,
): Promise<void> {
  const { room } = lifecycle;
  const session = room?.sessions.get(socket);
  if (!room || !session) return;
  const call = callOf(message, session.userId);
  const id = requestId(session, message);
  const known = id && room.requests.find(id);
  if (known) return reply(room, session, call, known.outcome, known.isPending);
  if (call.sees === "committed") await room.whenCommitted();
  const outcome = await attempt(() => call.run(lifecycle, sessionCaller(room, session)));
  const { isStaged } = room;
  if (id) room.requests.add(id, outcome, { needsRow: message.type === "action", isStaged });
  // A refusal may reveal what is staged, too.
  const depends = isStaged && (call.sees === "head" || "error" in outcome);
  reply(room, session, call, outcome, depends);
}

/**
 * Verify the token of a message that has one. This may have to fetch keys, so it is done before the turn.
 * @throws CollabError (rejects) as authentication does
 */
export async function verifyMessage(
  { identify }: Pick<RoomPorts, "identify">,
  message: RequestMessage,
): Promise<VerifiedMessage> {
  if (message.type !== "auth") return message;
  const { token, ...rest } = message;
  return { ...rest, identity: await identify(token) };
}

/** Which request of which client it is; `null` if it has no number. */
function requestId({ client, userId }: Session, message: VerifiedMessage): RequestId | null {
  if (client === null || !("seq" in message) || message.seq === undefined) return null;
  return { client, user: userId, seq: message.seq };
}
