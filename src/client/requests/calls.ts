// Requests that are not asked again after a cut, because they would mean something else by then: broadcasts, watching.

import type { ClientMessage, RoomMessage } from "../../protocol/messages.ts";
import { problemOf, RoomError } from "../room-error.ts";
import type { Asker } from "./request.ts";

export class Calls {
  readonly #send: (message: ClientMessage) => boolean;
  readonly #waiting = new Map<string, Asker<void>>();
  #next = 1;

  /** @param send returns false without a connection */
  constructor(send: (message: ClientMessage) => boolean) {
    this.#send = send;
  }

  ask(message: ClientMessage, asker: Asker<void>): void {
    const ref = `call-${this.#next++}`;
    if (!this.#send({ ...message, ref } as ClientMessage)) return asker.reject(notConnected());
    this.#waiting.set(ref, asker);
  }

  /** @returns what tells whoever has asked; `null` if the reply is to somebody else */
  replied(reply: Extract<RoomMessage, { type: "reply" }>): (() => void) | null {
    const ref = String(reply.ref);
    const asker = this.#waiting.get(ref);
    if (asker === undefined) return null;
    this.#waiting.delete(ref);
    return () => (reply.ok ? asker.resolve() : asker.reject(new RoomError(problemOf(reply))));
  }

  lineLost(): void {
    const lost = [...this.#waiting.values()];
    this.#waiting.clear();
    for (const { reject } of lost) reject(notConnected());
  }
}

const notConnected = (): RoomError => {
  const detail = "There is no connection to the room, and this is not kept for later.";
  return new RoomError({ code: "room_unavailable", detail });
};
