// What a client says: frames are taken in, weighed and decoded. What is wrong with one gets a typed
// answer and changes nothing; a stream of such frames ends the session. (Rules W3, L1.)

import { CollabError, type ErrorCode } from "../../protocol/errors.ts";
import { decodeMessage, refOf } from "../../protocol/decode-message.ts";
import { parseJson, utf8Bytes, type JsonValue } from "../../protocol/json.ts";
import { maxFrameMessages, type Limits } from "../../protocol/limits.ts";
import type { ClientMessage, Ref, RoomMessage } from "../../protocol/messages.ts";
import type { RoomPorts } from "../ports.ts";
import type { Session } from "./session.ts";

export type ConversationParts = {
  readonly ports: Pick<RoomPorts, "now">;
  readonly limits: Limits;
  tell(session: Session, message: RoomMessage): void;
  /** End a session for this reason. */
  end(session: Session, reason: ErrorCode): void;
};

export class Conversation {
  readonly #parts: ConversationParts;

  constructor(parts: ConversationParts) {
    this.#parts = parts;
  }

  /**
   * Take a frame in.
   * @returns the messages in it that are to be carried out, in order
   */
  takeIn(session: Session, frame: string | ArrayBuffer): ClientMessage[] {
    const { ports, limits } = this.#parts;
    const now = ports.now();
    let items: readonly JsonValue[];
    let wait: number;
    try {
      if (typeof frame !== "string") throw bad("A frame is text, not binary");
      const bytes = utf8Bytes(frame);
      if (bytes > limits.frameBytes)
        throw new CollabError("too_large", {
          detail: `The frame has ${bytes} bytes; the limit is ${limits.frameBytes}.`,
        });
      wait = session.intake.takeBytes(bytes, now);
      const json = parseFrame(frame);
      items = Array.isArray(json) ? json : [json];
      if (items.length === 0 || items.length > maxFrameMessages)
        throw bad(`A frame has 1 to ${maxFrameMessages} messages, not ${items.length}`);
    } catch (error) {
      this.refuse(session, error);
      return [];
    }
    return items.flatMap((json) => this.#takeMessage(session, json, wait, now));
  }

  #takeMessage(session: Session, json: JsonValue, wait: number, now: number): ClientMessage[] {
    let message: ClientMessage;
    try {
      message = decodeMessage(json);
    } catch (error) {
      this.refuse(session, error, refOf(json));
      return [];
    }
    const retryAfter = Math.max(wait, session.intake.takeMessage(now));
    if (retryAfter === 0) return [message];
    if (!session.intake.forgiveExcess(now)) {
      this.#parts.end(session, "rate_limited");
      return [];
    }
    // The last presence of a window wins anyway; to read on and to leave are always allowed.
    if (["presence", "ack", "leave"].includes(message.type)) return [message];
    const excess = new CollabError("rate_limited", { retryAfter });
    this.#parts.tell(session, failure(refOf(json), excess));
    return [];
  }

  /** Tell a session what was wrong with what it sent, and end it if that goes on. */
  refuse(session: Session, error: unknown, ref?: Ref): void {
    if (!(error instanceof CollabError)) throw error;
    this.#parts.tell(session, failure(ref, error));
    const now = this.#parts.ports.now();
    if (!session.intake.forgiveBad(now)) this.#parts.end(session, "bad_message");
  }
}

/** What tells of an error: the reply to a request that had a ref, else a message of its own. */
export function failure(ref: Ref | undefined, { info, message }: CollabError): RoomMessage {
  const { detail = message, ...rest } = info;
  const error = { ...rest, detail };
  return ref === undefined
    ? { type: "error", ...error }
    : { type: "reply", ref, ok: false, ...error };
}

function parseFrame(frame: string): JsonValue {
  try {
    return parseJson(frame);
  } catch {
    throw bad("A frame is JSON");
  }
}

const bad = (expected: string): CollabError =>
  new CollabError("bad_message", { detail: `${expected}.` });
