// Requests that are not asked again after a cut, because they would mean something else by then: broadcasts, watching.

import type { ClientMessage, RoomMessage } from "../../protocol/messages.ts";
import { utf8Bytes } from "../../protocol/json.ts";
import { problemOf, RoomError } from "../room-error.ts";
import type { Problem } from "../types.ts";
import { tooLarge } from "./problems.ts";
import type { Asker } from "./request.ts";

export class Calls {
  /** Bytes that a frame may have. */
  frameBytes = Infinity;
  readonly #send: (text: string) => boolean;
  readonly #waiting = new Map<unknown, Asker<void>>();
  #next = 1;

  /** @param send returns false without a connection */
  constructor(send: (text: string) => boolean) {
    this.#send = send;
  }

  /** @returns rejects with a `RoomError`, also without a connection */
  ask(message: ClientMessage): Promise<void> {
    const { promise, ...asker } = Promise.withResolvers<void>();
    const ref = `call-${this.#next++}`;
    const problem = this.#ask({ ...message, ref } as ClientMessage);
    if (problem === null) this.#waiting.set(ref, asker);
    else asker.reject(new RoomError(problem));
    return promise;
  }

  /** @returns why it is not sent; `null` if it is */
  #ask(message: ClientMessage): Problem | null {
    let text: string;
    try {
      text = JSON.stringify(message);
    } catch (error) {
      return { code: "bad_message", detail: `This is not JSON: ${String(error)}` };
    }
    if (utf8Bytes(text) > this.frameBytes) return tooLarge(this.frameBytes);
    return this.#send(text) ? null : notConnected;
  }

  /** Take a reply; one to somebody else changes nothing. */
  replied(reply: Extract<RoomMessage, { type: "reply" }>): void {
    const asker = this.#waiting.get(reply.ref);
    this.#waiting.delete(reply.ref);
    if (reply.ok) asker?.resolve();
    else asker?.reject(new RoomError(problemOf(reply)));
  }

  lineLost(): void {
    for (const { reject } of this.#waiting.values()) reject(new RoomError(notConnected));
    this.#waiting.clear();
  }
}

const notConnected: Problem = {
  code: "room_unavailable",
  detail: "There is no connection to the room, and this is not kept for later.",
};
