// Requests that are not asked again after a cut, because they would mean something else by then: broadcasts, watching.

import type { ClientMessage, RoomMessage } from "../../protocol/messages.ts";
import { problemOf, RoomError } from "../room-error.ts";
import type { Asker } from "./request.ts";

export class Calls {
  readonly #send: (message: ClientMessage) => boolean;
  readonly #waiting = new Map<unknown, Asker<void>>();
  #next = 1;

  /** @param send returns false without a connection */
  constructor(send: (message: ClientMessage) => boolean) {
    this.#send = send;
  }

  /** @returns rejects with a `RoomError`, also without a connection */
  ask(message: ClientMessage): Promise<void> {
    const { promise, ...asker } = Promise.withResolvers<void>();
    const ref = `call-${this.#next++}`;
    if (this.#send({ ...message, ref } as ClientMessage)) this.#waiting.set(ref, asker);
    else asker.reject(notConnected());
    return promise;
  }

  /** Take a reply; one to somebody else changes nothing. */
  replied(reply: Extract<RoomMessage, { type: "reply" }>): void {
    const asker = this.#waiting.get(reply.ref);
    this.#waiting.delete(reply.ref);
    if (reply.ok) asker?.resolve();
    else asker?.reject(new RoomError(problemOf(reply)));
  }

  lineLost(): void {
    for (const { reject } of this.#waiting.values()) reject(notConnected());
    this.#waiting.clear();
  }
}

const notConnected = (): RoomError => {
  const detail = "There is no connection to the room, and this is not kept for later.";
  return new RoomError({ code: "room_unavailable", detail });
};
