// How sessions are answered, and what caller they are for operations.

import { createCaller, type Caller } from "../../protocol/caller.ts";
import { failureMessage, type Ref } from "../../protocol/messages.ts";
import type { LogFields } from "../log.ts";
import type { Outcome } from "../outcome.ts";
import type { RunningRoom } from "../running-room.ts";
import type { MessageCall } from "./message-operations.ts";
import type { Session } from "./session.ts";

/**
 * Reply to a message: at once, or with the next flush if the reply must follow what that sends.
 * @param depends whether the reply depends on the next commit, because it may reveal what is staged
 */
export function reply(
  room: RunningRoom,
  session: Session,
  { ref, repliesAfterFlush }: MessageCall,
  outcome: Outcome<string>,
  depends: boolean,
): void {
  if ("ok" in outcome && ref === undefined) return;
  const { failure } = room.batch;
  const text =
    depends && failure !== null
      ? JSON.stringify(failureMessage(ref, failure))
      : "ok" in outcome
        ? successText(ref ?? "", outcome.ok)
        : JSON.stringify(failureMessage(ref, outcome.error));
  if (depends && failure === null) room.batch.addReply(session, text, ref);
  else if (repliesAfterFlush && "ok" in outcome) room.batch.addReply(session, text);
  else room.hub.tellText(session, text);
}

/** A session as the caller of an operation. */
export function sessionCaller(
  { members }: RunningRoom,
  { id, userId, scopes, expiresAt }: Session,
): Caller {
  const user = members.get(userId)?.entry ?? { id: userId };
  return createCaller({ door: "socket", user, scopes, expiresAt, session: id });
}

/** The sender of a message, for the log. */
export const senderOf = (session: Session | undefined): LogFields =>
  session ? { door: "socket", by: session.userId, session: session.id } : {};

/** The reply to a successful request, as text. @param members a JSON object */
const successText = (ref: Ref, members: string): string =>
  `{"type":"reply","ref":${JSON.stringify(ref)},"ok":true${members === "{}" ? "" : `,${members.slice(1, -1)}`}}`;
