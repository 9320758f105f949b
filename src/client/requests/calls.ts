// Requests that are not asked again after a cut, because they would mean something else by then: broadcasts, watching.

import type { ClientMessage, RoomMessage, SessionLimits } from "../../protocol/messages.ts";
import { utf8Bytes } from "../../protocol/json.ts";
import { problemOf, RoomError } from "../room-error.ts";
import type { Problem } from "../types.ts";
import { tooLarge } from "./problems.ts";
import type { Asker } from "./request.ts";

export class Calls {
  readonly #send: (text: string) => boolean;
  readonly #failed: (problem: Problem) => void;
  readonly #waiting = new Map<unknown, Asker<void>>();
  #next = 1;
  /** Bytes that a frame may have; 0 without a connection. */
  #frameBytes = 0;
  #watched: readonly string[] = [];

  /**
   * @param send returns false without a connection
   * @param failed is told of each call that fails
   */
  constructor(send: (text: string) => boolean, failed: (problem: Problem) => void) {
    this.#send = send;
    this.#failed = failed;
  }

  /** There is a connection, to a room that does not know who is watched. */
  welcomed({ frameBytes }: Pick<SessionLimits, "frameBytes">): void {
    this.#frameBytes = frameBytes;
    if (this.#watched.length > 0) this.watch(this.#watched);
  }

  /** Watch users, after each welcome. */
  watch(users: readonly string[]): void {
    this.#watched = [...users];
    if (this.#frameBytes > 0) void this.ask({ type: "watch", users: this.#watched });
  }

  /** @returns rejects with a `RoomError`, also without a connection */
  ask(message: ClientMessage): Promise<void> {
    const { promise, ...asker } = Promise.withResolvers<void>();
    const ref = `call-${this.#next++}`;
    const problem = this.#ask({ ...message, ref } as ClientMessage);
    if (problem === null) this.#waiting.set(ref, asker);
    else asker.reject(new RoomError(problem));
    promise.catch((error: RoomError) => this.#failed(error.problem));
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
    const limit = this.#frameBytes;
    if (limit > 0 && utf8Bytes(text) > limit) return tooLarge(limit);
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
    this.#frameBytes = 0;
    for (const { reject } of this.#waiting.values()) reject(new RoomError(notConnected));
    this.#waiting.clear();
  }
}

/** Whether a message answers a call, and so changes nothing that is shown. Other requests have numbers. */
export const isAnswer = (message: RoomMessage): boolean =>
  message.type === "reply" && typeof message.ref === "string";

const notConnected: Problem = {
  code: "room_unavailable",
  detail: "There is no connection to the room, and this is not kept for later.",
};
