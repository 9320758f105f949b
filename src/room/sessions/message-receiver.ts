// Turns a client's frame from text into messages (rules W3, L1). Size, rate, JSON and shape are checked here,
// before anything waits for a turn. An invalid frame or message is refused and changes nothing; too many of them
// end the session.

import { CollabError, type ErrorCode } from "../../protocol/errors.ts";
import { decodeMessage, refOf } from "../../protocol/decode-message.ts";
import { parseJson, utf8Bytes, type JsonValue } from "../../protocol/json.ts";
import { maxFrameMessages, type Limits } from "../../protocol/limits.ts";
import {
  failureMessage,
  type ClientMessage,
  type Ref,
  type RoomMessage,
} from "../../protocol/messages.ts";
import type { Identity } from "../../protocol/identity.ts";
import type { Session } from "./session.ts";

/** A message that requests an operation. `ack` does not: it is handled here. */
export type RequestMessage = Exclude<ClientMessage, { type: "ack" }>;

/** The same after its token has been verified. */
export type VerifiedMessage =
  | Exclude<RequestMessage, { type: "auth" }>
  | { readonly type: "auth"; readonly identity: Identity; readonly ref?: Ref };

export type ReceivedFrame = {
  /** Messages to handle, in order. */
  readonly requests: readonly RequestMessage[];
  /** The messages for the client, in order. */
  readonly refusals: readonly RoomMessage[];
  /** Set if the session must end after the refusals were sent. */
  readonly end: ErrorCode | null;
};

type Draft = { requests: RequestMessage[]; refusals: RoomMessage[]; end: ErrorCode | null };

/** A frame that exceeds the limit by this factor ends its session at once. */
const farTooLarge = 4;
/** Bytes up to which a frame is still parsed when it exceeds the byte rate, so that replies can name its refs. */
const parsedBeyondRate = 16 * 1024;

/** Receive a frame of a session. */
export function receiveFrame(
  session: Session,
  frame: string | ArrayBuffer,
  limits: Limits,
  now: number,
): ReceivedFrame {
  const received: Draft = { requests: [], refusals: [], end: null };
  if (session.isExpired) return { ...received, end: "token_expired" };
  session.heard();
  const size = typeof frame === "string" ? frame.length : frame.byteLength;
  // A frame so far beyond the limit is not a mistake: compressed, it costs its sender next to nothing.
  if (size > farTooLarge * limits.frameBytes) return { ...received, end: "too_large" };
  let items: readonly JsonValue[];
  let wait: number;
  try {
    if (typeof frame !== "string") throw badMessage("A frame must be text, not binary");
    const bytes = utf8Bytes(frame);
    if (bytes > limits.frameBytes)
      throw new CollabError("too_large", {
        detail: `The frame has ${bytes} bytes; the limit is ${limits.frameBytes}. Send less per frame.`,
      });
    wait = session.rateLimiter.admitBytes(bytes, now);
    if (wait > 0 && !session.rateLimiter.tolerateExcessBytes(bytes, now))
      return { ...received, end: "rate_limited" };
    if (wait > 0 && bytes > parsedBeyondRate) {
      // Parsing it to find its refs would cost what the limit is meant to save.
      received.refusals.push(excess(undefined, wait));
      return received;
    }
    const json = parseFrame(frame);
    items = Array.isArray(json) ? json : [json];
    if (items.length === 0 || items.length > maxFrameMessages)
      throw badMessage(`A frame must have 1 to ${maxFrameMessages} messages, not ${items.length}`);
  } catch (error) {
    refuse(received, session, error, undefined, now);
    return received;
  }
  for (const json of items) {
    receiveMessage(received, session, json, wait, now);
    if (received.end !== null) break;
  }
  return received;
}

function receiveMessage(
  received: Draft,
  session: Session,
  json: JsonValue,
  wait: number,
  now: number,
): void {
  let message: ClientMessage;
  try {
    message = decodeMessage(json);
    if (session.client === null && "seq" in message)
      throw badMessage(
        `"seq" is only for a client that has named itself: connect with the query parameter "client", or omit "seq"`,
      );
  } catch (error) {
    return refuse(received, session, error, refOf(json), now);
  }
  const retryAfter = Math.max(wait, session.rateLimiter.admitMessage(now));
  if (retryAfter > 0 && !session.rateLimiter.tolerateExcess(now)) {
    received.end = "rate_limited";
    return;
  }
  if (message.type === "ack") {
    if (session.acknowledge(message.n)) return;
    const error = badMessage(`"n" must be the number of a mark that the room has sent`);
    return refuse(received, session, error, undefined, now);
  }
  // The last presence of a window wins in any case, and a client may always leave.
  if (retryAfter === 0 || message.type === "presence" || message.type === "leave") {
    received.requests.push(message);
    return;
  }
  received.refusals.push(excess(refOf(json), retryAfter));
}

const excess = (ref: Ref | undefined, retryAfter: number): RoomMessage =>
  failureMessage(ref, new CollabError("rate_limited", { retryAfter }));

function refuse(
  received: Draft,
  session: Session,
  error: unknown,
  ref: Ref | undefined,
  now: number,
): void {
  if (!(error instanceof CollabError)) throw error;
  received.refusals.push(failureMessage(ref, error));
  if (!session.rateLimiter.tolerateMistake(now)) received.end = "bad_message";
}

function parseFrame(frame: string): JsonValue {
  try {
    return parseJson(frame);
  } catch {
    throw badMessage("A frame must be valid JSON");
  }
}

const badMessage = (expected: string): CollabError =>
  new CollabError("bad_message", { detail: `${expected}.` });
