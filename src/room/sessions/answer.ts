// Answers a message of a session, in its turn: runs its operation, unless the client has numbered it and it was
// handled before (rule X1).

import type { Lifecycle } from "../lifecycle.ts";
import { attempt } from "../outcome.ts";
import type { RequestId } from "../requests/request-log.ts";
import type { RunningRoom } from "../running-room.ts";
import { callOf } from "./message-operations.ts";
import type { RequestMessage } from "./message-receiver.ts";
import { reply, sessionCaller } from "./reply.ts";
import type { Session } from "./session.ts";

export async function answerMessage(
  lifecycle: Lifecycle,
  room: RunningRoom,
  session: Session,
  message: RequestMessage,
): Promise<void> {
  const call = callOf(message, session.userId);
  const id = requestId(session, message);
  const known = id && room.requests.find(id);
  if (known) return reply(room, session, call, known.outcome, known.isPending);
  if (call.sees === "committed") await room.whenCommitted();
  const outcome = await attempt(() => call.run(lifecycle, sessionCaller(room, session)));
  const { isStaged } = room;
  if (id) room.requests.add(id, outcome, { needsRow: message.type === "action", isStaged });
  // A refusal may tell of what is staged as well.
  const depends = isStaged && (call.sees === "head" || "error" in outcome);
  reply(room, session, call, outcome, depends);
}

/** Which request of which client it is; `null` for one without a number. */
function requestId({ client, userId }: Session, message: RequestMessage): RequestId | null {
  if (client === null || !("seq" in message) || message.seq === undefined) return null;
  return { client, user: userId, seq: message.seq };
}
